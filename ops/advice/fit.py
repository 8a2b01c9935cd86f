"""On which of a team's instance types an executor fits, what is left over, and what it costs."""

from dataclasses import dataclass

from components.names import EVENT_LOGS_ANNOTATION, SHUFFLE_ANNOTATION
from ops.advice.asked import Asked
from ops.advice.quota import Quota, quota_of
from ops.plan.executor_fit import OwnPods, fitting, own_pods_of, room
from ops.plan.instances import InstanceType
from ops.plan.local_disk import margin
from ops.plan.model import Plan
from ops.plan.node_capacity import NodeCapacity, node_capacities
from ops.plan.quantity import GIB
from ops.plan.teams import annotation, team_namespace, team_nodes


@dataclass(frozen=True)
class Site:
    """Where a team's executors run."""

    stack: str
    team: str
    pool: str
    nodes: tuple[NodeCapacity, ...]
    own: OwnPods
    event_logs: str | None
    celeborn: bool
    quota: Quota


@dataclass(frozen=True)
class Fit:
    """Executors of one size on one node of a type; what is left over is of the node's room for
    executors."""

    executors: int
    left_cpu: float
    left_gib: float

    @property
    def waste(self) -> float:
        """vCPU and memory that are left over, in vCPU with 8 GiB each."""
        return self.left_cpu + self.left_gib / 8


@dataclass(frozen=True)
class TypeFit:
    """The present and the advised size on one type."""

    type: InstanceType
    now: Fit
    advised: Fit


def site_of(plan: Plan, team: str) -> Site:
    """The team's nodes. Raises UserError for an unknown team."""
    namespace = team_namespace(plan, team)
    own = {one.resource.urn for one in team_nodes(plan, namespace) if not one.is_drivers}
    nodes = tuple(one for one in node_capacities(plan) if one.nodes.resource.urn in own)
    return Site(
        stack=plan.stack,
        team=team,
        pool=nodes[0].pool if nodes else "",
        nodes=nodes,
        own=own_pods_of(plan),
        event_logs=annotation(namespace, EVENT_LOGS_ANNOTATION),
        celeborn=annotation(namespace, SHUFFLE_ANNOTATION) == "celeborn",
        quota=quota_of(plan, namespace),
    )


def type_fits(site: Site, now: Asked, advised: Asked) -> list[TypeFit]:
    """Both sizes on every type of the team's nodes, each type once, the smallest first."""
    found = {
        of.name: TypeFit(of, _fit(one, of, now, site), _fit(one, of, advised, site))
        for one in site.nodes
        for of in one.types
    }
    return sorted(
        found.values(), key=lambda one: (one.type.vcpus, one.type.memory_mib, one.type.name)
    )


def _fit(nodes: NodeCapacity, of: InstanceType, asked: Asked, site: Site) -> Fit:
    gib = asked.memory / GIB
    count = fitting(
        nodes,
        of,
        site.own,
        cpu=asked.request,
        memory_gib=gib,
        disk_bytes=asked.local_disk + margin(asked.cores),
    )
    cpu, memory = room(nodes, of, site.own)
    return Fit(count, cpu - count * asked.request, memory - count * gib)
