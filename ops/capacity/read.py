"""From a recorded plan to what the reckoning needs of it."""

from collections.abc import Sequence

from ops.capacity.measured import NODE, POD, Method
from ops.capacity.network import nat_gateways, pod_networking
from ops.capacity.nodes import NodeSet
from ops.capacity.start import Executor, Mix, Platform, fit
from ops.plan.errors import UserError
from ops.plan.model import Plan

_CSI_DRIVER = "s3.csi.aws.com"


class UnknownPool(UserError):
    """The stack has no such pool of executors, or none at all."""


def platform(plan: Plan, *, claims: int, image_gib: float) -> Platform:
    """What the plan says beside its nodes."""
    return Platform(
        networking=pod_networking(plan),
        method=_method(plan),
        mount_pod=bool(plan.of_kind("DaemonSet")),
        claims=claims,
        nat=nat_gateways(plan),
        karpenter=bool(plan.of_kind("NodePool")),
        image_gib=image_gib,
    )


def executor_pools(sets: Sequence[NodeSet]) -> dict[str, list[NodeSet]]:
    """The pools of executors by name, each with its rungs, the one tried first at the front."""
    pools: dict[str, list[NodeSet]] = {}
    for one in sets:
        if not one.is_system and not one.is_drivers:
            pools.setdefault(one.pool, []).append(one)
    return pools


def choose(sets: Sequence[NodeSet], name: str) -> list[NodeSet]:
    """The rungs of the pool; without a name the pool that is first in the alphabet.

    Raises UnknownPool, with the names that there are.
    """
    pools = executor_pools(sets)
    if not name and pools:
        return pools[min(pools)]
    if name not in pools:
        there = ", ".join(sorted(pools)) or "none: the nodes are not this plan's"
        raise UnknownPool(f"--pool {name}: is not a pool of executors; the pools are: {there}")
    return pools[name]


def mixes(rungs: Sequence[NodeSet], executor: Executor, beside: Platform) -> list[Mix]:
    """The smallest and the largest type on which an executor fits, the less roomy of equals.

    Empty where it fits on none.
    """
    found = [
        Mix(rung, one, count)
        for rung in rungs
        for one in rung.types
        if (count := fit(rung, one, executor, beside))
    ]
    if not found:
        return []
    smallest = min(found, key=lambda mix: (mix.type.vcpus, mix.per_node, mix.name))
    largest = max(found, key=lambda mix: (mix.type.vcpus, -mix.per_node, mix.name))
    return [smallest] if smallest.type.vcpus == largest.type.vcpus else [smallest, largest]


def _method(plan: Plan) -> Method | None:
    volumes = [one.inputs["spec"] for one in plan.of_kind("PersistentVolume")]
    if any(one.get("csi", {}).get("driver") == _CSI_DRIVER for one in volumes):
        return POD
    return NODE if any("hostPath" in one for one in volumes) else None
