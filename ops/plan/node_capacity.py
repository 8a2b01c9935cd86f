"""How many nodes a plan allows: each NodePool and node group with EC2's figures of its types."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ops.plan.instances import InstanceType, families, lookup
from ops.plan.model import Plan
from ops.plan.nodes import NODE_POOL, NodeSet, node_sets
from ops.plan.quantity import GIB, MIB
from ops.plan.values import at

_DISK_EVICTION, _DISK_RESERVED = Fraction(1, 10), GIB
_GROUP_PODS, _LARGE_GROUP_PODS, _LARGE_VCPUS = 110, 250, 30
_DISK_EVICTION, _DISK_RESERVED = Fraction(1, 10), GIB
"""Free disk below which the kubelet evicts pods, and kube-reserved."""


@dataclass(frozen=True)
class NodeCapacity:
    """A NodePool or managed node group, and the instance types that it can launch."""

    nodes: NodeSet
    types: tuple[InstanceType, ...]
    missing: tuple[str, ...]
    """Types that it lists and that have no EC2 figures."""

    @property
    def name(self) -> str:
        return self.nodes.name

    @property
    def pool(self) -> str:
        """Name of its pool; its own name without a pool label."""
        return self.nodes.pool or self.nodes.name

    @property
    def is_spot(self) -> bool:
        return "spot" in self.nodes.capacity_types

    @property
    def max_nodes(self) -> int | None:
        limit = self.nodes.limit("nodes")
        return None if limit is None else math.floor(limit)

    @property
    def disks_gib(self) -> tuple[int, ...]:
        volumes = self.nodes.template.volumes if self.nodes.template else ()
        return tuple(int(one.size_gib) for one in volumes if one.size_gib is not None)

    def disk_bytes(self, of: InstanceType) -> Fraction:
        """The disk of one node for images and pods: its instance store if it is pooled, else its
        largest volume; 0 where that is not known."""
        template = self.nodes.template
        policy = at(template.resource.inputs, "spec.instanceStorePolicy") if template else None
        if of.local_gb and policy == "RAID0":
            return Fraction(of.local_gb * 10**9)
        return Fraction(max(self.disks_gib, default=0)) * GIB

    def usable_disk(self, of: InstanceType) -> Fraction:
        """Bytes of that disk before the kubelet evicts pods, images included.

        Source: github.com/aws/karpenter-provider-aws pkg/providers/instancetype/types.go.
        """
        return max(Fraction(0), self.disk_bytes(of) * (1 - _DISK_EVICTION) - _DISK_RESERVED)

    def most_nodes(self, of: InstanceType) -> int | None:
        """How many nodes of one type the limits allow; None without a limit."""
        cpu, memory = self.nodes.limit("cpu"), self.nodes.limit("memory")
        limits = [self.max_nodes] if self.max_nodes is not None else []
        if cpu is not None:
            limits.append(math.floor(cpu / of.vcpus))
        if memory is not None:
            limits.append(math.floor(memory / MIB / of.memory_mib))
        return min(limits, default=None)

    def max_pods(self, of: InstanceType) -> int:
        """Pods that kubelet allows on one node: as configured, else the default of EKS or
        Karpenter.

        Sources: docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html (110, and 250
        from 30 vCPU); github.com/aws/karpenter-provider-aws pkg/providers/instancetype/types.go.
        """
        configured = self.nodes.template.max_pods if self.nodes.template else None
        if configured is not None:
            return configured
        if self.nodes.kind == NODE_POOL:
            return of.interface_limited_pods()
        return _LARGE_GROUP_PODS if of.vcpus >= _LARGE_VCPUS else _GROUP_PODS


def node_capacities(plan: Plan) -> tuple[NodeCapacity, ...]:
    """Every NodePool and managed node group of the plan, heaviest first, then by name."""
    found = []
    for nodes in node_sets(plan):
        types, absent = lookup(list(nodes.instance_types))
        allowed = tuple(
            one for one in types if not nodes.architectures or one.arch in nodes.architectures
        )
        found.append(NodeCapacity(nodes, allowed, tuple(_missing(absent))))
    return tuple(sorted(found, key=lambda one: (-one.nodes.weight, one.name)))


def _missing(names: Sequence[str]) -> list[str]:
    unknown = {name.partition(".")[0] for name in names} - families()
    lines = [f"{family}: EC2's figures do not have the family" for family in sorted(unknown)]
    return lines + [
        f"{name}: there is no such size" for name in names if name.split(".")[0] not in unknown
    ]
