"""One stack's capacity: what its pools allow, what N executors need, which limit is exceeded
first."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.capacity.limits import (
    LimitCheck,
    Scenario,
    Severity,
    executor_limits,
    most_executors,
    plan_limits,
    sizes,
)
from ops.capacity.network import private_subnets, services_without_nat
from ops.capacity.nodes import NodeCapacity, node_capacities
from ops.capacity.pools import executor_pools, node_fits, platform, pool_nodes
from ops.capacity.start import Executor, NodeFit, demand, free_attachments
from ops.plan.model import Plan


@dataclass(frozen=True)
class Request:
    """The question: so many executors of this size, of one pool, with an account's own quotas."""

    executors: int = 1000
    executor: Executor = field(default_factory=lambda: Executor(4, 16))
    pool: str = ""
    claims: int = 1
    image_gib: float = 1.0
    quotas: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The answer. `pool` is empty where the plan creates no nodes for executors."""

    stack: str
    request: Request
    scenario: Scenario
    endpoints: tuple[str, ...]
    pool: str
    fits: tuple[NodeFit, ...]
    figures: tuple[Mapping[str, float], ...]
    limits: tuple[LimitCheck, ...]
    plan_limits: tuple[LimitCheck, ...]
    most_executors: Mapping[str, int]
    unknown: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether the stack's limits exceed its own subnets."""
        return any(one.severity is Severity.error for one in self.plan_limits)

    @property
    def first(self) -> LimitCheck | None:
        """The limit that is exceeded first."""
        return next((one for one in self.limits if one.exceeded_at is not None), None)

    def attachments(self, fit: NodeFit) -> int:
        """Volumes that can still be attached to a node of this type."""
        return free_attachments(fit, self.scenario.platform)

    def sizes(self, one: NodeCapacity) -> list[tuple[str, int, int]]:
        """Each type with the nodes that the limits allow, and one node's addresses."""
        return sizes(one, self.scenario)


def report(plan: Plan, request: Request) -> Report:
    """What the plan's limits allow and what N executors need. Raises UnknownPool."""
    around = platform(plan, claims=request.claims, image_gib=request.image_gib)
    nodes = node_capacities(plan)
    pools = executor_pools(nodes)
    chosen = pool_nodes(nodes, request.pool) if pools or request.pool else []
    scenario = Scenario(
        nodes, chosen, private_subnets(plan), around, request.executor, request.quotas
    )
    fits = node_fits(chosen, request.executor, around)
    return Report(
        stack=plan.stack,
        request=request,
        scenario=scenario,
        endpoints=services_without_nat(plan),
        pool=chosen[0].pool if chosen else "",
        fits=tuple(fits),
        figures=tuple(demand(request.executors, fit, around) for fit in fits),
        limits=tuple(executor_limits(request.executors, fits, scenario) if fits else []),
        plan_limits=tuple(plan_limits(scenario)),
        most_executors={name: most_executors(pools[name], scenario) for name in sorted(pools)},
        unknown=tuple(_unknown(scenario, fits)),
    )


def _unknown(scenario: Scenario, fits: list[NodeFit]) -> list[str]:
    """Figures that the report lacks, with the reasons."""
    lines = [f"{one.name}: {text}" for one in scenario.nodes for text in one.missing]
    if not scenario.pool_nodes:
        lines.append("the stack creates no nodes for executors: no figure depends on them")
    elif not fits:
        lines.append("the executor fits on no type of the pool")
    if not scenario.subnets:
        lines.append("the stack creates no subnets: their sizes are not known")
    if not scenario.platform.networking.given:
        lines.append("the stack does not install the VPC CNI: addresses as without prefixes")
    if not scenario.platform.nat:
        lines.append("the stack creates no NAT gateways")
    if scenario.platform.method is None:
        lines.append("the stack has no volume of JARs: requests to S3 are left out")
    return lines
