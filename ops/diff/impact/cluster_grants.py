"""Permissions inside the cluster: RBAC by subject, NetworkPolicies by namespace."""

from collections.abc import Iterator, Mapping
from typing import Any

from ops.plan.grants import Grant
from ops.plan.model import Plan, Resource

NETWORK = "network of namespace"


def in_cluster(plan: Plan) -> dict[str, list[Grant]]:
    """Returns what the subjects of bindings may do, wherever their rules are written, and whom
    the pods of each namespace reach, whichever policy says so.
    """
    found: dict[str, list[Grant]] = {}
    for binding in (*plan.of_kind("RoleBinding"), *plan.of_kind("ClusterRoleBinding")):
        ref: Mapping[str, Any] = binding.inputs.get("roleRef") or {}
        namespace = str((binding.inputs.get("metadata") or {}).get("namespace") or "")
        scope = namespace or "every namespace"
        for subject in binding.inputs.get("subjects") or []:
            own = str(subject.get("namespace") or "")
            name = f"{own}/{subject.get('name')}" if own else str(subject.get("name"))
            rights = found.setdefault(f"{subject.get('kind')} {name}", [])
            rights.extend(_rules(plan, ref, namespace, scope, binding.name))
    for policy in plan.of_kind("NetworkPolicy"):
        namespace = str((policy.inputs.get("metadata") or {}).get("namespace") or "default")
        found.setdefault(f"{NETWORK} {namespace}", []).extend(_flows(policy))
    for namespace in plan.of_kind("Namespace"):
        flows = found.setdefault(f"{NETWORK} {namespace.object_name}", [])
        # Until the first policy of a direction, every pod may do everything.
        for verb in ("receive from", "send to"):
            if not any(one.action.startswith(verb) for one in flows):
                flows.append(Grant("Allow", "*", f"{verb} *", "", (), namespace.name))
    return found


def _flows(policy: Resource) -> Iterator[Grant]:
    """Yields what a NetworkPolicy lets through, and that nothing else goes."""
    spec: Mapping[str, Any] = policy.inputs.get("spec") or {}
    pods = _pods(spec.get("podSelector") or {})
    kinds = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    for kind, key, peers, verb in (
        ("Ingress", "ingress", "from", "receive from"),
        ("Egress", "egress", "to", "send to"),
    ):
        if kind not in kinds:
            continue
        yield Grant("Deny", pods, f"{verb} anyone else", "", (), policy.name)
        for rule in spec.get(key) or []:
            ports = [
                f"{port.get('protocol', 'TCP')} {port.get('port', 'any port')}"
                for port in rule.get("ports") or [{"protocol": "any protocol,"}]
            ]
            for peer in rule.get(peers) or [{}]:
                for port in ports:
                    action = f"{verb} {_peer(peer)}, {port}"
                    yield Grant("Allow", pods, action, "", (), policy.name)


def _pods(selector: Mapping[str, Any]) -> str:
    labels = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    labels += [
        f"{one.get('key')} {one.get('operator')} {'|'.join(one.get('values') or [])}".strip()
        for one in selector.get("matchExpressions") or []
    ]
    return f"pods with {' and '.join(labels)}" if labels else "all pods"


def _peer(peer: Mapping[str, Any]) -> str:
    if block := peer.get("ipBlock"):
        without = f" without {', '.join(block['except'])}" if block.get("except") else ""
        return f"{block.get('cidr')}{without}"
    if not peer:
        return "anyone"
    words = _pods(peer.get("podSelector") or {})
    if "namespaceSelector" in peer:
        where = _pods(peer["namespaceSelector"] or {}).replace("pods", "namespaces")
        return f"{words} in {where}"
    return words


def _rules(
    plan: Plan, ref: Mapping[str, Any], namespace: str, scope: str, source: str
) -> Iterator[Grant]:
    role = _role(plan, ref, namespace)
    if role is None:
        yield Grant("Allow", "", f"use {ref.get('kind')} {ref.get('name')}", scope, (), source)
        return
    for rule in role.inputs.get("rules") or []:
        for group in rule.get("apiGroups") or [""]:
            for kind in rule.get("resources") or rule.get("nonResourceURLs") or []:
                full = f"{kind}.{group}" if group else str(kind)
                for name in rule.get("resourceNames") or [""]:
                    on = f"{full}/{name}" if name else f"{full}"
                    for verb in rule.get("verbs") or []:
                        yield Grant("Allow", "", str(verb), f"{on} in {scope}", (), role.name)


def _role(plan: Plan, ref: Mapping[str, Any], namespace: str) -> Resource | None:
    for role in plan.of_kind(str(ref.get("kind"))):
        own = str((role.inputs.get("metadata") or {}).get("namespace") or "")
        if role.object_name == ref.get("name") and own in ("", namespace):
            return role
    return None
