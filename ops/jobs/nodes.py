"""Spark's nodes as a job sees them: what it selects, what it tolerates, and whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.plan.model import Plan, Resource
from ops.plan.nodes import POOL_LABEL, NodeKind, Taint, node_groups, node_pools

TIER_LABEL = "spark-on-eks/tier"
DRIVER_TIER = "on-demand"
"""Tier of nodes for drivers; those for executors say the processor, too."""


@dataclass(frozen=True)
class Nodes:
    """What one NodePool or node group makes: nodes with these labels and taints."""

    urn: str
    name: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    """Those that a node keeps, without those that it only starts with."""
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
    startup = _startup_taints(plan)
    return [
        *(_of_node_pool(kind) for kind in node_pools(plan)),
        *(
            _of_node_group(kind, startup)
            for kind in node_groups(plan)
            if not kind.resource.external
        ),
    ]


def _of_node_pool(kind: NodeKind) -> Nodes:
    # A requirement with one value is a label that every node has.
    certain = {key: str(values[0]) for key, values in kind.values.items() if len(values) == 1}
    return Nodes(
        urn=kind.resource.urn,
        name=f"NodePool {kind.resource.object_name}",
        labels={**certain, **kind.labels},
        taints=kind.taints,
        on_demand=kind.values.get("karpenter.sh/capacity-type") == ("on-demand",),
        one_zone=len(kind.values.get("topology.kubernetes.io/zone", ())) == 1,
    )


def _of_node_group(kind: NodeKind, startup: frozenset[str]) -> Nodes:
    inputs = kind.resource.inputs
    return Nodes(
        urn=kind.resource.urn,
        name=f"node group {inputs.get('nodeGroupName') or inputs.get('nodeGroupNamePrefix')}",
        labels=kind.labels,
        taints=tuple(taint for taint in kind.taints if taint.key not in startup),
        on_demand=inputs.get("capacityType", "ON_DEMAND") == "ON_DEMAND",
        one_zone=len(inputs.get("subnetIds") or []) == 1,
    )


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
