"""The nodes that a plan allows: each NodePool and node group with its types, limits and disks."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.capacity.instances import InstanceType, families, lookup
from ops.plan.model import Plan, Resource
from ops.plan.nodes import POOL_LABEL, SYSTEM_POOL, NodeKind, node_groups, node_pools

_GROUP_PODS, _LARGE_GROUP_PODS, _LARGE_VCPUS = 110, 250, 30
_KARPENTER = "karpenter.k8s.aws"


@dataclass(frozen=True)
class NodeSet:
    """One NodePool or managed node group.

    `missing` are types that it names and EC2's figures lack. A limit that it does not have is None.
    """

    name: str
    pool: str
    kind: str
    spot: bool
    types: tuple[InstanceType, ...]
    missing: tuple[str, ...]
    zones: tuple[str, ...]
    disks_gib: tuple[int, ...]
    max_cpu: int | None = None
    max_memory_gib: float | None = None
    max_nodes: int | None = None
    given_max_pods: int | None = None
    weight: int = 0

    @property
    def is_system(self) -> bool:
        """Whether the platform's own pods run here, and no executor."""
        return self.pool == SYSTEM_POOL

    @property
    def is_drivers(self) -> bool:
        """Whether drivers run here."""
        return self.pool == "drivers" or self.pool.endswith("-drivers")

    def most_nodes(self, of: InstanceType) -> int | None:
        """How many nodes of one type the limits allow; None where nothing limits them."""
        limits = [self.max_nodes] if self.max_nodes is not None else []
        if self.max_cpu is not None:
            limits.append(self.max_cpu // of.vcpus)
        if self.max_memory_gib is not None:
            limits.append(math.floor(self.max_memory_gib / of.memory_gib))
        return min(limits, default=None)

    def max_pods(self, of: InstanceType) -> int:
        """Pod places of one node: as given, else as EKS or Karpenter choose them.

        Sources: docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html (110, and 250
        from 30 vCPU); github.com/aws/karpenter-provider-aws pkg/providers/instancetype/types.go.
        """
        if self.given_max_pods is not None:
            return self.given_max_pods
        if self.kind == "NodePool":
            return of.interface_limited_pods()
        return _LARGE_GROUP_PODS if of.vcpus >= _LARGE_VCPUS else _GROUP_PODS


def node_sets(plan: Plan) -> tuple[NodeSet, ...]:
    """Every NodePool and managed node group of the plan, heaviest first, then by name."""
    found = [_node_pool(plan, one) for one in node_pools(plan)]
    found += [_node_group(plan, one) for one in node_groups(plan)]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.name)))


def _node_pool(plan: Plan, kind: NodeKind) -> NodeSet:
    name, spec = kind.resource.object_name, kind.resource.inputs["spec"]
    types, missing = _types(
        kind.values.get(f"{_KARPENTER}/instance-family", ()),
        kind.values.get(f"{_KARPENTER}/instance-size", ()),
        kind.values.get("kubernetes.io/arch", ()),
    )
    wanted = spec["template"]["spec"]["nodeClassRef"]["name"]
    classes = [one for one in plan.of_kind("EC2NodeClass") if one.object_name == wanted]
    node_class: Mapping[str, Any] = classes[0].inputs["spec"] if classes else {}
    limits = spec.get("limits", {})
    return NodeSet(
        name=name,
        pool=kind.labels.get(POOL_LABEL, name),
        kind="NodePool",
        spot="spot" in kind.values.get("karpenter.sh/capacity-type", ()),
        types=types,
        missing=missing,
        zones=kind.values.get("topology.kubernetes.io/zone", ()),
        disks_gib=tuple(
            int(_gib(one["ebs"]["volumeSize"])) for one in node_class.get("blockDeviceMappings", [])
        ),
        max_cpu=int(limits["cpu"]) if "cpu" in limits else None,
        max_memory_gib=_gib(limits["memory"]) if "memory" in limits else None,
        max_nodes=int(limits["nodes"]) if "nodes" in limits else None,
        given_max_pods=node_class.get("kubelet", {}).get("maxPods"),
        weight=spec.get("weight", 0),
    )


def _node_group(plan: Plan, kind: NodeKind) -> NodeSet:
    resource, inputs = kind.resource, kind.resource.inputs
    types, missing = lookup(inputs["instanceTypes"])
    name = str(inputs.get("nodeGroupNamePrefix", resource.name)).removesuffix("-")
    return NodeSet(
        name=name,
        pool=kind.labels.get(POOL_LABEL, name),
        kind="node group",
        spot=inputs.get("capacityType") == "SPOT",
        types=tuple(types),
        missing=tuple(f"{one}: EC2's figures do not have it" for one in missing),
        zones=_zones(plan, resource),
        disks_gib=_template_disks(plan, resource),
        max_nodes=inputs["scalingConfig"]["maxSize"],
    )


def _types(
    wanted: Sequence[str], sizes: Sequence[str], arches: Sequence[str]
) -> tuple[tuple[InstanceType, ...], tuple[str, ...]]:
    """Families times sizes, as far as they exist."""
    found, absent = lookup([f"{family}.{size}" for family in wanted for size in sizes])
    unknown = {family for family in wanted if family not in families()}
    missing = [f"{family}: EC2's figures do not have the family" for family in sorted(unknown)]
    missing += [
        f"{name}: there is no such size" for name in absent if name.split(".")[0] not in unknown
    ]
    return tuple(one for one in found if not arches or one.arch in arches), tuple(missing)


def _template_disks(plan: Plan, group: Resource) -> tuple[int, ...]:
    urns = group.options.property_dependencies.get("launchTemplate", ())
    templates = [plan.get(urn) for urn in urns if "launchTemplate:LaunchTemplate" in urn]
    return tuple(
        int(mapping["ebs"]["volumeSize"])
        for template in templates
        if template is not None
        for mapping in template.inputs.get("blockDeviceMappings", [])
    )


def _zones(plan: Plan, group: Resource) -> tuple[str, ...]:
    """The zones of a group's subnets, where the plan makes them."""
    urns = group.options.property_dependencies.get("subnetIds", ())
    subnets = [found for urn in urns if (found := plan.get(urn)) is not None]
    return tuple(sorted(one.inputs["availabilityZone"] for one in subnets))


def _gib(quantity: str) -> float:
    """A memory or disk size of the plan (`512Gi`, `16Ti`) in GiB. Raises ValueError for others."""
    match = re.fullmatch(r"([0-9]+)(Gi|Ti)", quantity)
    if match is None:
        raise ValueError(f"{quantity!r} is not a size such as 512Gi")
    return int(match[1]) * (1024 if match[2] == "Ti" else 1)
