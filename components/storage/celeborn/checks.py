"""Checks of Celeborn against teams and pools."""

from collections.abc import Sequence

from components.base import Problems, below, sound
from components.formats import seconds
from components.instances import SIZES, series_of, vcpus_of
from components.pool_checks import GIB_PER_VCPU, OTHER_GIB
from components.pools import Pool, default_pool
from components.spark.team import TeamSettings
from components.storage.celeborn.settings import CelebornSettings

_ROOT_GIB = 30
"""Of the root volume, for the operating system and images."""
_KEY = "storage.celeborn"


def check_celeborn(
    celeborn: CelebornSettings,
    teams: Sequence[TeamSettings],
    pools: Sequence[Pool],
    *,
    karpenter: bool,
) -> Problems:
    """The pool of masters and workers is their own, lasts, and holds a worker. Only Karpenter ends
    pods at terminationGracePeriod; Cluster Autoscaler takes no node from pods that are not safe to
    evict."""
    used = any(team.__dict__.get("shuffle") == "celeborn" for team in teams)
    if not used:
        yield from below(_KEY, celeborn.without_effect("without a team with shuffle: celeborn"))
        return
    names = [pool.__dict__.get("name") for pool in pools]
    if celeborn.pool is None:
        yield (
            f"{_KEY}.pool",
            "is not set, and a team has shuffle: celeborn; name an entry of pools with "
            "capacityTypes: [on-demand] that no team uses",
        )
        return
    if celeborn.pool not in names:
        listed = ", ".join(str(name) for name in names) or "no pools"
        yield f"{_KEY}.pool", f"'{celeborn.pool}' is not one of {listed}"
        return
    index = names.index(celeborn.pool)
    for team in teams:
        if (team.__dict__.get("pool") or default_pool(pools)) == celeborn.pool:
            yield f"{_KEY}.pool", f"'{celeborn.pool}' is the pool of team {team.name}'s executors"
    yield from sound(lambda: _pool(celeborn, pools[index], f"pools[{index}]", karpenter))


def _pool(celeborn: CelebornSettings, pool: Pool, key: str, karpenter: bool) -> Problems:
    whose = "the pool of Celeborn's workers, whose files jobs need"
    if pool.capacity_types != ["on-demand"]:
        yield f"{key}.capacityTypes", f"{pool.capacity_types} is not [on-demand]; this is {whose}"
    if pool.expire_after != "Never":
        yield f"{key}.expireAfter", f"'{pool.expire_after}' is not Never; this is {whose}"
    if karpenter and seconds(pool.termination_grace_period) < celeborn.grace_seconds:
        minutes = -(-celeborn.grace_seconds // 60)
        yield (
            f"{key}.terminationGracePeriod",
            f"'{pool.termination_grace_period}' is shorter than a worker's drain; at least "
            f"{minutes}m with {_KEY}.drainMinutes {celeborn.drain_minutes}",
        )
    if not any(
        vcpus_of(size) > celeborn.cpu
        and vcpus_of(size) * GIB_PER_VCPU.get(series_of(family), OTHER_GIB) > celeborn.memory_gib
        for family in pool.families
        for size in set(pool.sizes) & set(SIZES[family])
    ):
        yield (
            f"{key}.sizes",
            f"none holds a worker of {celeborn.cpu} vCPU and {celeborn.memory_gib} GiB",
        )
    if not pool.uses_instance_store and celeborn.disk_gib > pool.disk_gib - _ROOT_GIB:
        yield (
            f"{key}.diskGiB",
            f"{pool.disk_gib} is too small for {_KEY}.diskGiB {celeborn.disk_gib} and "
            f"{_ROOT_GIB} GiB for the node; at least {celeborn.disk_gib + _ROOT_GIB}, or "
            "families with instance store",
        )
