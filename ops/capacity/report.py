"""One stack's capacity: what its pools allow, what N executors need, which limit is exceeded
first."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ops.capacity.dns import cluster_dns
from ops.capacity.limits import (
    LimitCheck,
    Scenario,
    Severity,
    executor_limits,
    most_executors,
    plan_limits,
)
from ops.capacity.logs import LogLoad, log_load
from ops.capacity.measured import NODE, POD, Method
from ops.capacity.network import pod_networking, private_subnets, services_without_nat
from ops.capacity.prometheus import MetricsLoad, metrics_load
from ops.capacity.registries import Registry, registry_of
from ops.capacity.start import Executor, NodeFit, Platform, demand, executors_per_node
from ops.plan.errors import UserError
from ops.plan.executor_fit import agent_amounts, mounts_by_claim
from ops.plan.jar_caches import jar_caches, node_cache
from ops.plan.model import Plan
from ops.plan.node_capacity import NodeCapacity, node_capacities
from ops.plan.packages import packages
from ops.plan.quantity import GIB
from ops.plan.system_nodes import SystemNodes, system_nodes
from ops.plan.values import UNKNOWN, at


@dataclass(frozen=True)
class Request:
    """The question: so many executors of this size, of one pool, with an account's own quotas."""

    executors: int = 1000
    executor: Executor = field(default_factory=lambda: Executor(4, 16))
    pool: str = ""
    claims: int = 1
    image_gib: float = 1.0
    minutes: float = 20
    """Life of an executor."""
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
    system: tuple[SystemNodes, ...]
    most_executors: Mapping[str, int]
    metrics: MetricsLoad | None
    logs: LogLoad | None
    unknown: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether the stack's limits exceed its own subnets or system nodes."""
        return any(one.severity is Severity.error for one in self.plan_limits) or any(
            one.unplaced(one.nodes) or one.unplaced_after_loss(one.nodes) for one in self.system
        )

    @property
    def first(self) -> LimitCheck | None:
        return next((one for one in self.limits if one.exceeded_at is not None), None)


def report(plan: Plan, request: Request) -> Report:
    """What the plan's limits allow and what N executors need. Raises UserError for an
    unknown pool."""
    around = _platform(plan, request)
    nodes = node_capacities(plan)
    pools = _executor_pools(nodes)
    chosen = _pool_nodes(pools, request.pool)
    scenario = Scenario(
        nodes, chosen, private_subnets(plan), around, request.executor, request.quotas
    )
    fits = _node_fits(chosen, request.executor, around)
    running = math.ceil(request.executors / min((fit.per_node for fit in fits), default=1))
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
        system=tuple(system_nodes(plan)),
        most_executors={name: most_executors(pools[name], scenario) for name in sorted(pools)},
        metrics=metrics_load(
            plan,
            executors=request.executors,
            minutes=request.minutes,
            nodes=running,
        ),
        logs=log_load(plan, executors=request.executors, nodes=running),
        unknown=tuple(_unknown(scenario, fits)),
    )


def _platform(plan: Plan, request: Request) -> Platform:
    """The platform of the plan, with the request's claims and image."""
    return Platform(
        networking=pod_networking(plan),
        method=_method(plan),
        agents=agent_amounts(plan),
        claims=request.claims,
        nat=len(plan.by_type("aws:ec2/natGateway:NatGateway")),
        karpenter=bool(plan.of_kind("NodePool")),
        image_gib=request.image_gib,
        registry=registry_of(str(plan.exports.get("sparkImage", ""))),
        dns=cluster_dns(plan),
        reserved_attachments=_reserved_attachments(plan),
        cache_gib=max((float(one / GIB) for one in jar_caches(plan).values()), default=0),
        node_cache_gib=float(node_cache(plan) / GIB),
    )


def _reserved_attachments(plan: Plan) -> int:
    """What the EBS driver's add-on reserves; 0 where the stack does not configure it."""
    for package in packages(plan):
        if package.name == "aws-ebs-csi-driver" and package.values != UNKNOWN:
            return int(at(package.values, "node.reservedVolumeAttachments") or 0)
    return 0


def _executor_pools(nodes: Sequence[NodeCapacity]) -> dict[str, list[NodeCapacity]]:
    """The pools of executors by name, each with its nodes in the order of their weight."""
    pools: dict[str, list[NodeCapacity]] = {}
    for one in nodes:
        if not one.nodes.is_system and not one.nodes.is_drivers:
            pools.setdefault(one.pool, []).append(one)
    return pools


def _pool_nodes(pools: Mapping[str, list[NodeCapacity]], name: str) -> list[NodeCapacity]:
    """The nodes of a pool; without a name those of the first pool by name, if there is one."""
    if not name:
        return pools[min(pools)] if pools else []
    if name not in pools:
        there = ", ".join(sorted(pools)) or "none: the stack creates no nodes for executors"
        raise UserError(f"--pool {name}: is not a pool of executors; the pools are: {there}")
    return pools[name]


def _node_fits(
    nodes: Sequence[NodeCapacity], executor: Executor, platform: Platform
) -> list[NodeFit]:
    """The smallest and the largest type on which an executor fits; of types with as many vCPU the
    one that takes fewer executors. Empty if it fits on none.
    """
    found = [
        NodeFit(one, of, count, executor)
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
    return {True: POD, False: NODE, None: None}[mounts_by_claim(plan)]


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
    if scenario.platform.registry is Registry.other:
        lines.append("limits of the registry of spark.image are not known")
    if scenario.platform.method is None:
        lines.append("the stack has no volume of JARs: requests to S3 are left out")
    return lines
