"""The figures of a plan that do not depend on the node type, its pools of executors, and the types
that executors fit on."""

from collections.abc import Sequence

from ops.capacity.measured import NODE, POD, Method
from ops.capacity.network import nat_gateways, pod_networking
from ops.capacity.nodes import NodeCapacity
from ops.capacity.start import Executor, NodeFit, Platform, executors_per_node
from ops.plan.errors import UserError
from ops.plan.model import Plan
from ops.plan.workloads import pods

_CSI_DRIVER = "s3.csi.aws.com"


class UnknownPool(UserError):
    """The stack has no pool of executors, or none of this name."""


def platform(plan: Plan, *, claims: int, image_gib: float) -> Platform:
    """The platform of the plan, with the request's claims and image."""
    return Platform(
        networking=pod_networking(plan),
        method=_method(plan),
        mount_pod=any(pod.kind == "DaemonSet" for pod in pods(plan)),
        claims=claims,
        nat=nat_gateways(plan),
        karpenter=bool(plan.of_kind("NodePool")),
        image_gib=image_gib,
    )


def executor_pools(nodes: Sequence[NodeCapacity]) -> dict[str, list[NodeCapacity]]:
    """The pools of executors by name, each with its nodes in the order of their weight."""
    pools: dict[str, list[NodeCapacity]] = {}
    for one in nodes:
        if not one.nodes.is_system and not one.nodes.is_drivers:
            pools.setdefault(one.pool, []).append(one)
    return pools


def pool_nodes(nodes: Sequence[NodeCapacity], name: str) -> list[NodeCapacity]:
    """The nodes of a pool; without a name those of the first pool by name.

    Raises UnknownPool with the names of the pools.
    """
    pools = executor_pools(nodes)
    if not name and pools:
        return pools[min(pools)]
    if name not in pools:
        there = ", ".join(sorted(pools)) or "none: the stack creates no nodes for executors"
        raise UnknownPool(f"--pool {name}: is not a pool of executors; the pools are: {there}")
    return pools[name]


def node_fits(
    nodes: Sequence[NodeCapacity], executor: Executor, platform: Platform
) -> list[NodeFit]:
    """The smallest and the largest type on which an executor fits; of types with as many vCPU the
    one that takes fewer executors. Empty if it fits on none.
    """
    found = [
        NodeFit(one, of, count)
        for one in nodes
        for of in one.types
        if (count := executors_per_node(one, of, executor, platform))
    ]
    if not found:
        return []
    smallest = min(found, key=lambda fit: (fit.type.vcpus, fit.per_node, fit.name))
    largest = max(found, key=lambda fit: (fit.type.vcpus, -fit.per_node, fit.name))
    return [smallest] if smallest.type.vcpus == largest.type.vcpus else [smallest, largest]


def _method(plan: Plan) -> Method | None:
    volumes = [one.inputs["spec"] for one in plan.of_kind("PersistentVolume")]
    if any(one.get("csi", {}).get("driver") == _CSI_DRIVER for one in volumes):
        return POD
    return NODE if any("hostPath" in one for one in volumes) else None
