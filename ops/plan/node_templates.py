"""The templates of instances: EC2 launch templates and Karpenter's EC2NodeClasses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ops.plan import quantity
from ops.plan.model import Plan, Resource
from ops.plan.values import mapping, mappings

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_CLASS = "EC2NodeClass"


@dataclass(frozen=True)
class Volume:
    """An EBS volume of an instance; `settings` are EC2's own keys (`encrypted`)."""

    device: str
    settings: Mapping[str, Any]
    size_gib: Fraction | None
    """None if the image sets it, or the engine does not know it yet."""


@dataclass(frozen=True)
class NodeTemplate:
    """A launch template or an EC2NodeClass, in one form."""

    resource: Resource
    metadata_options: Mapping[str, Any] = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    volumes_known: bool = True
    """False if an engine's first preview does not know them."""
    tags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Tags of launched resources, by kind: `instance`, `volume`."""
    max_pods: int | None = None
    """kubelet's limit of pods, None if EKS or Karpenter sets it."""


def node_templates(plan: Plan) -> list[NodeTemplate]:
    """Every launch template and EC2NodeClass of the plan."""
    return [
        *(launch_template(one) for one in plan.by_type(LAUNCH_TEMPLATE)),
        *(node_class(one) for one in plan.of_kind(NODE_CLASS)),
    ]


def launch_template(resource: Resource) -> NodeTemplate:
    """The template; sizes of its volumes are numbers of GiB."""
    inputs = resource.inputs
    return NodeTemplate(
        resource,
        mapping(inputs.get("metadataOptions")),
        tuple(_volume(item, 1) for item in mappings(inputs.get("blockDeviceMappings"))),
        _is_known(inputs.get("blockDeviceMappings")),
        {
            str(item.get("resourceType")): mapping(item.get("tags"))
            for item in mappings(inputs.get("tagSpecifications"))
        },
    )


def node_class(resource: Resource) -> NodeTemplate:
    """The EC2NodeClass; sizes of its volumes are Kubernetes quantities."""
    spec = mapping(resource.inputs.get("spec"))
    tags = mapping(spec.get("tags"))
    most = mapping(spec.get("kubelet")).get("maxPods")
    return NodeTemplate(
        resource,
        mapping(spec.get("metadataOptions")),
        tuple(_volume(item, quantity.GIB) for item in mappings(spec.get("blockDeviceMappings"))),
        _is_known(resource.inputs.get("spec")) and _is_known(spec.get("blockDeviceMappings")),
        {"instance": tags, "volume": tags},
        int(most) if isinstance(most, int | float) else None,
    )


def _volume(item: Mapping[str, Any], bytes_per_unit: int) -> Volume:
    settings = mapping(item.get("ebs"))
    try:
        size = quantity.parse(settings.get("volumeSize", "")) / bytes_per_unit
    except ValueError:
        size = None
    return Volume(str(item.get("deviceName")), settings, size)


def _is_known(value: Any) -> bool:
    # Text in place of a list or an object is a value that is not known yet.
    return not isinstance(value, str)
