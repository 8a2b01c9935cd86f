"""Attempts with other objects: services, claims, what belongs to others."""

from collections.abc import Iterator
from typing import Any

from tests.tiers.cluster.api import Object
from tests.tiers.operator.attempts import Attempt, Who

EXTERNAL = "spec.externalIPs must not be set"
ALIAS = "spec.type must not be ExternalName"
CLAIM = "spark-jars is the platform's"
NETWORK = "the network policies are the platform's"
_QUOTA = "exceeded quota: team"
_DENIED = "cannot"
_WHO: tuple[Who, ...] = ("person", "spark-driver")
_EVERYBODY: tuple[Who, ...] = ("person", "spark-driver", "spark-executor")


def attempts(namespace: str, other: str) -> Iterator[Attempt]:
    """Every attempt of a team, `other` being another team's namespace."""
    for who in _WHO:
        yield Attempt(f"a service by {who}", who, "create", _service({}))
        yield Attempt(
            f"a headless service by {who}", who, "create", _service({"clusterIP": "None"})
        )
        for name, change, guard, says in (
            ("an external address", {"externalIPs": ["10.0.0.1"]}, "policy", EXTERNAL),
            ("an alias", {"type": "ExternalName", "externalName": "a.example"}, "policy", ALIAS),
            ("a load balancer", {"type": "LoadBalancer"}, "quota", _QUOTA),
            ("a node port", {"type": "NodePort"}, "quota", _QUOTA),
        ):
            yield Attempt(f"{name} by {who}", who, "create", _service(change), guard, says)
        yield Attempt(f"a claim by {who}", who, "create", _claim("1Gi"))
        yield Attempt(
            f"too much storage by {who}", who, "create", _claim("90000Gi"), "quota", _QUOTA
        )
        yield Attempt(
            f"the claim's deletion by {who}", who, "delete", _jars(namespace), "policy", CLAIM
        )
    yield Attempt(
        "the claim's deletion by spark-executor",
        "spark-executor",
        "delete",
        _jars(namespace),
        "RBAC",
        _DENIED,
    )
    for who in _EVERYBODY:
        yield from _of_others(who, other)
    for who in ("spark-driver", "spark-executor"):
        yield from _beyond_accounts(who)
    yield from _of_the_platform(namespace)


def _of_others(who: Who, other: str) -> Iterator[Attempt]:
    """Another team's objects, and those of the cluster."""
    for kind in ("Pod", "Secret", "ConfigMap", "Service", "SparkApplication"):
        target = _named(kind, "any", other)
        yield Attempt(f"{kind}s of another team by {who}", who, "list", target, "RBAC", _DENIED)
    token = _named("ServiceAccount", "spark-driver", other)
    yield Attempt(f"another team's account by {who}", who, "get", token, "RBAC", _DENIED)
    jars = _jars(other)
    yield Attempt(f"another team's claim by {who}", who, "delete", jars, "RBAC", _DENIED)
    for kind, name in (
        ("Node", "system"),
        ("PersistentVolume", "any"),
        ("Namespace", "spark-operator"),
        ("ValidatingAdmissionPolicy", "team-pods"),
    ):
        target = _named(kind, name)
        yield Attempt(f"the deletion of a {kind} by {who}", who, "delete", target, "RBAC", _DENIED)


def _beyond_accounts(who: Who) -> Iterator[Attempt]:
    """What the accounts of pods may not do in their own namespace."""
    for kind in ("Secret", "ServiceAccount", "Role", "RoleBinding", "SparkApplication", "Job"):
        target = _named(kind, "any")
        yield Attempt(f"{kind}s by {who}", who, "list", target, "RBAC", _DENIED)


def _of_the_platform(namespace: str) -> Iterator[Attempt]:
    """Objects of the platform in the team's namespace, by a person."""
    for kind, name in (
        ("ResourceQuota", "team"),
        ("LimitRange", "team"),
        ("Namespace", namespace),
    ):
        target = _named(kind, name, "" if kind == "Namespace" else namespace)
        yield Attempt(f"the deletion of {kind}", "person", "delete", target, "RBAC", _DENIED)
    gone = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "1" * 32}
    owned = {"metadata": {"ownerReferences": [gone]}}
    jars = _jars(namespace)
    yield Attempt("the claim with an owner", "person", "patch", jars, "policy", CLAIM, owned)
    labelled = {"metadata": {"labels": {"a": "b"}}}
    yield Attempt("the claim with a label", "person", "patch", jars, change=labelled)
    deny_all = _named("NetworkPolicy", "deny-all", namespace)
    open_egress = {"apiVersion": "networking.k8s.io/v1", **_named("NetworkPolicy", "attempt")}
    open_egress["spec"] = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}
    change = {"spec": {"podSelector": {"matchLabels": {"a": "b"}}}}
    yield Attempt("no network policy", "person", "delete", deny_all, "policy", NETWORK)
    yield Attempt("a network policy", "person", "create", open_egress, "policy", NETWORK)
    yield Attempt("a policy with an owner", "person", "patch", deny_all, "policy", NETWORK, owned)
    # As the controller of the VPC CNI does it.
    finalized = {"metadata": {"finalizers": ["networking.k8s.aws/resources"]}}
    yield Attempt("a policy's finalizer", "person", "patch", deny_all, change=finalized)
    yield Attempt("a changed policy", "person", "patch", deny_all, "policy", NETWORK, change)
    annotations = {"metadata": {"annotations": {"spark-on-eks/max-executors": "9000"}}}
    yield Attempt(
        "another limit",
        "person",
        "patch",
        _named("Namespace", namespace),
        "RBAC",
        _DENIED,
        annotations,
    )
    labels = {"metadata": {"labels": {"spark-on-eks/team": None}}}
    yield Attempt(
        "no team's label",
        "person",
        "patch",
        _named("Namespace", namespace),
        "RBAC",
        _DENIED,
        labels,
    )


def _named(kind: str, name: str, namespace: str | None = None) -> Object:
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"kind": kind, "metadata": metadata}


def _jars(namespace: str) -> Object:
    return _named("PersistentVolumeClaim", "spark-jars", namespace)


def _service(change: dict[str, Any]) -> Object:
    spec = {"ports": [{"port": 80}], "selector": {"a": "b"}, **change}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "attempt"}, "spec": spec}


def _claim(size: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "attempt"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }
