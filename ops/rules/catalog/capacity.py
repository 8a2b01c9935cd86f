"""Capacity: the platform's own pods fit on the system nodes, and volumes on the nodes' disks."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from ops.plan.jar_caches import caches_on
from ops.plan.model import Plan
from ops.plan.node_capacity import node_capacities
from ops.plan.platform_pods import CPU, DISK, MEMORY
from ops.plan.quantity import GIB
from ops.plan.system_nodes import SystemNodes, system_nodes
from ops.rules.rule import Severity, Violation, rule

_SHOWN = 3
"""Workloads that a message names."""


@rule(
    reason="A pod of the platform without a place stays Pending, and no autoscaler adds system "
    "nodes. A rollout starts a pod before it stops another, and a lost node is replaced within "
    "minutes: until then one replica of each workload must run.",
    source="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
    "#how-pods-with-resource-requests-are-scheduled",
    offline_only=True,
)
def system_nodes_fit(plan: Plan) -> Iterator[Violation]:
    """The system nodes hold all pods of the platform and a rollout, and one replica of each with a
    node lost, at the limits of all pools."""
    for nodes in system_nodes(plan):
        if missing := nodes.unplaced(nodes.nodes):
            yield _too_small(nodes, missing, f"{nodes.nodes} {nodes.type.name} nodes")
        elif missing := nodes.unplaced_after_loss(nodes.nodes):
            left = f"the {nodes.nodes - 1} {nodes.type.name} left when a node is lost"
            yield _too_small(nodes, missing, left)


@rule(
    reason="A volume on a node's disk is limited, not reserved: when the disk is full, the kubelet "
    "evicts pods.",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
    offline_only=True,
)
def disks_hold_volumes(plan: Plan) -> Iterator[Violation]:
    """A node's disk holds the volumes of the platform's pods at their limits: on system nodes the
    History Servers', on Spark's nodes the JAR caches of all teams that run there."""
    for nodes in system_nodes(plan):
        if missing := nodes.overfull_disks(nodes.nodes):
            needed, room = nodes.needed(nodes.nodes)[DISK], nodes.room[DISK]
            yield Violation(
                nodes.capacity.nodes.resource,
                f"disk of {nodes.type.name}",
                f"has no disk for {_names(missing)}: emptyDir volumes of {_gib(needed)} in all, "
                f"and {nodes.nodes} nodes have {_gib(room)} each. Raise systemNodes.diskGiB",
            )
    for one in node_capacities(plan):
        caches = caches_on(plan, one.nodes)
        for of in one.types:
            if 0 < one.usable_disk(of) < caches:
                yield Violation(
                    one.nodes.resource,
                    "caches",
                    f"has {_gib(one.usable_disk(of))} of disk for pods on {of.name}, and the JAR "
                    f"caches of its teams may take {_gib(caches)}: raise the pool's diskGiB, or "
                    "lower jarMount.cacheMiB",
                )
                break


@rule(
    severity=Severity.warning,
    reason="EC2 has a Spot pool for each instance type and zone: in one zone fewer can be "
    "empty before executors wait or fall back to On-Demand.",
    source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html",
    offline_only=True,
)
def spot_in_one_zone(plan: Plan) -> Iterator[Violation]:
    """Executors' Spot nodes may be in more than one zone."""
    for one in node_capacities(plan):
        if one.is_spot and one.nodes.one_zone:
            zone = ", ".join(one.nodes.zones) or "one zone"
            text = f"has {len(one.types)} Spot pools, all in {zone}: add zones, families or sizes"
            yield Violation(one.nodes.resource, "zones", text)


def _too_small(nodes: SystemNodes, missing: Sequence[str], where: str) -> Violation:
    needed, room = nodes.needed(nodes.nodes), nodes.room
    least = nodes.least_nodes
    more = f"set systemNodes.minSize to {least}, or " if least else ""
    text = (
        f"has no place for {_names(missing)} on {where}: all pods request {float(needed[CPU]):.1f} "
        f"vCPU and {_gib(needed[MEMORY])}, a node has {float(room[CPU]):.1f} and "
        f"{_gib(room[MEMORY])}; {more}take larger systemNodes.instanceTypes"
    )
    return Violation(nodes.capacity.nodes.resource, nodes.type.name, text)


def _names(missing: Sequence[str]) -> str:
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return f"{', '.join(missing[:_SHOWN])}{more}"


def _gib(amount: Fraction) -> str:
    return f"{float(amount) / GIB:.1f} GiB"
