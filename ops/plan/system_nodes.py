"""Whether the platform's own pods fit on the system nodes, also with one node fewer.

Two questions, each for every instance type that the group may launch:

- On all nodes that the group keeps (`minSize`): all pods, and one more of the largest workload. A
  Deployment's rollout starts a pod before it stops another (25 % of two replicas are one pod more
  and none less: kubernetes.io/docs/concepts/workloads/controllers/deployment).
- On one node fewer: one replica of each workload. The group replaces a lost node within minutes;
  until then nothing may be missing, and second replicas wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ops.plan.instances import InstanceType
from ops.plan.model import Plan
from ops.plan.node_capacity import NodeCapacity, node_capacities
from ops.plan.platform_pods import (
    CPU,
    DISK,
    MEMORY,
    PODS,
    Amounts,
    ClusterSize,
    PodGroup,
    platform_pods,
)
from ops.plan.quantity import GIB

_SCHEDULED = (CPU, MEMORY, PODS)
_MOST_NODES = 50


@dataclass(frozen=True)
class SystemNodes:
    """A system node group on one of its instance types, with the platform's pods."""

    capacity: NodeCapacity
    type: InstanceType
    groups: tuple[PodGroup, ...]

    @property
    def nodes(self) -> int:
        """Nodes that the group keeps."""
        return self.capacity.nodes.min_nodes

    @property
    def room(self) -> Amounts:
        """What one node has for pods, DaemonSets included."""
        return node_room(self.capacity, self.type)

    def needed(self, nodes: int) -> Amounts:
        """What all pods request on so many nodes."""
        return {
            key: sum(
                (
                    group.amounts[key] * (nodes if group.every_node else group.replicas)
                    for group in self.groups
                ),
                Fraction(0),
            )
            for key in (*_SCHEDULED, DISK)
        }

    def unplaced(self, nodes: int) -> list[str]:
        """The workloads without a place on so many nodes, with a rollout of the largest."""
        return _unplaced(self._rolling(), nodes, self.room, _SCHEDULED)

    def unplaced_after_loss(self, nodes: int) -> list[str]:
        """The workloads without any pod on one node fewer."""
        single = [replace(one, replicas=min(one.replicas, 1)) for one in self.groups]
        return _unplaced(single, nodes - 1, self.room, _SCHEDULED)

    def overfull_disks(self, nodes: int) -> list[str]:
        """The workloads whose `emptyDir` volumes, if full, have no place on the nodes' disks."""
        return _unplaced(self.groups, nodes, self.room, (DISK,)) if self.room[DISK] else []

    @property
    def least_nodes(self) -> int | None:
        """The smallest number of nodes of this type that carries all; None beyond 50."""
        for nodes in range(2, _MOST_NODES + 1):
            if not self.unplaced(nodes) and not self.unplaced_after_loss(nodes):
                return nodes
        return None

    def _rolling(self) -> list[PodGroup]:
        rolling = [one for one in self.groups if not one.every_node and not one.one_per_node]
        largest = max(rolling, key=lambda one: _share(one, self.room, _SCHEDULED), default=None)
        return [
            replace(one, replicas=one.replicas + 1) if one is largest else one
            for one in self.groups
        ]


def system_nodes(plan: Plan) -> list[SystemNodes]:
    """Every system node group of the plan on each of its types; types without figures are left
    out."""
    capacities = node_capacities(plan)
    size = cluster_size(capacities)
    return [
        SystemNodes(one, of, tuple(platform_pods(plan, one.nodes, size)))
        for one in capacities
        if one.nodes.is_system
        for of in one.types
    ]


def cluster_size(capacities: Sequence[NodeCapacity]) -> ClusterSize:
    """The cluster with all nodes that its limits allow, of the types that give most nodes."""
    nodes = vcpus = 0
    for one in capacities:
        counts = [(one.most_nodes(of) or 0, of.vcpus) for of in one.types]
        nodes += max((count for count, _ in counts), default=0)
        vcpus += max((count * each for count, each in counts), default=0)
    return ClusterSize(nodes, vcpus)


def node_room(capacity: NodeCapacity, of: InstanceType) -> Amounts:
    """What a node of this type has for pods; disk is 0 where its volumes are not known."""
    max_pods = capacity.max_pods(of)
    return {
        CPU: Fraction(of.free_cpu()),
        MEMORY: Fraction(of.free_memory_gib(max_pods)) * GIB,
        PODS: Fraction(max_pods),
        DISK: capacity.usable_disk(of),
    }


def _unplaced(
    groups: Sequence[PodGroup], nodes: int, room: Amounts, keys: Sequence[str]
) -> list[str]:
    """Names of the groups that do not fit: the fewest that any order of packing leaves out.

    First fit, largest first, by each resource and by the largest share. What this places can be
    placed; what it leaves out may, in rare cases, fit in another order.
    """
    orders = [(key,) for key in keys] + [tuple(keys)]
    return min((_packed(groups, nodes, room, keys, order) for order in orders), key=len)


def _packed(
    groups: Sequence[PodGroup],
    nodes: int,
    room: Amounts,
    keys: Sequence[str],
    order: Sequence[str],
) -> list[str]:
    daemons = [one for one in groups if one.every_node]
    free = {key: room[key] - sum(one.amounts[key] for one in daemons) for key in keys}
    if any(value < 0 for value in free.values()):
        return [one.name for one in daemons]
    left = [dict(free) for _ in range(nodes)]
    others = [one for one in groups if not one.every_node]
    others.sort(key=lambda one: (not one.one_per_node, -_share(one, room, order)))
    missing = []
    for group in others:
        nodes_left = list(left)
        for _ in range(group.replicas):
            place = next((one for one in nodes_left if _fits(group, one, keys)), None)
            if place is None:
                missing.append(group.name)
                break
            for key in keys:
                place[key] -= group.amounts[key]
            if group.one_per_node:
                nodes_left = [one for one in nodes_left if one is not place]
    return missing


def _fits(group: PodGroup, left: Amounts, keys: Sequence[str]) -> bool:
    return all(group.amounts[key] <= left[key] for key in keys)


def _share(group: PodGroup, room: Amounts, keys: Sequence[str]) -> Fraction:
    """The largest part of an empty node that one pod takes."""
    return max((group.amounts[key] / room[key] for key in keys if room[key]), default=Fraction(0))
