"""Teams: quotas, priorities, network policies, roles of service accounts."""

from collections.abc import Iterator
from typing import Any

from components.names import DRIVER_PRIORITY, EXECUTOR_PRIORITY, MONITORING_NAMESPACE
from ops.plan.iam_roles import trusted_accounts
from ops.plan.model import Plan, Resource
from ops.plan.packages import packages
from ops.plan.values import UNKNOWN, at, each
from ops.plan.workloads import denied_by_default, in_namespace, lets_out, team_namespaces
from ops.rules.rule import Violation, rule

_QUOTAS = "https://kubernetes.io/docs/concepts/policy/resource-quotas/"
_NETWORK = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
_BOUNDED = (
    "requests.cpu", "requests.memory", "limits.memory", "pods", "requests.storage",
    "persistentvolumeclaims",
)  # fmt: skip
_CLOSED = ("services.loadbalancers", "services.nodeports")
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"


@rule(
    reason="Without a quota one team's job takes all nodes that the pools allow, or "
    "opens a load balancer.",
    source=_QUOTAS,
)
def team_quota(plan: Plan) -> Iterator[Violation]:
    """A team has a quota of CPU, memory, pods and storage, and may open no port of a node or load
    balancer."""
    for namespace in team_namespaces(plan):
        hard: dict[str, Any] = {}
        for one in in_namespace(plan, "ResourceQuota", namespace.object_name):
            if not at(one.inputs, "spec.scopeSelector"):
                hard |= at(one.inputs, "spec.hard") or {}
        for key in _BOUNDED:
            if key not in hard:
                yield Violation(namespace, key, f"has no quota of {key}")
        for key in _CLOSED:
            if hard.get(key) != "0":
                yield Violation(namespace, key, f"may have {key}")
        limits = [
            item
            for one in in_namespace(plan, "LimitRange", namespace.object_name)
            for item in each(one.inputs, "spec.limits")
        ]
        for path in ("defaultRequest.cpu", "defaultRequest.memory", "default.memory"):
            if not any(at(item, path) for item in limits):
                yield Violation(namespace, path, f"has no {path} for pods that set none")


@rule(
    reason="A pod of a system priority class preempts all others, the platform's controllers too.",
    source=f"{_QUOTAS}#limit-priority-class-consumption-by-default",
)
def team_priority(plan: Plan) -> Iterator[Violation]:
    """A team cannot use system priorities, and its executors preempt no pod."""
    for namespace in team_namespaces(plan):
        refused = {
            value
            for one in in_namespace(plan, "ResourceQuota", namespace.object_name)
            if at(one.inputs, "spec.hard.pods") == "0"
            for item in each(one.inputs, "spec.scopeSelector.matchExpressions")
            if item.get("scopeName") == "PriorityClass" and item.get("operator") == "In"
            for value in item.get("values") or ()
        }
        for name in ("system-cluster-critical", "system-node-critical"):
            if name not in refused:
                yield Violation(namespace, name, f"may use {name}")
    classes = {one.object_name: one for one in plan.of_kind("PriorityClass")}
    executor, driver = classes.get(EXECUTOR_PRIORITY), classes.get(DRIVER_PRIORITY)
    if executor and executor.inputs.get("preemptionPolicy") != "Never":
        yield Violation(executor, "preemption", "preempts other pods")
    if executor and driver and _value(executor) >= _value(driver):
        yield Violation(executor, "value", "has no lower priority than a driver")


def _value(priority: Resource) -> int:
    # Kubernetes' default is 0.
    return int(priority.inputs.get("value") or 0)


@rule(
    reason="Without a policy a team's pods and all other pods of the cluster reach each other.",
    source=f"{_NETWORK}#default-deny-all-ingress-and-all-egress-traffic",
)
def team_network(plan: Plan) -> Iterator[Violation]:
    """A team's traffic is denied both ways by default, and exceptions are narrow."""
    for namespace in team_namespaces(plan):
        policies = in_namespace(plan, "NetworkPolicy", namespace.object_name)
        closed = denied_by_default(plan, namespace.object_name)
        for kind in ("Ingress", "Egress"):
            if kind not in closed:
                yield Violation(namespace, kind, f"does not deny {kind} by default")
        for one in policies:
            yield from _wide(one)
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


def _wide(policy: Resource) -> Iterator[Violation]:
    for item in each(policy.inputs, "spec.ingress"):
        if not each(item, "from"):
            yield Violation(policy, "from", "allows ingress from anywhere")
        for peer in each(item, "from"):
            names = at(peer, "namespaceSelector.matchLabels") or {}
            whole = peer.get("namespaceSelector") == {} or "ipBlock" in peer
            if whole or (names and MONITORING_NAMESPACE not in names.values()):
                yield Violation(policy, "from", "allows ingress from other namespaces")
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
