"""The nodes of a plan: Karpenter's NodePools and managed node groups, in one form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ops.plan import paths
from ops.plan.model import Plan, Resource

GROUP = "aws:eks/nodeGroup:NodeGroup"
POOL_LABEL = "spark-on-eks/pool"
"""Label of every node of the platform: its pool."""
SYSTEM_POOL = "system"
"""The pool of the platform's own pods."""
SYSTEM_TAINT = "CriticalAddonsOnly"
"""Keeps other pods off them; EKS and Karpenter's chart tolerate it."""

_EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}
"""EKS' words for a taint's effect, and Kubernetes'."""


@dataclass(frozen=True)
class Taint:
    """A taint, its effect in Kubernetes' words."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return (
            f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"
        )


@dataclass(frozen=True)
class NodeKind:
    """Nodes that look alike: those of a NodePool, or of a managed node group."""

    resource: Resource
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    """Of a node group also those that something removes: EKS keeps them in one list."""
    startup_taints: tuple[Taint, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a NodePool's requirements allow of further labels."""

    @property
    def is_system(self) -> bool:
        """Whether the platform's own pods run here."""
        return self.labels.get(POOL_LABEL) == SYSTEM_POOL

    def matches(self, key: str, wanted: tuple[str, ...]) -> bool:
        """Whether a node of this kind can carry the label with one of the values."""
        here = self.values.get(key, ())
        if key in self.labels:
            here = (self.labels[key],)
        return any(value in wanted for value in here)


def node_kinds(plan: Plan) -> list[NodeKind]:
    """All of them, the node groups first."""
    return [*node_groups(plan), *node_pools(plan)]


def node_groups(plan: Plan) -> list[NodeKind]:
    """The managed node groups; what an engine's preview does not know of them is empty."""
    return [
        NodeKind(one, _mapping(one.inputs.get("labels")), _taints(one.inputs, "taints"))
        for one in plan.by_type(GROUP)
    ]


def node_pools(plan: Plan) -> list[NodeKind]:
    """The NodePools; what an engine's preview does not know of them is empty."""
    return [_node_pool(one) for one in plan.of_kind("NodePool")]


def _node_pool(resource: Resource) -> NodeKind:
    template = paths.get(resource.inputs, ("spec", "template"))
    return NodeKind(
        resource,
        _mapping(paths.get(template, ("metadata", "labels"))),
        _taints(template, "spec", "taints"),
        _taints(template, "spec", "startupTaints"),
        {
            item["key"]: tuple(item.get("values") or ())
            for item in _list(paths.get(template, ("spec", "requirements")))
            if item.get("operator") == "In"
        },
    )


def _taints(holder: Any, *path: str) -> tuple[Taint, ...]:
    return tuple(_taint(item) for item in _list(paths.get(holder, path)))


def _taint(item: Mapping[str, Any]) -> Taint:
    effect = str(item.get("effect", ""))
    return Taint(str(item.get("key")), str(item.get("value") or ""), _EFFECTS.get(effect, effect))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
