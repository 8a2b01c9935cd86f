"""How many executors of a size a team's quota has room for, and what a job asks for beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from components.names import MAX_EXECUTORS_ANNOTATION
from ops.advice.asked import Asked, flag, whole
from ops.advice.model import gib
from ops.plan.model import Plan, Resource
from ops.plan.quantity import parse
from ops.plan.teams import annotation
from ops.plan.values import at
from ops.plan.workloads import in_namespace

_CPU, _MEMORY = ("requests.cpu",), ("requests.memory", "limits.memory")


@dataclass(frozen=True)
class Quota:
    """The limits of a team's namespace; None where it has none. `memory` in bytes, `executors` of
    one job."""

    cpu: Fraction | None = None
    memory: Fraction | None = None
    pods: int | None = None
    executors: int | None = None


def quota_of(plan: Plan, namespace: Resource) -> Quota:
    """Returns the limits that count a team's executors: those of a priority count others."""
    name = namespace.object_name
    hard = [
        at(one.inputs, "spec.hard")
        for one in in_namespace(plan, "ResourceQuota", name)
        if not at(one.inputs, "spec.scopeSelector")
    ]
    limits = [one for one in hard if isinstance(one, Mapping)]
    most = annotation(namespace, MAX_EXECUTORS_ANNOTATION)
    pods = _least(limits, ("pods",))
    return Quota(
        cpu=_least(limits, _CPU),
        memory=_least(limits, _MEMORY),
        pods=None if pods is None else int(pods),
        executors=int(most) if most is not None and most.isdecimal() else None,
    )


def _least(limits: Sequence[Mapping[str, str]], keys: Sequence[str]) -> Fraction | None:
    return min((parse(one[key]) for one in limits for key in keys if key in one), default=None)


def lines(quota: Quota, team: str, now: Asked, advised: Asked) -> list[str]:
    """Returns what the quota has room for, and where the job asks for more than it can get."""
    bounds = sorted(_bounds(quota, advised))
    if not bounds:
        return []
    most, by = bounds[0]
    found = [
        f"the quota of {team} has room for {most} executors of {advised.request:g} vCPU and "
        f"{gib(advised.memory)} ({by}), less what its drivers and other jobs request"
    ]
    asked = _executors(now)
    if asked is not None and asked > most:
        found.append(f"the job asks for up to {asked}: it gets fewer, or waits")
    if quota.executors is not None and asked is not None and asked > quota.executors:
        found.append(f"a job of {team} may ask for {quota.executors} executors: it is refused now")
    return found


def _bounds(quota: Quota, size: Asked) -> Iterator[tuple[int, str]]:
    if quota.cpu is not None and size.request:
        yield int(quota.cpu / Fraction(size.request)), f"{float(quota.cpu):g} vCPU"
    if quota.memory is not None and size.memory:
        yield int(quota.memory / size.memory), gib(int(quota.memory))
    if quota.pods is not None:
        # A driver is a pod, too.
        yield max(0, quota.pods - 1), f"{quota.pods} pods"


def _executors(asked: Asked) -> int | None:
    """The most executors that a job asks for; None where nothing limits them."""
    if flag(asked.conf, "spark.dynamicAllocation.enabled"):
        return whole(asked.conf, "spark.dynamicAllocation.maxExecutors")
    return whole(asked.conf, "spark.executor.instances", 2)
