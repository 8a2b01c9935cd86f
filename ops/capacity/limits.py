"""Which limits a plan reaches, and with how many executors; the first to be exceeded first."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ops.capacity import quotas
from ops.capacity.network import Subnet
from ops.capacity.quotas import Quota
from ops.capacity.registries import PULL_LIMITS, Registry
from ops.capacity.start import (
    Executor,
    NodeFit,
    Platform,
    demand,
    disk,
    executors_per_node,
    node_pods,
)
from ops.plan.node_capacity import NodeCapacity
from ops.plan.nodes import NODE_GROUP

_MOST = 10_000_000
_SYSTEM_PODS = 16
"""Pods with an address on a system node, assumed: CoreDNS, Karpenter, controllers of volumes."""


class Severity(StrEnum):
    """`error` where the stack contradicts itself, `warning` where it exceeds an account's limit."""

    error = "error"
    warning = "warning"
    ok = "ok"


@dataclass(frozen=True)
class LimitCheck:
    """One limit: the amount needed, the amount allowed, and how many executors exceed it.

    `exceeded_at` is the smallest such number, None if no number of executors exceeds it.
    """

    quota: Quota
    needed: float
    allowed: float
    severity: Severity
    exceeded_at: int | None
    note: str = ""


@dataclass(frozen=True)
class Scenario:
    """A plan's nodes and subnets, the nodes of the chosen pool, an executor, own quotas."""

    nodes: Sequence[NodeCapacity]
    pool_nodes: Sequence[NodeCapacity]
    subnets: Sequence[Subnet]
    platform: Platform
    executor: Executor
    quotas: Mapping[str, float]

    def limit(self, quota: Quota) -> float:
        """The account's value if known, else the default."""
        return self.quotas.get(quota.key, quota.default)


Amount = Callable[[int], float]
"""The amount that so many executors need; it never decreases with more executors."""


def executor_limits(
    executors: int, fits: Sequence[NodeFit], scenario: Scenario
) -> list[LimitCheck]:
    """The limits that depend on the executors, the first to be exceeded first."""
    found = []
    for quota, amount, allowed, note in _amounts(fits, scenario):
        needed = amount(executors)
        severity = Severity.warning if needed > allowed else Severity.ok
        # The smallest number of executors that needs more than is allowed.
        at = bisect_right(range(_MOST), allowed, key=amount)
        exceeded_at = None if at == _MOST else at
        found.append(LimitCheck(quota, needed, allowed, severity, exceeded_at, note))
    return sorted(
        found, key=lambda one: (one.exceeded_at is None, one.exceeded_at or 0, one.quota.key)
    )


def plan_limits(scenario: Scenario) -> list[LimitCheck]:
    """The limits that the plan reaches with all nodes that its pools allow."""
    found: list[LimitCheck] = []
    if scenario.subnets:
        needed = sum(most_addresses(one, scenario) for one in scenario.nodes)
        usable = sum(one.usable for one in scenario.subnets)
        found.append(_subnets(needed, usable, "all nodes that the pools allow"))
    for zone in sorted({one.zone for one in scenario.subnets}):
        bound = [one for one in scenario.nodes if one.nodes.zones == (zone,)]
        usable = sum(one.usable for one in scenario.subnets if one.zone == zone)
        if bound:
            names = ", ".join(one.name for one in bound)
            needed = sum(most_addresses(one, scenario) for one in bound)
            found.append(_subnets(needed, usable, f"in {zone} alone: {names}"))
    groups = [one for one in scenario.nodes if one.nodes.kind == NODE_GROUP]
    largest = max((one.max_nodes or 0 for one in groups), default=0)
    for quota, needed in ((quotas.GROUPS, len(groups)), (quotas.GROUP_NODES, largest)):
        if groups:
            allowed = scenario.limit(quota)
            severity = Severity.warning if needed > allowed else Severity.ok
            found.append(LimitCheck(quota, needed, allowed, severity, None))
    return found


def most_addresses(one: NodeCapacity, scenario: Scenario) -> int:
    """Addresses of nodes at their limits, of the type that needs the most addresses."""
    return max((nodes * each for _, nodes, each in sizes(one, scenario)), default=0)


def sizes(one: NodeCapacity, scenario: Scenario) -> list[tuple[str, int, int]]:
    """Each type with the number of nodes within the limits, and the addresses of one node."""
    platform = scenario.platform
    with_address = node_pods(platform).with_address
    found = []
    for of in one.types:
        # As many drivers fit on a node as executors; 16 of the platform's own on a system node.
        fitting = executors_per_node(one, of, scenario.executor, platform)
        pods = _SYSTEM_PODS if one.nodes.is_system else with_address + fitting
        nodes = one.most_nodes(of)
        if nodes is not None:
            found.append((of.name, nodes, platform.networking.addresses(of, pods)))
    return found


def most_executors(pool_nodes: Sequence[NodeCapacity], scenario: Scenario) -> int:
    """The executors that fit on all nodes of a pool, on the types that run most executors."""
    return sum(
        max(
            (
                executors_per_node(one, of, scenario.executor, scenario.platform)
                * (one.most_nodes(of) or 0)
                for of in one.types
            ),
            default=0,
        )
        for one in pool_nodes
    )


def _amounts(fits: Sequence[NodeFit], scenario: Scenario) -> list[tuple[Quota, Amount, float, str]]:
    platform, pool = scenario.platform, scenario.pool_nodes

    def most(key: str, plus: float = 0) -> Amount:
        return lambda n: max(demand(n, fit, platform).get(key, 0) for fit in fits) + plus

    system = sum(
        max(of.vcpus for of in one.types) * (one.max_nodes or 0)
        for one in scenario.nodes
        if one.nodes.is_system and one.types
    )
    rows: list[tuple[Quota, Amount, str]] = [
        (quotas.GP3_STORAGE, most("disk-tib"), ""),
        (quotas.INTERFACES, most("interfaces"), ""),
        (quotas.ADDRESS_USAGE, most("usage-units"), ""),
        (quotas.NODES, most("nodes"), ""),
        (quotas.PODS, most("pods"), ""),
        (quotas.LAUNCH_BURST, most("nodes"), "slower from here on, not refused"),
        (quotas.ADDRESS_CALLS, most("address-calls"), "slower from here on, not refused"),
    ]
    if any(one.is_spot for one in pool):
        rows.append((quotas.SPOT_VCPUS, most("vcpus"), ""))
    if any(not one.is_spot for one in pool):
        note = "without any Spot capacity, with all system nodes"
        rows.append((quotas.ON_DEMAND_VCPUS, most("vcpus", system), note))
    if platform.method is not None:
        rows.append((quotas.S3_READS, most("s3-rate"), "all nodes at the same moment"))
    if platform.nat and platform.registry is not Registry.ecr:
        rows.append((quotas.NAT_CONNECTIONS, most("nat-connections"), "one image, not from ECR"))
    pulls = {key for fit in fits for key in demand(1, fit, platform)} & set(PULL_LIMITS)
    rows += [(PULL_LIMITS[key][0], most(key), PULL_LIMITS[key][1]) for key in sorted(pulls)]
    ceiling = float(most_executors(pool, scenario))
    usable = sum(one.usable for one in scenario.subnets)
    own: list[tuple[Quota, Amount, float, str]] = [
        (quotas.POOL_LIMITS, float, ceiling, "all its nodes, of the types that take most executors")
    ]
    if scenario.subnets:
        own.append((quotas.SUBNETS, most("addresses"), usable, "this pool's nodes alone"))
    if platform.dns is not None:
        note = "slower from here on; its replicas stay at autoScaling.maxReplicas"
        own.append((quotas.DNS_REPLICAS, most("dns-replicas"), platform.dns.most, note))
        forwarded = platform.dns.nodes * scenario.limit(quotas.VPC_DNS)
        note = f"all in one second, none cached, CoreDNS on {platform.dns.nodes} nodes"
        own.append((quotas.VPC_DNS, most("dns-forwarded"), forwarded, note))
    if disks := [fit for fit in fits if disk(1, fit, platform)]:
        note = "limits, not reserved: a full disk evicts pods; raise diskGiB"
        own.append((quotas.NODE_DISK, _disk_percent(disks, platform), 100, note))
    return own + [(quota, amount, scenario.limit(quota), note) for quota, amount, note in rows]


def _disk_percent(fits: Sequence[NodeFit], platform: Platform) -> Amount:
    """The fullest disk of one node."""

    def percent(executors: int) -> float:
        found = [disk(executors, fit, platform) for fit in fits]
        return max(100 * one["node-disk"] / one["node-disk-room"] for one in found)

    return percent


def _subnets(needed: float, usable: float, note: str) -> LimitCheck:
    severity = Severity.error if needed > usable else Severity.ok
    return LimitCheck(quotas.SUBNETS, needed, usable, severity, None, note)
