"""Which limits a plan meets, and with how many executors: the first one first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ops.capacity import quotas
from ops.capacity.network import Subnet
from ops.capacity.nodes import NodeSet
from ops.capacity.quotas import Quota, limit_of
from ops.capacity.start import Executor, Mix, Platform, daemon_pods, demand, fit

_MOST = 10_000_000
_SYSTEM_PODS = 16
"""Pods with an address on a system node, assumed: CoreDNS, Karpenter, controllers of volumes."""


class Severity(StrEnum):
    """`error` where the stack contradicts itself, `warning` where an account's limit is met."""

    error = "error"
    warning = "warning"
    ok = "ok"


@dataclass(frozen=True)
class Met:
    """One limit: what is asked of it, what it allows, and the executors with which it is met.

    `at` is None where executors do not move it, or more of them than anyone has would be needed.
    """

    quota: Quota
    asked: float
    allowed: float
    severity: Severity
    at: int | None
    note: str = ""


@dataclass(frozen=True)
class Case:
    """What is weighed: a plan's nodes and subnets, the pool's rungs, an executor, own quotas."""

    sets: Sequence[NodeSet]
    rungs: Sequence[NodeSet]
    subnets: Sequence[Subnet]
    platform: Platform
    executor: Executor
    quotas: Mapping[str, float]

    def limit(self, quota: Quota) -> float:
        """The account's value where it is given, the default otherwise."""
        return limit_of(quota, self.quotas)


Amount = Callable[[int], float]


def met(executors: int, found: Sequence[Mix], case: Case) -> list[Met]:
    """The limits that executors move, the first to be met first."""
    result = [
        _met(quota, executors, amount, allowed, note)
        for quota, amount, allowed, note in _amounts(found, case)
    ]
    return sorted(result, key=lambda one: (one.at is None, one.at or 0, one.quota.key))


def of_the_plan(case: Case) -> list[Met]:
    """The limits that the plan meets by itself, with all nodes that its pools allow."""
    found: list[Met] = []
    if case.subnets:
        asked = sum(most_addresses(one, case) for one in case.sets)
        there = sum(one.usable for one in case.subnets)
        found.append(_own(asked, there, "all nodes that the pools allow"))
    for zone in sorted({one.zone for one in case.subnets}):
        bound = [one for one in case.sets if one.zones == (zone,)]
        there = sum(one.usable for one in case.subnets if one.zone == zone)
        if bound:
            names = ", ".join(one.name for one in bound)
            asked = sum(most_addresses(one, case) for one in bound)
            found.append(_own(asked, there, f"in {zone} alone: {names}"))
    groups = [one for one in case.sets if one.kind == "node group"]
    largest = max((one.max_nodes or 0 for one in groups), default=0)
    for quota, asked in ((quotas.GROUPS, len(groups)), (quotas.GROUP_NODES, largest)):
        if groups:
            allowed = case.limit(quota)
            severity = Severity.warning if asked > allowed else Severity.ok
            found.append(Met(quota, asked, allowed, severity, None))
    return found


def most_addresses(one: NodeSet, case: Case) -> int:
    """Addresses of a set of nodes at its limits, on the type that takes the most of them."""
    return max((nodes * each for _, nodes, each in sizes(one, case)), default=0)


def sizes(one: NodeSet, case: Case) -> list[tuple[str, int, int]]:
    """Each type with the nodes that the limits allow of it, and one such node's addresses."""
    with_address, _ = daemon_pods(case.platform)
    result = []
    for of in one.types:
        # As many drivers fit on a node as executors; 16 of the platform's own on a system node.
        fitting = fit(one, of, case.executor, case.platform)
        pods = _SYSTEM_PODS if one.is_system else with_address + fitting
        nodes = one.most_nodes(of)
        if nodes is not None:
            result.append((of.name, nodes, case.platform.networking.addresses(of, pods)))
    return result


def most_executors(rungs: Sequence[NodeSet], case: Case) -> int:
    """The executors that fit when every rung is at its limits, on the type that takes most."""
    return sum(
        max(
            (
                fit(rung, of, case.executor, case.platform) * (rung.most_nodes(of) or 0)
                for of in rung.types
            ),
            default=0,
        )
        for rung in rungs
    )


def _amounts(found: Sequence[Mix], case: Case) -> list[tuple[Quota, Amount, float, str]]:
    beside = case.platform

    def most(key: str, plus: float = 0) -> Amount:
        return lambda n: max(demand(n, mix, beside).get(key, 0) for mix in found) + plus

    system = sum(
        max(of.vcpus for of in one.types) * (one.max_nodes or 0)
        for one in case.sets
        if one.is_system and one.types
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
    if any(one.spot for one in case.rungs):
        rows.append((quotas.SPOT_VCPUS, most("vcpus"), ""))
    if any(not one.spot for one in case.rungs):
        note = "without any Spot capacity, with all system nodes"
        rows.append((quotas.ON_DEMAND_VCPUS, most("vcpus", system), note))
    if beside.method is not None:
        rows.append((quotas.S3_READS, most("s3-rate"), "all nodes at the same moment"))
    if beside.nat:
        rows.append((quotas.NAT_CONNECTIONS, most("nat-connections"), "one image, not from ECR"))
    ceiling, room = float(most_executors(case.rungs, case)), sum(one.usable for one in case.subnets)
    own: list[tuple[Quota, Amount, float, str]] = [
        (quotas.POOL_LIMITS, float, ceiling, "every rung at its limits, on its roomiest type")
    ]
    if case.subnets:
        own.append((quotas.SUBNETS, most("addresses"), room, "this pool's nodes alone"))
    return own + [(quota, amount, case.limit(quota), note) for quota, amount, note in rows]


def _met(quota: Quota, executors: int, amount: Amount, allowed: float, note: str) -> Met:
    asked = amount(executors)
    severity = Severity.warning if asked > allowed else Severity.ok
    return Met(quota, asked, allowed, severity, _first(amount, allowed), note)


def _first(amount: Amount, allowed: float) -> int | None:
    """The fewest executors whose amount is over what is allowed; the amount never falls."""
    if amount(_MOST) <= allowed:
        return None
    low, high = 0, _MOST
    while low < high:
        middle = (low + high) // 2
        if amount(middle) > allowed:
            high = middle
        else:
            low = middle + 1
    return low


def _own(asked: float, there: float, note: str) -> Met:
    severity = Severity.error if asked > there else Severity.ok
    return Met(quotas.SUBNETS, asked, there, severity, None, note)
