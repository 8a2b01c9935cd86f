"""Holds a job's objects against the plan they were made for: what could not run is not printed.

Nothing here knows how the objects were made: a template that is changed is judged as it stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from ops.jobs.nodes import Nodes, nodes_of
from ops.jobs.quantities import amount, shown, spark_bytes
from ops.jobs.team import Team, affinity_of
from ops.plan.model import Plan
from ops.plan.nodes import Taint

_CHOSEN_BY_NODEPOOLS = (
    "kubernetes.io/arch",
    "karpenter.sh/capacity-type",
    "eks.amazonaws.com/capacityType",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone",
)
"""Labels that no job selects: each would cut off rungs of the pool's ladder."""

_LONGEST_GRACE = 120
"""Seconds from the notice of a Spot interruption to its end."""


class _Pods(NamedTuple):
    """The driver, or all executors."""

    role: str
    spec: Mapping[str, Any]
    count: int


def problems(documents: Sequence[Mapping[str, Any]], team: Team, plan: Plan) -> list[str]:
    """Returns a line for each reason why the job could not run as it should; none means it can."""
    (application,) = [one for one in documents if one["kind"] == "SparkApplication"]
    spec = application["spec"]
    pods = [_Pods("driver", spec["driver"], 1), _Pods("executor", spec["executor"], _most(spec))]
    found = [line for one in pods for line in _placement(one, team, plan)]
    found += _drivers_nodes(team)
    found += _too_many(pods, team)
    found += [line for one in pods for line in _mounts(one, spec)]
    found += [line for one in pods for line in _restricted(one)]
    found += [line for one in pods for line in _container_limits(one, team)]
    return found + list(_quotas(pods, team))


def demand(role: Mapping[str, Any]) -> dict[str, Fraction]:
    """What one pod of the role counts for in a quota: vCPU, bytes and pods."""
    memory = Fraction(spark_bytes(role["memory"]) + spark_bytes(role["memoryOverhead"]))
    cpu = amount(role.get("coreRequest") or role["cores"])
    # Without a coreLimit a pod has no limit, and a quota on limits refuses it.
    limit = {"limits.cpu": amount(role["coreLimit"])} if "coreLimit" in role else {}
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
    """Every selector and toleration matches nodes of the plan, and the pool's every node fits."""
    role, spec = pods.role, pods.spec
    everywhere = nodes_of(plan)
    pool = team.driver_nodes if role == "driver" else team.executor_nodes
    selector: Mapping[str, str] = spec.get("nodeSelector") or {}
    for key, value in selector.items():
        if key in _CHOSEN_BY_NODEPOOLS:
            yield f"{role}.nodeSelector: {key} is the NodePools' to choose"
        elif not any(one.labels.get(key) == value for one in everywhere):
            yield f"{role}.nodeSelector: no node of the stack has the label {key}={value}"
    taints = dict.fromkeys(taint for one in everywhere for taint in one.taints)
    own_taints = {taint for one in pool for taint in one.taints}
    for toleration in spec.get("tolerations") or []:
        matched = [taint for taint in taints if _tolerates(toleration, taint)]
        if not matched:
            yield f"{role}.tolerations: no node of the stack has a taint for {_written(toleration)}"
        for taint in matched:
            if taint not in own_taints:
                yield (
                    f"{role}.tolerations: {_written(toleration)} tolerates "
                    f"{taint.key}={taint.value}, which is not its pool's"
                )
    yield from _unreachable(pods, team, pool)
    own = {one.urn for one in pool}
    for one in everywhere:
        if one.urn not in own and _fits(one, spec):
            yield f"{role}: would also run on {one.name}, which is not its pool's"


def _unreachable(pods: _Pods, team: Team, pool: Sequence[Nodes]) -> Iterator[str]:
    claimed = affinity_of(team.volume)
    for one in pool:
        if not _fits(one, pods.spec):
            yield f"{pods.role}: {one.name} of its pool would not take it"
        for key, values in claimed.items():
            if one.labels.get(key) not in values:
                yield f"{pods.role}: {one.name} has not the JARs that team {team.name} claims"


def _fits(nodes: Nodes, spec: Mapping[str, Any]) -> bool:
    selected = (spec.get("nodeSelector") or {}).items()
    tolerations = spec.get("tolerations") or []
    return all(nodes.labels.get(key) == value for key, value in selected) and all(
        any(_tolerates(toleration, taint) for toleration in tolerations)
        for taint in nodes.taints
        if taint.effect != "PreferNoSchedule"
    )


def _tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """As the scheduler decides it (k8s.io/api/core/v1, Toleration.ToleratesTaint)."""
    if toleration.get("effect") not in (None, "", taint.effect):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.key)
    return toleration.get("key") == taint.key and toleration.get("value", "") == taint.value


def _written(toleration: Mapping[str, Any]) -> str:
    return f"{toleration.get('key', '*')}={toleration.get('value', '*')}"


def _drivers_nodes(team: Team) -> Iterator[str]:
    if bool(team.driver_nodes) != bool(team.executor_nodes):
        missing = "drivers" if team.executor_nodes else "executors"
        yield f"team {team.name} has no pool of nodes for {missing}"
    for one in team.driver_nodes:
        if not one.on_demand:
            yield f"driver: {one.name} may be Spot, and a job ends with its driver"
        if not one.one_zone:
            yield f"driver: {one.name} is in more than one zone"


def _too_many(pods: Sequence[_Pods], team: Team) -> Iterator[str]:
    for one in pods:
        if one.role == "executor" and one.count > team.max_executors:
            yield (
                f"{one.count} executors, and a job of team {team.name} may have "
                f"{team.max_executors}: take fewer (EXECUTORS=), or raise "
                "spark.teams[].maxExecutors in the stack file"
            )


def _mounts(pods: _Pods, spec: Mapping[str, Any]) -> Iterator[str]:
    """The operator drops a mount whose volume is missing, and says nothing."""
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
    """The pod-security level `restricted`, as far as a job has a say in it
    (kubernetes.io/docs/concepts/security/pod-security-standards)."""
    container, pod = pods.spec.get("securityContext") or {}, pods.spec.get("podSecurityContext")
    wanted = {
        "allowPrivilegeEscalation": container.get("allowPrivilegeEscalation") is False,
        "capabilities": (container.get("capabilities") or {}).get("drop") == ["ALL"],
        "runAsNonRoot": container.get("runAsNonRoot") is True,
        "runAsUser": bool(container.get("runAsUser")),
        "seccompProfile": (container.get("seccompProfile") or {}).get("type") == "RuntimeDefault",
    }
    for key, met in wanted.items():
        if not met:
            yield f"{pods.role}.securityContext.{key}: not what the level restricted asks for"
    if not (pod or {}).get("runAsNonRoot"):
        yield f"{pods.role}.podSecurityContext.runAsNonRoot: not what the level restricted asks for"


def _container_limits(pods: _Pods, team: Team) -> Iterator[str]:
    asked = demand(pods.spec)
    for item in team.container_limits:
        for resource, most in (item.get("max") or {}).items():
            value = asked.get(f"limits.{resource}")
            if value is not None and value > amount(most):
                yield (
                    f"{pods.role}: {shown(resource, value)} of {resource}, and a container of team "
                    f"{team.name} may have {shown(resource, amount(most))} (its LimitRange)"
                )
        for resource, least in (item.get("min") or {}).items():
            value = asked.get(f"requests.{resource}")
            if value is not None and value < amount(least):
                yield (
                    f"{pods.role}: asks for {shown(resource, value)} of {resource}, and a "
                    f"container of team {team.name} asks for {shown(resource, amount(least))} "
                    "or more (its LimitRange)"
                )


def _quotas(pods: Sequence[_Pods], team: Team) -> Iterator[str]:
    for quota in team.quotas:
        yield from _quota([one for one in pods if _counts(quota, one)], quota, team)


def _counts(quota: Mapping[str, Any], pods: _Pods) -> bool:
    """Whether the quota counts these pods. Of the scopes only those by priority are known here:
    any other is taken to count, so that a doubt is a refusal."""
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
        if total > amount(most):
            yield (
                f"the job needs {shown(resource, total)} of {resource} and the quota of team "
                f"{team.name} is {shown(resource, amount(most))}: take fewer executors "
                "(EXECUTORS=), or raise spark.teams[].quota in the stack file"
            )
