"""One stack's capacity: what its pools allow, what N executors ask of it, what gives first."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.capacity.limits import Case, Met, Severity, met, most_executors, of_the_plan, sizes
from ops.capacity.network import private_subnets, services_without_nat
from ops.capacity.nodes import NodeSet, node_sets
from ops.capacity.read import choose, executor_pools, mixes, platform
from ops.capacity.start import Executor, Mix, demand, free_attachments
from ops.plan.model import Plan


@dataclass(frozen=True)
class Wanted:
    """What is asked: so many executors of this size, of one pool, with an account's own quotas."""

    executors: int = 1000
    executor: Executor = field(default_factory=lambda: Executor(4, 16))
    pool: str = ""
    claims: int = 1
    image_gib: float = 1.0
    quotas: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The answer. `pool` is empty where no node of executors is the plan's."""

    stack: str
    wanted: Wanted
    case: Case
    endpoints: tuple[str, ...]
    pool: str
    mixes: tuple[Mix, ...]
    figures: tuple[Mapping[str, float], ...]
    limits: tuple[Met, ...]
    plan_limits: tuple[Met, ...]
    most_executors: Mapping[str, int]
    unknown: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether the stack's limits exceed its own subnets."""
        return any(one.severity is Severity.error for one in self.plan_limits)

    @property
    def first(self) -> Met | None:
        """The limit that is met first."""
        return next((one for one in self.limits if one.at is not None), None)

    def attachments(self, mix: Mix) -> int:
        """Volumes that can still be attached to a node of the mix."""
        return free_attachments(mix, self.case.platform)

    def nodes_of(self, one: NodeSet) -> list[tuple[str, int, int]]:
        """Each type of a set with the nodes that the limits allow, and one node's addresses."""
        return sizes(one, self.case)


def report(plan: Plan, wanted: Wanted) -> Report:
    """What the plan's limits allow and what N executors ask of it. Raises UnknownPool."""
    beside = platform(plan, claims=wanted.claims, image_gib=wanted.image_gib)
    sets = node_sets(plan)
    pools = executor_pools(sets)
    rungs = choose(sets, wanted.pool) if pools or wanted.pool else []
    case = Case(sets, rungs, private_subnets(plan), beside, wanted.executor, wanted.quotas)
    found = mixes(rungs, wanted.executor, beside)
    return Report(
        stack=plan.stack,
        wanted=wanted,
        case=case,
        endpoints=services_without_nat(plan),
        pool=rungs[0].pool if rungs else "",
        mixes=tuple(found),
        figures=tuple(demand(wanted.executors, mix, beside) for mix in found),
        limits=tuple(met(wanted.executors, found, case) if found else []),
        plan_limits=tuple(of_the_plan(case)),
        most_executors={name: most_executors(pools[name], case) for name in sorted(pools)},
        unknown=tuple(_unknown(case, found)),
    )


def _unknown(case: Case, found: list[Mix]) -> list[str]:
    """What no figure is given for, and why."""
    lines = [f"{one.name}: {text}" for one in case.sets for text in one.missing]
    if not case.rungs:
        lines.append("executors' nodes are not this plan's: no figure depends on them")
    elif not found:
        lines.append("the executor fits on no type of the pool")
    if not case.subnets:
        lines.append("the subnets are not this plan's: their sizes are not known")
    if not case.platform.networking.given:
        lines.append("pod networking is not this plan's: addresses as without prefixes")
    if not case.platform.nat:
        lines.append("NAT gateways are not this plan's")
    if case.platform.method is None:
        lines.append("no volume of JARs is in the plan: no requests to S3 are reckoned")
    return lines
