"""Teams: quotas and priorities."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.names import DRIVER_PRIORITY, EXECUTOR_PRIORITY
from ops.plan import quantity
from ops.plan.model import Plan, Resource
from ops.plan.packages import packages
from ops.plan.values import UNKNOWN, at, each, mapping
from ops.plan.workloads import in_namespace, team_namespaces
from ops.rules.rule import Violation, rule

_QUOTAS = "https://kubernetes.io/docs/concepts/policy/resource-quotas/"
_BOUNDED = (
    "requests.cpu", "requests.memory", "limits.memory", "pods", "requests.storage",
    "persistentvolumeclaims",
)  # fmt: skip
_CLOSED = ("services.loadbalancers", "services.nodeports")


@rule(
    reason="Without a quota one team's job takes all nodes that the pools allow, or "
    "opens a load balancer.",
    source=_QUOTAS,
)
def team_quota(plan: Plan) -> Iterator[Violation]:
    """A team has a quota of CPU, memory, pods and storage, and may open no port of a node or load
    balancer."""
    for namespace in team_namespaces(plan):
        hard: dict[str, Any] = {}
        for one in in_namespace(plan, "ResourceQuota", namespace.object_name):
            if not at(one.inputs, "spec.scopeSelector"):
                hard |= at(one.inputs, "spec.hard") or {}
        for key in _BOUNDED:
            if key not in hard:
                yield Violation(namespace, key, f"has no quota of {key}")
        for key in _CLOSED:
            if hard.get(key) != "0":
                yield Violation(namespace, key, f"may have {key}")
        limits = [
            item
            for one in in_namespace(plan, "LimitRange", namespace.object_name)
            for item in each(one.inputs, "spec.limits")
        ]
        for path in ("defaultRequest.cpu", "defaultRequest.memory", "default.memory"):
            if not any(at(item, path) for item in limits):
                yield Violation(namespace, path, f"has no {path} for pods that set none")


@rule(
    reason="Many small jobs at once fill a team's quota with drivers, which all wait for "
    "executors: no job ends.",
    source=f"{_QUOTAS}#resource-quota-per-priorityclass",
)
def team_driver_quota(plan: Plan) -> Iterator[Violation]:
    """A team's drivers cannot fill its quota: they have a smaller one of their own, or YuniKorn's
    queue limits its applications."""
    queues = queue_limits(plan)
    for namespace in team_namespaces(plan):
        specs = [
            at(one.inputs, "spec") or {}
            for one in in_namespace(plan, "ResourceQuota", namespace.object_name)
        ]
        whole = next((mapping(one, "hard") for one in specs if "scopeSelector" not in one), {})
        if namespace.object_name in queues:
            most = queues[namespace.object_name]
            if not most or most >= number(whole.get("pods")):
                what = "has a queue that takes as many drivers as pods"
                yield Violation(namespace, "applications", what)
            continue
        own = next((mapping(one, "hard") for one in specs if _is_of(one, DRIVER_PRIORITY)), {})
        for key in ("pods", "requests.cpu", "requests.memory"):
            if key not in own or number(own[key]) >= number(whole.get(key)):
                yield Violation(namespace, key, f"lets drivers fill its quota of {key}")


def _is_of(quota: Mapping[str, Any], priority: str) -> bool:
    return any(
        item.get("scopeName") == "PriorityClass" and priority in (item.get("values") or ())
        for item in each(quota, "scopeSelector.matchExpressions")
    )


def number(amount: object) -> float:
    """A quantity as a number; none is no limit."""
    return math.inf if amount is None else float(quantity.parse(str(amount)))


def queue_limits(plan: Plan) -> dict[str, int]:
    """Applications at once by team, from YuniKorn's queues; 0 for no limit, nothing without it."""
    for package in packages(plan):
        text = mapping(package.values, "yunikornDefaults").get("queues.yaml")
        if isinstance(text, str) and text != UNKNOWN:
            (partition,) = json.loads(text)["partitions"]
            return dict(_leaves(partition["queues"]))
    return {}


def _leaves(queues: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    for one in queues:
        if "queues" in one:
            yield from _leaves(one["queues"])
        else:
            yield str(one["name"]), int(one.get("maxapplications") or 0)


@rule(
    reason="A pod of a system priority class preempts all others, the platform's controllers too.",
    source=f"{_QUOTAS}#limit-priority-class-consumption-by-default",
)
def team_priority(plan: Plan) -> Iterator[Violation]:
    """A team cannot use system priorities, its executors preempt no pod, and no class is that of
    all pods without one."""
    for one in plan.of_kind("PriorityClass"):
        if one.inputs.get("globalDefault"):
            yield Violation(one, "default", "is the priority of each pod that names none")
    for namespace in team_namespaces(plan):
        refused = {
            value
            for one in in_namespace(plan, "ResourceQuota", namespace.object_name)
            if at(one.inputs, "spec.hard.pods") == "0"
            for item in each(one.inputs, "spec.scopeSelector.matchExpressions")
            if item.get("scopeName") == "PriorityClass" and item.get("operator") == "In"
            for value in item.get("values") or ()
        }
        for name in ("system-cluster-critical", "system-node-critical"):
            if name not in refused:
                yield Violation(namespace, name, f"may use {name}")
    classes = {one.object_name: one for one in plan.of_kind("PriorityClass")}
    executor, driver = classes.get(EXECUTOR_PRIORITY), classes.get(DRIVER_PRIORITY)
    if executor and executor.inputs.get("preemptionPolicy") != "Never":
        yield Violation(executor, "preemption", "preempts other pods")
    if executor and driver and _value(executor) >= _value(driver):
        yield Violation(executor, "value", "has no lower priority than a driver")


def _value(priority: Resource) -> int:
    # Kubernetes' default is 0.
    return int(priority.inputs.get("value") or 0)
