"""The nodes of a plan: Karpenter's NodePools and EKS managed node groups, in one form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from components.names import DRIVER_POOL, POOL_LABEL, SYSTEM_POOL, TIER_LABEL
from ops.plan import quantity
from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource
from ops.plan.node_templates import (
    LAUNCH_TEMPLATE,
    NODE_CLASS,
    NodeTemplate,
    launch_template,
    node_class,
)
from ops.plan.packages import RELEASE
from ops.plan.requirements import Requirement, Taint, listed, requirements_of, taints_of
from ops.plan.values import mapping, sequence

GROUP = "aws:eks/nodeGroup:NodeGroup"
NODE_POOL, NODE_GROUP = "NodePool", "node group"
MAX_NODES = "maxNodes"
"""What a component registers whose node groups an autoscaler sizes: its limit for each."""

ARCH = "kubernetes.io/arch"
ZONE = "topology.kubernetes.io/zone"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
_FAMILY, _SIZE = "karpenter.k8s.aws/instance-family", "karpenter.k8s.aws/instance-size"

_DRIVER_TIER = "on-demand"
"""Tier of drivers' nodes; the tiers of executors' nodes name the architecture, too."""
_CAPACITY_TYPES = {"ON_DEMAND": "on-demand", "SPOT": "spot", "CAPACITY_BLOCK": "reserved"}
"""A node group's capacity type in the EKS API, and in Karpenter."""


@dataclass(frozen=True)
class NodeSet:
    """The nodes of a NodePool or of a managed node group.

    Values that an engine's preview does not know are empty.
    """

    resource: Resource
    kind: str
    """`NodePool` or `node group`."""
    name: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    """Taints that a node keeps."""
    startup_taints: tuple[Taint, ...]
    """Startup taints, until an agent removes them."""
    requirements: tuple[Requirement, ...]
    """Requirements that determine further labels of a node. Of a node group: architecture, zones,
    instance types."""
    capacity_types: tuple[str, ...]
    """`spot`, `on-demand` or both."""
    one_zone: bool
    template: NodeTemplate | None
    """None if the plan does not create it."""
    is_known: bool = True
    """False where an engine's first preview does not know what a NodePool's nodes are."""
    limits: Mapping[str, Any] = field(default_factory=dict)
    """Quantities of `cpu`, `memory` and `nodes`, as far as they are limited."""
    is_scaled: bool = False
    """Whether Cluster Autoscaler sets the size of a node group."""
    min_nodes: int = 0
    weight: int = 0
    """Weight of a NodePool: Karpenter tries the highest first."""

    @property
    def pool(self) -> str:
        """Name of the pool, empty without its label."""
        return str(self.labels.get(POOL_LABEL, ""))

    @property
    def is_system(self) -> bool:
        return self.pool == SYSTEM_POOL

    @property
    def is_drivers(self) -> bool:
        return self.pool == DRIVER_POOL or self.labels.get(TIER_LABEL) == _DRIVER_TIER

    @property
    def is_on_demand(self) -> bool:
        """Whether no node is Spot."""
        return self.capacity_types == ("on-demand",)

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones that nodes are bound to; empty for all, or where they are not known."""
        return self.values_of(ZONE)

    @property
    def architectures(self) -> tuple[str, ...]:
        """`amd64`, `arm64` or both; empty where any is allowed."""
        return self.values_of(ARCH)

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Names of the instance types; of a NodePool families times sizes, existing or not."""
        sizes = self.values_of(_SIZE)
        return self.values_of(INSTANCE_TYPE) or tuple(
            f"{family}.{size}" for family in self.values_of(_FAMILY) for size in sizes
        )

    def values_of(self, key: str) -> tuple[str, ...]:
        """The values that the requirements list for a label; empty if they list none."""
        return listed(self.requirements, key)

    def limit(self, resource: str) -> Fraction | None:
        """Limit of all nodes together, in vCPU, bytes or nodes; None without a limit.

        Raises ValueError for a limit that is not a quantity.
        """
        value = self.limits.get(resource)
        return None if value is None else quantity.parse(value)


def node_sets(plan: Plan) -> list[NodeSet]:
    """All nodes that the plan creates, the node groups first."""
    return [*node_groups(plan), *node_pools(plan)]


def node_groups(plan: Plan) -> list[NodeSet]:
    """The managed node groups, without those that the program only reads."""
    removed = frozenset(_startup_taint_keys(plan))
    return [_node_group(plan, one, removed) for one in plan.by_type(GROUP) if not one.external]


def node_pools(plan: Plan) -> list[NodeSet]:
    return [_node_pool(plan, one) for one in plan.of_kind(NODE_POOL)]


def class_name(node_pool: Resource) -> str:
    """Name of the EC2NodeClass that a NodePool refers to."""
    return str(mapping(node_pool.inputs, "spec.template.spec.nodeClassRef").get("name") or "")


def _node_pool(plan: Plan, resource: Resource) -> NodeSet:
    spec = mapping(resource.inputs, "spec")
    template = mapping(spec, "template")
    nodes = mapping(template, "spec")
    requirements = requirements_of(nodes.get("requirements"))
    wanted = class_name(resource)
    classes = [one for one in plan.of_kind(NODE_CLASS) if one.object_name == wanted]
    return NodeSet(
        resource,
        kind=NODE_POOL,
        name=resource.object_name,
        labels=mapping(template, "metadata.labels"),
        taints=taints_of(nodes.get("taints")),
        startup_taints=taints_of(nodes.get("startupTaints")),
        requirements=requirements,
        capacity_types=listed(requirements, CAPACITY_TYPE),
        one_zone=len(listed(requirements, ZONE)) == 1,
        template=node_class(classes[0]) if classes else None,
        is_known=not any(
            isinstance(one, str) for one in (resource.inputs.get("spec"), spec.get("template"))
        ),
        limits=mapping(spec, "limits"),
        weight=_integer(spec.get("weight")),
    )


def _node_group(plan: Plan, resource: Resource, removed: frozenset[str]) -> NodeSet:
    inputs = resource.inputs
    taints = taints_of(inputs.get("taints"))
    scaling = mapping(inputs, "scalingConfig")
    parent = plan.get(resource.parent)
    limit = parent.outputs.get(MAX_NODES) if parent else None
    name = inputs.get("nodeGroupName") or inputs.get("nodeGroupNamePrefix") or resource.name
    capacity_type = inputs.get("capacityType") or "ON_DEMAND"
    templates = [
        one for one in inputs_from(resource, "launchTemplate", plan) if one.type == LAUNCH_TEMPLATE
    ]
    return NodeSet(
        resource,
        kind=NODE_GROUP,
        name=str(name).removesuffix("-"),
        labels=mapping(inputs, "labels"),
        # EKS keeps both kinds of taints in one list.
        taints=tuple(one for one in taints if one.key not in removed),
        startup_taints=tuple(one for one in taints if one.key in removed),
        requirements=tuple(_group_requirements(plan, resource)),
        capacity_types=tuple(name for key, name in _CAPACITY_TYPES.items() if key == capacity_type),
        one_zone=len(sequence(inputs.get("subnetIds"))) == 1,
        template=launch_template(templates[0]) if templates else None,
        limits={"nodes": most} if (most := limit or scaling.get("maxSize")) else {},
        is_scaled=limit is not None,
        min_nodes=_integer(scaling.get("minSize")),
    )


def _group_requirements(plan: Plan, group: Resource) -> Iterator[Requirement]:
    image = str(group.inputs.get("amiType", ""))
    for word, arch in (("ARM_64", "arm64"), ("x86_64", "amd64")):
        if word in image:
            yield Requirement(ARCH, "In", (arch,))
    if types := sequence(group.inputs.get("instanceTypes")):
        yield Requirement(INSTANCE_TYPE, "In", tuple(str(one) for one in types))
    subnets = [
        one for one in inputs_from(group, "subnetIds", plan) if one.type == "aws:ec2/subnet:Subnet"
    ]
    zones = sorted({str(one.inputs.get("availabilityZone")) for one in subnets})
    if zones and len(subnets) == len(sequence(group.inputs.get("subnetIds"))):
        yield Requirement(ZONE, "In", tuple(zones))


def _startup_taint_keys(plan: Plan) -> Iterator[str]:
    """Taints that Cluster Autoscaler is configured to ignore, because an agent removes them."""
    for release in plan.by_type(RELEASE):
        for key, value in mapping(release.inputs, "values.extraArgs").items():
            if key.partition("_")[0] == "startup-taint":
                yield str(value)


def _integer(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0
