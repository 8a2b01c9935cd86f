"""Helm releases and EKS add-ons: what stops when they go, fewer replicas, looser budgets."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ops.diff.compare import ABSENT, Change
from ops.diff.diff import Diff
from ops.diff.impact.known import parts
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.steps import Operation, Step
from ops.plan.model import Resource
from ops.plan.packages import ADDON, RELEASE
from ops.plan.values import each

_NO_NODES = "new executors wait: no node is launched for them"
STOPS: Mapping[str, str] = {
    "aws-ebs-csi-driver": "new executors with a volume of their own wait: nothing attaches it",
    "aws-mountpoint-s3-csi-driver": "new pods wait for their mount of JARs or cached data, and "
    "mounts of pods that run may end",
    "cluster-autoscaler": _NO_NODES,
    "coredns": "names no longer resolve: requests of jobs to the API server, to S3 and to each "
    "other fail",
    "karpenter": f"{_NO_NODES}, and Spot interruptions come without a replacement",
    "kube-proxy": "Services lead to the pods that they had: on new nodes to none",
    "kube-prometheus-stack": "",
    "metrics-server": "",
    "prometheus-operator-crds": "",
    "spark-operator": "executors that start from now on lack what the operator's webhook adds, and "
    "a job that fails is not tried again",
    "vertical-pod-autoscaler": "",
    "vpc-cni": "new executors get no address and do not start; pods that run keep theirs",
    "yunikorn": "new executors wait: their scheduler is gone",
}
"""Package to what jobs notice when none of its pods runs; empty for nothing. From the packages'
own documentation: docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html,
karpenter.sh/docs/concepts, yunikorn.apache.org/docs."""
_AUTOSCALERS = ("cluster-autoscaler", "karpenter")
_LAUNCH_NODES = (*_AUTOSCALERS, "karpenter-crd")
_REPLICAS = ("replicas", "replicaCount", "minReplicas")
_BUDGET = "podDisruptionBudget"


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what jobs notice of a package that goes or has fewer pods."""
    for step in diff.of_type(RELEASE, ADDON):
        if step.is_deleted:
            yield from _gone(step, diff)
        elif step.operation is Operation.create and package_name(step) in _LAUNCH_NODES:
            text = f"{package_name(step)} launches nodes and knows none of those that run"
            yield Consequence(Kind.stays, text, causes_of(step), harmless=True)
        elif step.operation is Operation.update:
            for change in _changes(step):
                yield from _fewer(step, change)
                yield from _budget(step, change)
            yield from _namespaces(step, diff)
    for step in diff.of_kind("PodDisruptionBudget"):
        if step.is_deleted or (step.old is not None and step.touches("spec")):
            text = f"PodDisruptionBudget {step.resource.object_name} holds less, or something else"
            yield Consequence(Kind.guard, text, causes_of(step))


def package_name(step: Step) -> str:
    """Returns the name of the chart, or of the add-on."""
    return _chart(step.resource)


def _chart(package: Resource) -> str:
    inputs = package.inputs
    chart = str(inputs.get("chart") or inputs.get("addonName") or package.name)
    return chart.rpartition("/")[2]


def _gone(step: Step, diff: Diff) -> Iterator[Consequence]:
    name = package_name(step)
    if name == "karpenter-crd":
        pools = diff.old.of_kind("NodePool")
        text = "the definitions of Karpenter go, and with them every NodePool and its nodes"
        jobs = "on nodes of Karpenter: all pods end"
        if pools and not all(diff.new.get(one.urn) is None for one in pools):
            yield Consequence(Kind.ends_jobs, text, causes_of(step), jobs=jobs)
        return
    jobs = STOPS.get(name)
    others = {_chart(one) for one in diff.new.by_type(RELEASE)} - {name}
    if name in _AUTOSCALERS and others & set(_AUTOSCALERS):
        return  # rule nodes tells of the nodes, and the other one launches the next
    if jobs is not None:
        until = "until it is back" if step.operation is Operation.replace else "from now on"
        text = f"none of the pods of {name} runs {until}"
        yield Consequence(Kind.restarts, text, causes_of(step), jobs=jobs, harmless=not jobs)


def _changes(step: Step) -> Iterator[Change]:
    for change in step.changes:
        yield from parts(change)


def _fewer(step: Step, change: Change) -> Iterator[Consequence]:
    key = change.path.rpartition(".")[2].rpartition("{")[2].rstrip("}")
    before, after = (_number(one) for one in (change.old, change.new))
    if key not in _REPLICAS or before is None or after is None or after >= before:
        return
    name = package_name(step)
    if after:
        text = f"replicas of {name}: {before:g} -> {after:g}"
        if after == 1:
            text += ": none is left while its node is replaced"
        yield Consequence(Kind.guard, text, causes_of(step, change.path))
    else:
        text = f"none of the pods of {name} runs: {change.path} is 0"
        jobs = STOPS.get(name) or f"what {name} does for jobs that run is no longer done"
        yield Consequence(Kind.ends_jobs, text, causes_of(step, change.path), jobs=jobs)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _budget(step: Step, change: Change) -> Iterator[Consequence]:
    """A budget that is off, or allows more pods to be evicted at once."""
    if _BUDGET not in change.path:
        return
    key = change.path.rpartition(".")[2].rpartition("{")[2].rstrip("}")
    before, after = (_number(one) for one in (change.old, change.new))
    looser = {
        "minAvailable": before is not None and (after or 0) < before,
        "maxUnavailable": before is not None and (after is None or after > before),
    }.get(key, change.old is True and change.new is not True)
    if looser:
        shown = ["none" if one is ABSENT else json.dumps(one) for one in (change.old, change.new)]
        text = f"disruption budget of {package_name(step)}: {key} {shown[0]} -> {shown[1]}"
        yield Consequence(Kind.guard, text, causes_of(step, change.path))


def _namespaces(step: Step, diff: Diff) -> Iterator[Consequence]:
    path = "values.spark.jobNamespaces"
    if not step.touches(path) or step.old is None or step.new is None:
        return
    gone = sorted(set(each(step.old.inputs, path)) - set(each(step.new.inputs, path)))
    ended = {one.resource.object_name for one in diff.of_kind("Namespace") if one.is_deleted}
    if gone and ended >= set(gone):
        text = "the Spark operator watches the namespaces that stay"
        yield Consequence(Kind.stays, text, causes_of(step, path), harmless=True)
        return
    for namespace in gone:
        text = f"the Spark operator no longer watches namespace {namespace}"
        jobs = (
            f"jobs in namespace {namespace}: their state is not updated, a failed one not retried"
        )
        yield Consequence(Kind.guard, text, causes_of(step, path), jobs=jobs)
