"""Spark's nodes as a plan has them: Karpenter's NodePools or managed node groups, by pool."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from preview.plan import Plan, Resource

POOL_LABEL = "spark-on-eks/pool"
"""Label of every node of the platform: its pool."""
TIER_LABEL = "spark-on-eks/tier"
DRIVER_TIER = "on-demand"
"""Tier of nodes for drivers; those for executors say the processor, too."""

_EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}
"""EKS' words for a taint's effect, and Kubernetes'."""


@dataclass(frozen=True)
class Taint:
    """A taint that a node keeps. Those that it only starts with are not among these."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True)
class Nodes:
    """What one NodePool or node group makes: nodes with these labels and taints."""

    urn: str
    name: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    on_demand: bool
    """Never Spot."""
    one_zone: bool

    @property
    def pool(self) -> str:
        """Name of the pool."""
        return self.labels.get(POOL_LABEL, "")

    @property
    def for_drivers(self) -> bool:
        """Whether these are nodes of a drivers' pool."""
        return self.labels.get(TIER_LABEL) == DRIVER_TIER


def nodes_of(plan: Plan) -> list[Nodes]:
    """All nodes that the plan makes, the system nodes included."""
    groups = plan.by_type("aws:eks/nodeGroup:NodeGroup")
    startup = _startup_taints(plan)
    return [
        *(_of_node_pool(resource) for resource in plan.of_kind("NodePool")),
        *(_of_node_group(resource, startup) for resource in groups if not resource.external),
    ]


def _of_node_pool(resource: Resource) -> Nodes:
    spec = resource.inputs["spec"]["template"]["spec"]
    allowed = {
        one["key"]: [str(value) for value in one.get("values", [])]
        for one in spec.get("requirements", [])
        if one.get("operator") == "In"
    }
    # A requirement with one value is a label that every node has.
    certain = {key: values[0] for key, values in allowed.items() if len(values) == 1}
    labels = resource.inputs["spec"]["template"].get("metadata", {}).get("labels", {})
    return Nodes(
        urn=resource.urn,
        name=f"NodePool {resource.object_name}",
        labels={**certain, **labels},
        taints=tuple(_taints(spec.get("taints", []))),
        on_demand=allowed.get("karpenter.sh/capacity-type") == ["on-demand"],
        one_zone=len(allowed.get("topology.kubernetes.io/zone", [])) == 1,
    )


def _of_node_group(resource: Resource, startup: frozenset[str]) -> Nodes:
    inputs = resource.inputs
    taints = [
        {**taint, "effect": _EFFECTS[taint["effect"]]}
        for taint in inputs.get("taints") or []
        if taint["key"] not in startup
    ]
    return Nodes(
        urn=resource.urn,
        name=f"node group {inputs.get('nodeGroupName') or inputs.get('nodeGroupNamePrefix')}",
        labels=dict(inputs.get("labels") or {}),
        taints=tuple(_taints(taints)),
        on_demand=inputs.get("capacityType", "ON_DEMAND") == "ON_DEMAND",
        one_zone=len(inputs.get("subnetIds") or []) == 1,
    )


def _taints(written: Iterable[Mapping[str, Any]]) -> Iterable[Taint]:
    return (Taint(one["key"], str(one.get("value") or ""), one["effect"]) for one in written)


def _startup_taints(plan: Plan) -> frozenset[str]:
    """The taints of node groups that something removes: EKS keeps them in one list with those
    that stay, and the Cluster Autoscaler is told which they are."""
    return frozenset(
        str(value)
        for release in plan.by_type("kubernetes:helm.sh/v3:Release")
        for key, value in _extra_args(release).items()
        if key.partition("_")[0] == "startup-taint"
    )


def _extra_args(release: Resource) -> Mapping[str, Any]:
    found = (release.inputs.get("values") or {}).get("extraArgs")
    return found if isinstance(found, Mapping) else {}
