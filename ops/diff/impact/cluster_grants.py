"""Permissions inside the cluster: RBAC by subject, NetworkPolicies by namespace."""

from collections.abc import Iterator, Mapping
from typing import Any

from ops.plan import rbac
from ops.plan.iam_grants import Grant
from ops.plan.model import Plan, Resource
from ops.plan.values import at, each, mapping

NETWORK = "network of namespace"
SEPARATOR = "|"
"""Between the names of a grant's sources: a role and its binding."""


def in_cluster(plan: Plan) -> dict[str, list[Grant]]:
    """Returns what the subjects of bindings may do, and which peers the pods of each namespace
    reach under all of its NetworkPolicies.
    """
    found: dict[str, list[Grant]] = {}
    for binding in rbac.bindings(plan):
        for subject in binding.subjects:
            found.setdefault(subject, []).extend(_rights(plan, binding))
    for policy in plan.of_kind("NetworkPolicy"):
        namespace = str(at(policy.inputs, "metadata.namespace") or "default")
        found.setdefault(f"{NETWORK} {namespace}", []).extend(_flows(policy))
    for namespace in plan.of_kind("Namespace"):
        flows = found.setdefault(f"{NETWORK} {namespace.object_name}", [])
        # Without a policy for a direction, Kubernetes allows all traffic in it.
        for verb in ("receive from", "send to"):
            if not any(one.action.startswith(verb) for one in flows):
                flows.append(Grant("Allow", "*", f"{verb} *", "", (), namespace.name))
    return found


def _flows(policy: Resource) -> Iterator[Grant]:
    """Yields what a NetworkPolicy allows, and that all else is denied."""
    spec = mapping(policy.inputs, "spec")
    pods = _pods(mapping(spec, "podSelector"))
    kinds = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    for kind, key, peers, verb in (
        ("Ingress", "ingress", "from", "receive from"),
        ("Egress", "egress", "to", "send to"),
    ):
        if kind not in kinds:
            continue
        yield Grant("Deny", pods, f"{verb} anyone else", "", (), policy.name)
        for rule in each(spec, key):
            ports = [
                f"{port.get('protocol', 'TCP')} {port.get('port', 'any port')}"
                f"{f'-{last}' if (last := port.get('endPort')) else ''}"
                for port in rule.get("ports") or [{"protocol": "any protocol,"}]
            ]
            for peer in rule.get(peers) or [{}]:
                for port in ports:
                    action = f"{verb} {_peer(peer)}, {port}"
                    yield Grant("Allow", pods, action, "", (), policy.name)


def _pods(selector: Mapping[str, Any]) -> str:
    labels = [f"{key}={value}" for key, value in mapping(selector, "matchLabels").items()]
    labels += [
        f"{one.get('key')} {one.get('operator')} {'|'.join(one.get('values') or [])}".strip()
        for one in each(selector, "matchExpressions")
    ]
    return f"pods with {' and '.join(labels)}" if labels else "all pods"


def _peer(peer: Mapping[str, Any]) -> str:
    if block := peer.get("ipBlock"):
        without = f" without {', '.join(block['except'])}" if block.get("except") else ""
        return f"{block.get('cidr')}{without}"
    if not peer:
        return "anyone"
    words = _pods(mapping(peer, "podSelector"))
    if "namespaceSelector" in peer:
        where = _pods(mapping(peer, "namespaceSelector")).replace("pods", "namespaces")
        return f"{words} in {where}"
    return words


def _rights(plan: Plan, binding: rbac.Binding) -> Iterator[Grant]:
    scope = binding.namespace or "every namespace"
    role = rbac.role_of(plan, binding)
    if role is None:
        use = f"use {binding.role_kind} {binding.role_name}"
        yield Grant("Allow", "", use, scope, (), binding.resource.name)
        return
    source = SEPARATOR.join(sorted({role.resource.name, binding.resource.name}))
    for rule in role.rules:
        for group in each(rule, "apiGroups") or ("",):
            for kind in each(rule, "resources") or each(rule, "nonResourceURLs"):
                full = f"{kind}.{group}" if group else kind
                for name in each(rule, "resourceNames") or ("",):
                    on = f"{full}/{name}" if name else full
                    for verb in each(rule, "verbs"):
                        yield Grant("Allow", "", verb, f"{on} in {scope}", (), source)
