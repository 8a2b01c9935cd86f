"""Teams: who reaches their pods, who acts for them, and roles of service accounts."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.names import (
    MONITORING_NAMESPACE,
    OPERATOR_ACCOUNT,
    SPARK_APPLICATIONS,
    SPARK_GROUP,
    SPARK_OPERATOR_NAMESPACE,
)
from ops.plan import rbac
from ops.plan.iam_roles import trusted_accounts
from ops.plan.model import Plan, Resource
from ops.plan.packages import RELEASE, packages
from ops.plan.values import UNKNOWN, at, each, mapping
from ops.plan.workloads import denied_by_default, in_namespace, lets_out, team_namespaces
from ops.rules.rule import Violation, rule

_NETWORK = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
RPC_PORTS = {7078, 7079}
"""Of drivers and block managers: spark.apache.org/docs/latest/running-on-kubernetes.html."""
_NAME = "kubernetes.io/metadata.name"
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
_SUBMITS = {
    *(
        f"{verb} {kind}.{SPARK_GROUP}"
        for kind in SPARK_APPLICATIONS
        for verb in ("create", "get", "list", "watch", "delete")
    ),
    *("get pods", "get pods/log"),
}
"""What others than a team's own pods may do in its namespace."""
_OPERATOR = f"ServiceAccount {SPARK_OPERATOR_NAMESPACE}/{OPERATOR_ACCOUNT}"
_CLAIMS = {f"{verb} persistentvolumeclaims" for verb in ("create", "patch")}
"""What the operator does beside: its spark-submit makes the claims of drivers."""


@rule(
    reason="A subject that creates pods or reads secrets in a team's namespace has the team's "
    "data; one that submits applications is judged by the admission policies.",
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)
def team_submitters(plan: Plan) -> Iterator[Violation]:
    """Others than a team's own accounts may at most submit applications in its namespace, and read
    their logs; no group of every user may."""
    teams = {one.object_name for one in team_namespaces(plan)}
    for binding in rbac.bindings(plan):
        others = [one for one in binding.subjects if not _is_own(one, binding.namespace)]
        if binding.namespace not in teams or not others:
            continue
        for one in others:
            if one.startswith("Group system:"):
                yield Violation(binding.resource, one, f"lets {one} act in a team's namespace")
        role = rbac.role_of(plan, binding)
        done = set(_done(role)) if role else {f"use {binding.role_kind} {binding.role_name}"}
        allowed = _SUBMITS | _CLAIMS if others == [_OPERATOR] else _SUBMITS
        for right in sorted(done - allowed):
            yield Violation(binding.resource, right, f"lets {', '.join(others)} {right}")


def _is_own(subject: str, namespace: str) -> bool:
    return subject.startswith(f"ServiceAccount {namespace}/")


def _done(role: rbac.Role) -> Iterator[str]:
    for rule_ in role.rules:
        for group in each(rule_, "apiGroups") or [""]:
            for kind in each(rule_, "resources"):
                for verb in each(rule_, "verbs"):
                    yield f"{verb} {kind}.{group}" if group else f"{verb} {kind}"


@rule(
    reason="Without a policy a team's pods and all other pods of the cluster reach each other.",
    source=f"{_NETWORK}#default-deny-all-ingress-and-all-egress-traffic",
)
def team_network(plan: Plan) -> Iterator[Violation]:
    """A team's traffic is denied both ways by default, and exceptions are narrow: named namespaces
    of no other team, by port, to Spark's pods."""
    teams = {one.object_name for one in team_namespaces(plan)}
    for namespace in team_namespaces(plan):
        policies = in_namespace(plan, "NetworkPolicy", namespace.object_name)
        closed = denied_by_default(plan, namespace.object_name)
        for kind in ("Ingress", "Egress"):
            if kind not in closed:
                yield Violation(namespace, kind, f"does not deny {kind} by default")
        for one in policies:
            yield from _wide_ingress(one, teams)
            yield from _wide_egress(one, teams)
        for way, peers in (("ingress", "from"), ("egress", "to")):
            if not any(_among_spark(one, way, peers) for one in policies):
                yield Violation(namespace, way, f"has no {way} between drivers and executors")
        if not any(_scraped(one) for one in policies):
            yield Violation(namespace, "metrics", "does not allow monitoring to scrape its drivers")
        for name, port in (("DNS", 53), ("HTTPS", 443)):
            if not any(lets_out(one, port) for one in policies):
                yield Violation(namespace, name, f"does not allow egress to {name}")
    networking = [package for package in packages(plan) if package.name == "vpc-cni"]
    for package in networking if plan.of_kind("NetworkPolicy") else ():
        if package.values != UNKNOWN and at(package.values, "enableNetworkPolicy") != "true":
            yield Violation(package.resource, "policies", "does not enforce NetworkPolicies")


def _among_spark(policy: Resource, way: str, peers: str) -> bool:
    """Whether a policy allows this direction between a team's Spark pods."""
    selector = at(policy.inputs, "spec.podSelector")
    return (
        bool(selector)
        and way.capitalize() in each(policy.inputs, "spec.policyTypes")
        and any(
            peer.get("podSelector") == selector and "namespaceSelector" not in peer
            for item in each(policy.inputs, f"spec.{way}")
            for peer in each(item, peers)
        )
    )


def _scraped(policy: Resource) -> bool:
    return "Ingress" in each(policy.inputs, "spec.policyTypes") and any(
        each(item, "ports")
        and MONITORING_NAMESPACE in (at(peer, "namespaceSelector.matchLabels") or {}).values()
        for item in each(policy.inputs, "spec.ingress")
        for peer in each(item, "from")
    )


def _wide_ingress(policy: Resource, teams: set[str]) -> Iterator[Violation]:
    for item in each(policy.inputs, "spec.ingress"):
        ports = {port.get("port") for port in each(item, "ports")}
        if not each(item, "from"):
            yield Violation(policy, "from", "allows ingress from anywhere")
        for peer in each(item, "from"):
            if "ipBlock" in peer or _is_unnamed(peer):
                yield Violation(policy, "from", "allows ingress from other namespaces")
            yield from _other_team(policy, peer, teams)
            if "namespaceSelector" not in peer:
                continue
            if not at(policy.inputs, "spec.podSelector"):
                yield Violation(policy, "pods", "allows other namespaces to reach any pod")
            if not ports or ports & RPC_PORTS:
                yield Violation(policy, "ports", "allows other namespaces on Spark's own ports")


def _wide_egress(policy: Resource, teams: set[str]) -> Iterator[Violation]:
    for item in each(policy.inputs, "spec.egress"):
        ports = {port.get("port") for port in each(item, "ports")}
        if not each(item, "to"):
            yield Violation(policy, "to", "allows egress to anywhere")
        for peer in each(item, "to"):
            if at(peer, "ipBlock.cidr") == "0.0.0.0/0" and ports != {443}:
                yield Violation(policy, "0.0.0.0/0", "allows egress to the internet beside HTTPS")
            if not ports and ("podSelector" not in peer or "namespaceSelector" in peer):
                yield Violation(policy, "ports", "allows egress on any port")
            if 53 in ports and not (peer.get("podSelector") and peer.get("namespaceSelector")):
                yield Violation(policy, "DNS", "allows DNS to any pod")
            if _is_unnamed(peer):
                yield Violation(policy, "to", "allows egress to any namespace")
            yield from _other_team(policy, peer, teams)


def _is_unnamed(peer: Mapping[str, Any]) -> bool:
    """Whether a peer is in a namespace that the policy does not name."""
    labels = at(peer, "namespaceSelector.matchLabels") or {}
    return "namespaceSelector" in peer and list(labels) != [_NAME]


def _other_team(policy: Resource, peer: Mapping[str, Any], teams: set[str]) -> Iterator[Violation]:
    named = (at(peer, "namespaceSelector.matchLabels") or {}).get(_NAME)
    if named in teams:
        yield Violation(policy, str(named), f"opens the way between team {named} and this one")


@rule(
    reason="A service account gets a role's rights only if the role trusts it by "
    "namespace and name; a role that trusts an account of another namespace is shared "
    "with that team.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html",
)
def account_trusted(plan: Plan) -> Iterator[Violation]:
    """A role trusts each account that refers to it, and a team's role no other team's account."""
    trusts = trusted_accounts(plan)
    accounts = {
        f"system:serviceaccount:{at(one.inputs, 'metadata.namespace')}:{one.object_name}"
        for one in plan.of_kind("ServiceAccount")
        if ROLE_ANNOTATION in (at(one.inputs, "metadata.annotations") or {})
    }
    accounts |= _accounts_of_charts(plan)
    ours = {one.object_name for one in plan.of_kind("Namespace")}
    for urn, subs in trusts.items():
        for sub in sorted(subs - accounts):
            if sub.split(":")[2] in ours:
                yield Violation(plan.get(urn), sub, f"trusts {sub}, which does not refer to it")
    for one in plan.of_kind("ServiceAccount"):
        arn = (at(one.inputs, "metadata.annotations") or {}).get(ROLE_ANNOTATION)
        if arn is None:
            continue
        namespace = at(one.inputs, "metadata.namespace")
        for urn in one.options.property_dependencies.get("metadata", ()):
            if urn not in trusts:
                continue
            if f"system:serviceaccount:{namespace}:{one.object_name}" not in trusts[urn]:
                yield Violation(one, "role", "refers to a role that does not trust it")
            for sub in sorted(trusts[urn]):
                if not sub.startswith(f"system:serviceaccount:{namespace}:"):
                    yield Violation(one, sub, f"shares its role with {sub}")


def _accounts_of_charts(plan: Plan) -> set[str]:
    """Service accounts with a role that charts create: values `serviceAccount` at any depth."""

    def found(values: Any) -> Iterator[str]:
        for key, value in mapping(values).items():
            if key == "serviceAccount" and ROLE_ANNOTATION in mapping(value, "annotations"):
                yield str(value.get("name"))
            yield from found(value)

    return {
        f"system:serviceaccount:{one.inputs.get('namespace')}:{name}"
        for one in plan.by_type(RELEASE)
        for name in found(one.inputs.get("values"))
    }
