"""Workloads of the stack with several replicas, their end, and what they are told in plain text."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ops.plan import paths
from ops.plan.model import Plan, Resource
from ops.plan.nodes import node_pools
from ops.plan.packages import packages
from ops.plan.scheduling import can_run_on
from ops.plan.values import UNKNOWN, at, each, mapping
from ops.plan.workloads import Pod, namespace_of, pods
from ops.rules.rule import Violation, rule

_BUDGETS = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"
_SECRET_NAME = re.compile(r"(PASSWORD|SECRET|ACCESS_KEY|TOKEN|CREDENTIAL)", re.IGNORECASE)
_NOT_SECRET = re.compile(r"(FILE|PATH|ARN|NAME|ENABLED|_ID)$", re.IGNORECASE)
_ACCESS_KEY = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


@rule(
    reason="Replicas on one node end together with it.",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/",
)
def replicas_spread(plan: Plan) -> Iterator[Violation]:
    """Replicas of a workload are on different nodes."""
    for pod in pods(plan):
        if pod.kind not in ("Deployment", "StatefulSet") or pod.replicas < 2:
            continue
        apart = at(pod.spec, "affinity.podAntiAffinity") or pod.spec.get(
            "topologySpreadConstraints"
        )
        if not apart:
            yield Violation(pod.resource, "spread", "may run on one node")


@rule(
    reason="A budget that allows every eviction protects nothing, and one that allows none stops "
    "each drain until the node's time limit.",
    source=_BUDGETS,
)
def budgets_useful(plan: Plan) -> Iterator[Violation]:
    """A PodDisruptionBudget of several replicas allows some evictions, and not all at once."""
    for one in plan.of_kind("PodDisruptionBudget"):
        for pod in _selected(plan, one):
            left = _evictable(mapping(one.inputs, "spec"), pod.replicas)
            if left is None or pod.replicas < 2:
                continue
            if left >= pod.replicas:
                yield Violation(one, "all", f"lets all pods of {pod.resource.name} be evicted")
            if left <= 0:
                yield Violation(one, "none", f"lets no pod of {pod.resource.name} be evicted")


def _selected(plan: Plan, budget: Resource) -> list[Pod]:
    labels = mapping(budget.inputs, "spec.selector.matchLabels")
    return [
        pod
        for pod in pods(plan)
        if pod.namespace == namespace_of(budget) and labels.items() <= pod.labels.items()
    ]


def _evictable(spec: Mapping[str, Any], replicas: int) -> int | None:
    """How many pods a budget lets go at once. Percentages are rounded up, as Kubernetes does."""
    for key in ("maxUnavailable", "minAvailable"):
        value = spec.get(key)
        if value is None or value == UNKNOWN:
            continue
        text = str(value)
        share = text.endswith("%")
        count = math.ceil(replicas * int(text[:-1]) / 100) if share else int(text)
        return count if key == "maxUnavailable" else replicas - count
    return None


@rule(
    reason="Karpenter deletes a node's pods when its terminationGracePeriod ends, also those "
    "whose own grace period has not ended.",
    source="https://karpenter.sh/docs/concepts/disruption/#terminationgraceperiod",
)
def drains_long_enough(plan: Plan) -> Iterator[Violation]:
    """A pod's grace period is not longer than the drain of its nodes."""
    for pod in pods(plan):
        grace = int(pod.spec.get("terminationGracePeriodSeconds") or 0)
        for nodes in node_pools(plan) if grace else ():
            text = at(nodes.resource.inputs, "spec.template.spec.terminationGracePeriod")
            limit = _duration(text)
            if pod.kind != "DaemonSet" and limit and grace > limit and can_run_on(pod.spec, nodes):
                what = f"has {grace} s to end, and {nodes.name} is drained for {text}"
                yield Violation(pod.resource, f"grace {nodes.name}", what)


def _duration(text: object) -> int:
    """A duration of Go (`1h30m`) in seconds, 0 for anything else."""
    parts = re.findall(r"(\d+)([hms])", str(text))
    return sum(int(count) * _SECONDS[unit] for count, unit in parts)


@rule(
    reason="Requests to a Service go to all pods that it selects: a team's user sees the data of "
    "another team.",
    source="https://kubernetes.io/docs/concepts/services-networking/service/",
)
def services_apart(plan: Plan) -> Iterator[Violation]:
    """A Service selects the pods of one workload."""
    workloads = list(pods(plan))
    for one in plan.of_kind("Service"):
        selector = mapping(one.inputs, "spec.selector")
        names = sorted(
            pod.resource.name
            for pod in workloads
            if pod.namespace == namespace_of(one) and selector.items() <= pod.labels.items()
        )
        if selector and len(names) > 1:
            yield Violation(one, "pods", f"selects pods of {', '.join(names)}")


@rule(
    reason="Every user with read access to a pod or a ConfigMap sees its values: credentials come "
    "from the pod's role, or from a Secret.",
    source="https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
)
def no_plain_secrets(plan: Plan) -> Iterator[Violation]:
    """No container or ConfigMap has a credential in plain text, and no user an access key."""
    for one in plan.by_type("aws:iam/accessKey:AccessKey"):
        yield Violation(one, "key", "is a credential that does not expire")
    for pod in pods(plan):
        for container in pod.containers:
            for item in each(container, "env"):
                if _is_secret(str(item.get("name")), item.get("value")):
                    name = str(item["name"])
                    yield Violation(pod.resource, name, f"has {name} in plain text")
    for one in plan.of_kind("ConfigMap"):
        for key, value in mapping(one.inputs, "data").items():
            if _is_secret(str(key), value):
                yield Violation(one, str(key), f"has {key} in plain text")


def _is_secret(name: str, value: object) -> bool:
    text = str(value or "")
    named = _SECRET_NAME.search(name) and not _NOT_SECRET.search(name)
    return bool(text and (_ACCESS_KEY.search(text) or named))


@rule(
    reason="A controller in its node's network reaches the metadata service, and with it the "
    "node's role.",
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/",
)
def charts_off_host(plan: Plan) -> Iterator[Violation]:
    """No chart is told to run its pods in the network or with the processes of their node."""
    for package in packages(plan):
        for keys, value in paths.leaves(package.values):
            if value is True and keys[-1] in ("hostNetwork", "hostPID", "hostIPC"):
                path = paths.text(keys)
                yield Violation(package.resource, path, f"has access to its node: {path}")
