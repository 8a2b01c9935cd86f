"""Checks a job's objects against the stack's plan: a job that cannot run is not printed.

The checks read only the objects, so they also cover a changed template.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from ops.jobs.disk import overfull
from ops.jobs.team import Team
from ops.plan import quantity
from ops.plan.model import Plan
from ops.plan.nodes import NodeSet, node_sets
from ops.plan.quantity import shown
from ops.plan.requirements import Requirement
from ops.plan.scheduling import can_run_on, selects, tolerates, volume_terms

_CHOSEN_BY_NODEPOOLS = (
    "kubernetes.io/arch", "karpenter.sh/capacity-type", "eks.amazonaws.com/capacityType",
    "node.kubernetes.io/instance-type", "topology.kubernetes.io/zone",
)  # fmt: skip
"""Labels that a job must not select: each excludes some of the pool's NodePools."""

_LONGEST_GRACE = 120
"""Seconds from the notice of a Spot interruption to the interruption."""


class _Pods(NamedTuple):
    """The driver, or all executors."""

    role: str
    spec: Mapping[str, Any]
    count: int


def problems(documents: Sequence[Mapping[str, Any]], team: Team, plan: Plan) -> list[str]:
    """Returns a line for each reason why the job cannot run; no line means that it can."""
    (application,) = [one for one in documents if one["kind"] == "SparkApplication"]
    spec = application["spec"]
    pods = [_Pods("driver", spec["driver"], 1), _Pods("executor", spec["executor"], _most(spec))]
    found = [line for one in pods for line in _placement(one, team, plan)]
    found += _drivers_nodes(team)
    found += _too_many(pods, team)
    found += [line for one in pods for line in _mounts(one, spec)]
    found += [line for one in pods for line in _restricted(one)]
    found += [line for one in pods for line in _container_limits(one, team)]
    for one in pods:
        volumes = {**one.spec, "volumes": spec.get("volumes")}
        asked = demand(one.spec)
        found += overfull(one.role, volumes, asked=asked, count=one.count, team=team, plan=plan)
    for quota in team.quotas:
        found += _quota([one for one in pods if _counts(quota, one)], quota, team)
    return found


def demand(role: Mapping[str, Any]) -> dict[str, Fraction]:
    """The amounts that a quota counts for one pod of the role: vCPU, bytes and pods."""
    memory = Fraction(
        quantity.spark_bytes(role["memory"]) + quantity.spark_bytes(role["memoryOverhead"])
    )
    cpu = quantity.parse(role.get("coreRequest") or role["cores"])
    # Without a coreLimit a pod has no CPU limit, and a quota on limits denies it.
    limit = {"limits.cpu": quantity.parse(role["coreLimit"])} if "coreLimit" in role else {}
    return {
        "requests.cpu": cpu,
        "requests.memory": memory,
        "limits.memory": memory,
        **limit,
        "pods": Fraction(1),
    }


def _most(spec: Mapping[str, Any]) -> int:
    dynamic = spec.get("dynamicAllocation") or {}
    if dynamic.get("enabled"):
        return int(dynamic["maxExecutors"])
    return int(spec["executor"]["instances"])


def _placement(pods: _Pods, team: Team, plan: Plan) -> Iterator[str]:
    """Every selector and toleration matches nodes of the plan, and all of the pool's nodes fit."""
    role, spec = pods.role, pods.spec
    everywhere = node_sets(plan)
    pool = team.driver_nodes if role == "driver" else team.executor_nodes
    selector: Mapping[str, str] = spec.get("nodeSelector") or {}
    for key, value in selector.items():
        term = (Requirement(key, "In", (value,)),)
        if key in _CHOSEN_BY_NODEPOOLS:
            yield f"{role}.nodeSelector: {key} is set by the NodePools, not by a job"
        elif not any(selects([term], one) for one in everywhere):
            yield f"{role}.nodeSelector: no node of the stack has the label {key}={value}"
    taints = dict.fromkeys(taint for one in everywhere for taint in one.taints)
    own_taints = {taint for one in pool for taint in one.taints}
    for toleration in spec.get("tolerations") or []:
        matched = [taint for taint in taints if tolerates(toleration, taint)]
        if not matched:
            yield f"{role}.tolerations: no node of the stack has a taint for {_written(toleration)}"
        for taint in matched:
            if taint not in own_taints:
                yield (
                    f"{role}.tolerations: {_written(toleration)} tolerates "
                    f"{taint.key}={taint.value}, which is not its pool's"
                )
    yield from _unreachable(pods, team, pool)
    own = {one.resource.urn for one in pool}
    for one in everywhere:
        if one.resource.urn not in own and can_run_on(spec, one):
            yield f"{role}: would also run on {one.kind} {one.name}, which is not its pool's"


def _unreachable(pods: _Pods, team: Team, pool: Sequence[NodeSet]) -> Iterator[str]:
    for one in pool:
        if not can_run_on(pods.spec, one):
            yield f"{pods.role}: {one.kind} {one.name} of its pool would not take it"
        if not selects(volume_terms(team.volume), one):
            yield (
                f"{pods.role}: {one.kind} {one.name} does not have the JARs that team {team.name} "
                "claims"
            )


def _written(toleration: Mapping[str, Any]) -> str:
    return f"{toleration.get('key', '*')}={toleration.get('value', '*')}"


def _drivers_nodes(team: Team) -> Iterator[str]:
    if bool(team.driver_nodes) != bool(team.executor_nodes):
        missing = "drivers" if team.executor_nodes else "executors"
        yield f"team {team.name} has no pool of nodes for {missing}"
    for one in team.driver_nodes:
        if not one.is_on_demand:
            yield f"driver: {one.kind} {one.name} may be Spot, and a job ends with its driver"
        if not one.one_zone:
            yield f"driver: {one.kind} {one.name} is in more than one zone"


def _too_many(pods: Sequence[_Pods], team: Team) -> Iterator[str]:
    for one in pods:
        if one.role == "executor" and one.count > team.max_executors:
            yield (
                f"{one.count} executors, and a job of team {team.name} may have "
                f"{team.max_executors}: take fewer (EXECUTORS=), or raise "
                "spark.teams[].maxExecutors in the stack file"
            )


def _mounts(pods: _Pods, spec: Mapping[str, Any]) -> Iterator[str]:
    """The operator drops a mount whose volume is missing, without a message."""
    volumes = {volume["name"]: volume for volume in spec.get("volumes") or []}
    mounts = pods.spec.get("volumeMounts") or []
    for mount in mounts:
        if mount["name"] not in volumes:
            yield f"{pods.role}.volumeMounts: there is no volume {mount['name']}"
    for mount in mounts:
        if "persistentVolumeClaim" in volumes.get(mount["name"], {}) and not (
            mount.get("readOnly") and mount.get("mountPropagation") == "HostToContainer"
        ):
            yield f"{pods.role}.volumeMounts: {mount['name']} is not read-only and HostToContainer"
    grace = pods.spec.get("terminationGracePeriodSeconds", _LONGEST_GRACE)
    if grace >= _LONGEST_GRACE:
        yield f"{pods.role}.terminationGracePeriodSeconds: {grace} is not under {_LONGEST_GRACE}"


def _restricted(pods: _Pods) -> Iterator[str]:
    """The pod-security level `restricted`, as far as the job's fields determine it
    (kubernetes.io/docs/concepts/security/pod-security-standards)."""
    container, pod = pods.spec.get("securityContext") or {}, pods.spec.get("podSecurityContext")
    required = {
        "allowPrivilegeEscalation": container.get("allowPrivilegeEscalation") is False,
        "capabilities": (container.get("capabilities") or {}).get("drop") == ["ALL"],
        "runAsNonRoot": container.get("runAsNonRoot") is True,
        "runAsUser": bool(container.get("runAsUser")),
        "seccompProfile": (container.get("seccompProfile") or {}).get("type") == "RuntimeDefault",
    }
    for key, holds in required.items():
        if not holds:
            yield f"{pods.role}.securityContext.{key}: not what the level restricted requires"
    if not (pod or {}).get("runAsNonRoot"):
        yield f"{pods.role}.podSecurityContext.runAsNonRoot: not what the level restricted requires"


def _container_limits(pods: _Pods, team: Team) -> Iterator[str]:
    asked = demand(pods.spec)
    for item in team.container_limits:
        for resource, most in (item.get("max") or {}).items():
            value = asked.get(f"limits.{resource}")
            if value is not None and value > quantity.parse(most):
                yield (
                    f"{pods.role}: {shown(resource, value)} of {resource}, and a container of team "
                    f"{team.name} may have {shown(resource, quantity.parse(most))} (its LimitRange)"
                )
        for resource, least in (item.get("min") or {}).items():
            value = asked.get(f"requests.{resource}")
            if value is not None and value < quantity.parse(least):
                smallest = shown(resource, quantity.parse(least))
                yield (
                    f"{pods.role}: asks for {shown(resource, value)} of {resource}, and a "
                    f"container of team {team.name} asks for {smallest} or more (its LimitRange)"
                )


def _counts(quota: Mapping[str, Any], pods: _Pods) -> bool:
    """Whether the quota counts these pods. Only scopes by priority are evaluated; with any other
    scope the pods count, so that an unknown scope denies the job."""
    terms = (quota.get("scopeSelector") or {}).get("matchExpressions") or []
    named = pods.spec.get("priorityClassName")
    return all(
        named in term["values"]
        for term in terms
        if term["scopeName"] == "PriorityClass" and term["operator"] == "In"
    )


def _quota(pods: Sequence[_Pods], quota: Mapping[str, Any], team: Team) -> Iterator[str]:
    for key, most in (quota.get("hard") or {}).items():
        resource = {"cpu": "requests.cpu", "memory": "requests.memory"}.get(key, key)
        resource = resource.removeprefix("count/")
        needed = [(one, demand(one.spec).get(resource)) for one in pods]
        if resource == "limits.cpu" and any(value is None for _, value in needed):
            yield "a quota on limits.cpu needs coreLimit in driver and executor"
            continue
        total = sum((value * one.count for one, value in needed if value is not None), Fraction(0))
        if total > quantity.parse(most):
            yield (
                f"the job needs {shown(resource, total)} of {resource} and the quota of team "
                f"{team.name} is {shown(resource, quantity.parse(most))}: take fewer executors "
                "(EXECUTORS=), or raise spark.teams[].quota in the stack file"
            )
