"""Who reaches the pods of each namespace of the platform, and whom they reach."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ops.plan.model import Plan
from tests.plans import CELEBORN, LOGS, LUSTRE, OPEN_TEAM, of_type, plan_of

_DNS = "all: out to ns kube-system pods k8s-app=kube-dns 53/UDP,53"
_HTTPS = "all: out to 0.0.0.0/0 443"
_PROMETHEUS = "app.kubernetes.io/name=prometheus"
_MASTER, _WORKER = (
    f"app.kubernetes.io/component=celeborn-{part} app.kubernetes.io/name=celeborn"
    for part in ("master", "worker")
)
_JOBS = "in from ns team-a pods spark-role In driver,executor"
FLOWS: dict[str, set[str]] = {
    "spark-operator": {_DNS, _HTTPS, "all: in from any 9443", "all: in from ns monitoring 8080"},
    "spark-history": {_DNS, _HTTPS},
    "monitoring": {
        _DNS,
        _HTTPS,
        "all: in from pods all any",
        "all: out to pods all any",
        f"{_PROMETHEUS}: out to 0.0.0.0/0 9100,10250,61678",
        f"{_PROMETHEUS}: out to ns kube-system 8080,9153",
        f"{_PROMETHEUS}: out to ns log-agents 2020",
        f"{_PROMETHEUS}: out to ns spark-on-eks/team Exists pods spark-role=driver 4040",
        f"{_PROMETHEUS}: out to ns spark-operator 8080",
        f"{_PROMETHEUS}: out to ns yunikorn 9080",
    },
    "log-agents": {
        _DNS,
        _HTTPS,
        "all: out to 0.0.0.0/0 10250",
        "all: in from ns monitoring 2020",
    },
    "celeborn": {
        _DNS,
        "all: out to pods all any",
        f"{_MASTER}: in from ns monitoring 9098",
        f"{_MASTER}: {_JOBS} 9097",
        f"{_MASTER}: in from pods all 9097,8097,9872",
        f"{_WORKER}: in from ns monitoring 9096",
        f"{_WORKER}: {_JOBS} 9091,9092,9093",
        f"{_WORKER}: in from pods all 9091,9092,9093,9094,9095",
    },
    "spark-lustre": set(),
}
STACKS = {
    "log-agents": ("dev", *LOGS),
    "celeborn": ("dev", *CELEBORN),
    "spark-lustre": ("prod", *LUSTRE),
}
_OTHERS = ("prod", "observability.metrics.enabled=true", "spark.yunikorn.enabled=true")


def _selected(selector: Mapping[str, Any]) -> str:
    labels = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    labels += [
        f"{one['key']} {one['operator']} {','.join(one.get('values', ()))}".strip()
        for one in selector.get("matchExpressions", ())
    ]
    return " ".join(labels) or "all"


def _peer(peer: Mapping[str, Any]) -> str:
    if "ipBlock" in peer:
        return peer["ipBlock"]["cidr"]
    parts = []
    for key, word in (("namespaceSelector", "ns"), ("podSelector", "pods")):
        if key in peer:
            where = _selected(peer[key]).removeprefix("kubernetes.io/metadata.name=")
            parts.append(f"{word} {where}")
    return " ".join(parts) or "any"


def _ports(rule: Mapping[str, Any]) -> str:
    named = (
        f"{port['port']}{'/UDP' if port.get('protocol') == 'UDP' else ''}"
        for port in rule.get("ports", ())
    )
    return ",".join(named) or "any"


def _flows(plan: Plan, namespace: str) -> Iterator[str]:
    for one in of_type(plan, "NetworkPolicy"):
        spec = one.inputs["spec"]
        if one.inputs["metadata"]["namespace"] != namespace:
            continue
        for key, peers, words in (("ingress", "from", "in from"), ("egress", "to", "out to")):
            for rule in spec.get(key) or ():
                for peer in rule.get(peers) or ({},):
                    yield f"{_selected(spec['podSelector'])}: {words} {_peer(peer)} {_ports(rule)}"


@pytest.mark.parametrize("namespace", FLOWS)
def test_a_namespace_of_the_platform_has_these_flows_and_no_other(namespace: str) -> None:
    plan = plan_of(*STACKS.get(namespace, _OTHERS))
    assert set(_flows(plan, namespace)) == FLOWS[namespace]


@pytest.mark.parametrize("namespace", FLOWS)
def test_what_no_policy_allows_is_denied_in_both_directions(namespace: str) -> None:
    closed = [
        one.inputs["spec"]["policyTypes"]
        for one in of_type(plan_of(*STACKS.get(namespace, _OTHERS)), "NetworkPolicy")
        if one.inputs["metadata"]["namespace"] == namespace
        and not one.inputs["spec"]["podSelector"]
    ]
    assert ["Ingress", "Egress"] in closed


@pytest.mark.parametrize(
    "variant",
    [*STACKS.values(), _OTHERS, ("dev", *OPEN_TEAM), ("staging",)],
    ids=lambda one: " ".join(one)[:30],
)
def test_a_policy_names_the_directions_that_it_allows(variant: tuple[str, ...]) -> None:
    """Without `policyTypes` one with ways out alone would deny every way in, too:
    kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-resource."""
    for one in of_type(plan_of(*variant), "NetworkPolicy"):
        spec = one.inputs["spec"]
        allowed = {kind for kind in ("Ingress", "Egress") if spec.get(kind.lower())}
        assert {*spec["policyTypes"]} == (allowed or {"Ingress", "Egress"}), one.name
