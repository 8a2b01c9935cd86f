"""Evaluates which pods can connect under the NetworkPolicies of a plan, as the Kubernetes API
defines them."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.plan.model import Plan
from tests.plans import of_type


@dataclass(frozen=True)
class Pod:
    """The properties of a pod that policies match: namespace, labels, address."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = "10.0.9.9"


@dataclass(frozen=True)
class Address:
    """An address outside the cluster."""

    address: str


def driver(namespace: str) -> Pod:
    """A driver of a team."""
    return Pod(namespace, {"spark-role": "driver"})


def executor(namespace: str) -> Pod:
    """An executor of a team."""
    return Pod(namespace, {"spark-role": "executor"})


def reaches(
    plan: Plan, source: Pod | Address, target: Pod | Address, port: int, protocol: str = "TCP"
) -> bool:
    """Whether the source's policies allow the egress and the target's the ingress."""
    lets_out = not isinstance(source, Pod) or _lets(plan, source, target, "Egress", port, protocol)
    lets_in = not isinstance(target, Pod) or _lets(plan, target, source, "Ingress", port, protocol)
    return lets_out and lets_in


def _lets(plan: Plan, pod: Pod, other: Pod | Address, way: str, port: int, protocol: str) -> bool:
    rules, peers = ("egress", "to") if way == "Egress" else ("ingress", "from")
    specs = [
        one.inputs["spec"]
        for one in of_type(plan, "NetworkPolicy")
        if one.inputs["metadata"]["namespace"] == pod.namespace
        and way in one.inputs["spec"]["policyTypes"]
        and _selects(one.inputs["spec"]["podSelector"], pod.labels)
    ]
    if not specs:
        return True  # A pod that no policy selects is not isolated.
    return any(
        (not rule.get(peers) or any(_is_peer(peer, pod, other) for peer in rule[peers]))
        and (not rule.get("ports") or {"protocol": protocol, "port": port} in rule["ports"])
        for spec in specs
        for rule in spec.get(rules, [])
    )


def _is_peer(peer: Mapping[str, Any], pod: Pod, other: Pod | Address) -> bool:
    if "ipBlock" in peer:
        return ipaddress.ip_address(other.address) in ipaddress.ip_network(peer["ipBlock"]["cidr"])
    if not isinstance(other, Pod):
        return False
    if "namespaceSelector" in peer:
        name = {"kubernetes.io/metadata.name": other.namespace}
        here = _selects(peer["namespaceSelector"], name)
    else:
        here = other.namespace == pod.namespace
    return here and _selects(peer.get("podSelector", {}), other.labels)


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(
        labels.get(one["key"]) in one["values"]
        for one in selector.get("matchExpressions", [])
        if one["operator"] == "In"
    )
