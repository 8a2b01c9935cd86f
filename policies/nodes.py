"""The nodes of a plan: what instances are made of, and the groups and pools that make them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.values import UNKNOWN, at, each
from preview.plan import Plan, Resource

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:eks/nodeGroup:NodeGroup"
SYSTEM_LABEL, SYSTEM_POOL = "spark-on-eks/pool", "system"
SYSTEM_TAINT = "CriticalAddonsOnly"
_EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}


@dataclass(frozen=True)
class InstanceSpec:
    """A launch template or an EC2NodeClass, in one form."""

    resource: Resource
    metadata: Mapping[str, Any]
    volumes: tuple[tuple[str, Any], ...]
    """Device and volume."""
    volumes_unknown: bool
    tags: Mapping[str, Mapping[str, Any]]
    """What is tagged (`instance`, `volume`) to its tags."""


def instance_specs(plan: Plan) -> Iterator[InstanceSpec]:
    """Everything that instances are launched from."""
    for one in plan.by_type(TEMPLATE):
        yield InstanceSpec(
            one,
            _mapping(one.inputs.get("metadataOptions")),
            _volumes(one.inputs),
            one.inputs.get("blockDeviceMappings") == UNKNOWN,
            {
                item.get("resourceType", ""): item.get("tags") or {}
                for item in each(one.inputs, "tagSpecifications")
            },
        )
    for one in plan.of_kind("EC2NodeClass"):
        spec = _mapping(one.inputs.get("spec"))
        tags = _mapping(spec.get("tags"))
        yield InstanceSpec(
            one,
            _mapping(spec.get("metadataOptions")),
            _volumes(spec),
            one.inputs.get("spec") == UNKNOWN,
            {"instance": tags, "volume": tags},
        )


@dataclass(frozen=True)
class Taint:
    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return (
            f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"
        )


@dataclass(frozen=True)
class NodeKind:
    """Nodes that look alike: a managed node group, or a NodePool."""

    resource: Resource
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    startup_taints: tuple[Taint, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a NodePool's requirements allow of further labels."""

    @property
    def is_system(self) -> bool:
        """Whether the platform's own pods run here."""
        return self.labels.get(SYSTEM_LABEL) == SYSTEM_POOL

    def matches(self, key: str, wanted: tuple[str, ...]) -> bool:
        """Whether a node of this kind can carry the label with one of the values."""
        here = self.values.get(key, ())
        if key in self.labels:
            here = (self.labels[key],)
        return any(value in wanted for value in here)


def node_kinds(plan: Plan) -> list[NodeKind]:
    """All node groups and NodePools of which the labels are known."""
    found = []
    for one in plan.by_type(GROUP):
        taints = tuple(_taint(item) for item in each(one.inputs, "taints"))
        found.append(NodeKind(one, _mapping(one.inputs.get("labels")), taints))
    for one in plan.of_kind("NodePool"):
        template = at(one.inputs, "spec.template")
        found.append(
            NodeKind(
                one,
                _mapping(at(template, "metadata.labels")),
                tuple(_taint(item) for item in each(template, "spec.taints")),
                tuple(_taint(item) for item in each(template, "spec.startupTaints")),
                {
                    item["key"]: tuple(item.get("values") or ())
                    for item in each(template, "spec.requirements")
                    if item.get("operator") == "In"
                },
            )
        )
    return found


def _taint(item: Mapping[str, Any]) -> Taint:
    effect = str(item.get("effect", ""))
    return Taint(str(item.get("key")), str(item.get("value") or ""), _EFFECTS.get(effect, effect))


def _volumes(holder: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (str(item.get("deviceName")), item.get("ebs") or {})
        for item in each(holder, "blockDeviceMappings")
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
