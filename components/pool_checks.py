"""Checks of pools: names, limits, the drivers' zone, addresses for all nodes."""

from collections.abc import Sequence
from functools import partial

from components.base import Problems, below, names_of, sound
from components.instances import series_of
from components.names import DRIVER_POOL, SYSTEM_POOL
from components.pools import DriverPool, Pool, named_shapes

GIB_PER_VCPU, OTHER_GIB = {"m": 3.75, "r": 7.5}, 1.8
"""Memory per vCPU: the least of a series in EC2's figures, and of the other series."""
_ADDRESSES_PER_NODE = 33
"""One for the node, and two /28 prefixes: one in use and one warm (WARM_PREFIX_TARGET)."""


def check_pools(pools: Sequence[Pool], drivers: DriverPool) -> Problems:
    """Names, instance types and limits of the pools."""
    for index, pool in enumerate(pools):
        yield from below(f"pools[{index}]", sound(partial(_pool_name, pool, pools[:index])))
    for key, shape in named_shapes(pools, drivers).items():
        yield from below(key, sound(partial(_limits, shape)))


def _pool_name(pool: Pool, before: Sequence[Pool]) -> Problems:
    if pool.name in (DRIVER_POOL, SYSTEM_POOL) or pool.name.endswith(f"-{DRIVER_POOL}"):
        yield "name", f"'{pool.name}' is the name of nodes that are not executors'"
    if pool.name in names_of(before):
        yield "name", f"'{pool.name}' is used twice"


def _limits(shape: Pool | DriverPool) -> Problems:
    if shape.smallest_vcpus > shape.limits.cpu:
        yield "limits.cpu", f"{shape.limits.cpu} is below the smallest size's vCPU"
    per_vcpu = min(GIB_PER_VCPU.get(series_of(family), OTHER_GIB) for family in shape.families)
    if shape.smallest_vcpus * per_vcpu > shape.limits.memory_gib:
        yield "limits.memoryGiB", f"{shape.limits.memory_gib} is below the smallest node's memory"


def check_pool_zones(pools: Sequence[Pool], zones: Sequence[str]) -> Problems:
    """The zones of pools."""
    for index, pool in enumerate(pools):
        for number, zone in enumerate(pool.__dict__.get("zones") or ()):
            if zone not in zones:
                key = f"pools[{index}].zones[{number}]"
                yield key, f"'{zone}' is not one of the network's zones {', '.join(zones)}"


def check_zone(drivers: DriverPool, zones: Sequence[str]) -> Problems:
    """The drivers' zone."""
    if drivers.zone is not None and drivers.zone not in zones:
        yield (
            "drivers.zone",
            f"'{drivers.zone}' is not one of the network's zones {', '.join(zones)}",
        )


def check_addresses(
    pools: Sequence[Pool], drivers: DriverPool, *, system_nodes: int, cidr: str, addresses: int
) -> Problems:
    """Checks that the private subnets have addresses for all nodes within the limits."""
    # A pool with a bucket of its own has a drivers' pool of its own, with the same limits.
    driver_pools = len({pool.driver_pool for pool in pools})
    nodes = system_nodes + driver_pools * (drivers.limits.cpu // drivers.smallest_vcpus)
    nodes += sum(len(pool.tiers) * (pool.limits.cpu // pool.smallest_vcpus) for pool in pools)
    needed = nodes * _ADDRESSES_PER_NODE
    if needed > addresses:
        yield (
            "pools",
            f"limits allow {nodes} nodes, which need {needed} addresses; the private subnets of "
            f"network.cidr {cidr} hold {addresses}. Lower limits.cpu, drop the smallest sizes, or "
            "take a larger block",
        )
