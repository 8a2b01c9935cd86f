"""What the instances of a plan are made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.plan.model import Plan, Resource
from ops.plan.values import UNKNOWN, each

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


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


def _volumes(holder: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (str(item.get("deviceName")), item.get("ebs") or {})
        for item in each(holder, "blockDeviceMappings")
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
