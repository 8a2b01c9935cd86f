"""Metrics that are lost, alerts that no longer fire, and a volume that does not grow by itself."""

import json
from collections.abc import Iterator
from typing import Any

from components.names import MONITORING_NAMESPACE, NODE_AGENTS_NAMESPACE, VPA_NAMESPACE
from ops.diff.diff import Diff
from ops.diff.impact.data import kept
from ops.diff.impact.model import Consequence, Kind, causes_of, forcing_causes
from ops.diff.steps import Operation, Step
from ops.plan import quantity
from ops.plan.model import Plan
from ops.plan.packages import RELEASE
from ops.plan.values import at, each

_CHART = "kube-prometheus-stack"
_OWN = (MONITORING_NAMESPACE, NODE_AGENTS_NAMESPACE, VPA_NAMESPACE)
"""Namespaces of monitoring; the StorageClass of Prometheus' volume is `monitoring`, too."""
_COMPONENT = "spark-on-eks:monitoring:"
_SPEC = "values.prometheus.prometheusSpec"
_STORAGE = f"{_SPEC}.storageSpec.volumeClaimTemplate.spec.resources.requests.storage"
_KEPT = f"{_SPEC}.persistentVolumeClaimRetentionPolicy.whenDeleted"
_WORKSPACE = "aws:amp/workspace:Workspace"
_RETENTION = "aws:amp/workspaceConfiguration:WorkspaceConfiguration"
_GROUPS = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what is no longer known of the platform after an update."""
    for step in diff.of_type(RELEASE):
        if str((step.old or step.resource).inputs.get("chart")) == _CHART:
            yield from _prometheus(step)
    for step in diff.of_type(_WORKSPACE):
        if step.is_deleted and not kept(step):
            text = f"loses data: workspace {step.resource.name} is deleted with its metrics"
            yield Consequence(Kind.loses_data, text, forcing_causes(step))
    for step in diff.of_type(_RETENTION):
        days = "retentionPeriodInDays"
        if step.old is not None and step.new is not None:
            was, now = (float(one.inputs.get(days) or 150) for one in (step.old, step.new))
            if now < was:
                text = f"loses data: metrics of the workspace older than {now:g} days are deleted"
                yield Consequence(Kind.loses_data, text, causes_of(step, days))
    for step in diff.of_kind("Namespace", "StorageClass"):
        if step.is_deleted and step.resource.object_name in _OWN:
            text = f"no job uses {step.resource.object_name}"
            yield Consequence(Kind.stays, text, forcing_causes(step), harmless=True)
    for step in diff.of_type("aws:iam/role:Role"):
        if step.is_deleted and _COMPONENT in step.resource.urn:
            text = f"no job uses {step.resource.name}"
            yield Consequence(Kind.stays, text, forcing_causes(step), harmless=True)
    yield from _alerts(diff)


def _prometheus(step: Step) -> Iterator[Consequence]:
    old, new = step.old, step.new
    if old is None:
        return
    if step.is_deleted:
        if at(old.inputs, _KEPT) == "Retain":
            text = "Prometheus' volume stays in the cloud with its metrics, and costs"
            yield Consequence(Kind.stays, text, forcing_causes(step))
        else:
            text = "loses data: Prometheus' volume is deleted with its metrics"
            yield Consequence(Kind.loses_data, text, forcing_causes(step))
        return
    if step.operation is not Operation.update or new is None:
        return
    was, now = (_days(one.inputs) for one in (old, new))
    if now < was:
        text = f"loses data: metrics in Prometheus older than {now:g} days are deleted"
        yield Consequence(Kind.loses_data, text, causes_of(step, f"{_SPEC}.retention"))
    if step.touches(_STORAGE):
        sizes = [quantity.parse(at(one.inputs, _STORAGE) or 0) for one in (old, new)]
        text = (
            "Prometheus' volume keeps its size until its claim is resized, and Prometheus may fill "
            "it: docs/observability.md, The volume is too small"
            if sizes[1] > sizes[0]
            else "Prometheus' volume keeps its size: a volume never shrinks"
        )
        yield Consequence(Kind.guard, text, causes_of(step, _STORAGE))


def _days(inputs: Any) -> float:
    text = str(at(inputs, f"{_SPEC}.retention") or "")
    return float(text.removesuffix("d")) if text.removesuffix("d").isdecimal() else float("inf")


def _alerts(diff: Diff) -> Iterator[Consequence]:
    """Alerts that one of two plans has, wherever they are evaluated."""
    gone = sorted(_names(diff.old) - _names(diff.new))
    if not gone:
        return
    steps = [*diff.of_kind("PrometheusRule"), *diff.of_type(_GROUPS)]
    causes = tuple(cause for step in steps if step.old for cause in causes_of(step))
    text = "no longer fires: alert" if len(gone) == 1 else "no longer fire: alerts"
    yield Consequence(Kind.guard, f"{text} {', '.join(gone)}", causes)


def _names(plan: Plan) -> set[str]:
    found = [
        group for one in plan.of_kind("PrometheusRule") for group in _of(at(one.inputs, "spec"))
    ]
    for one in plan.by_type(_GROUPS):
        try:
            found += _of(json.loads(str(one.inputs.get("data"))))
        except ValueError:
            # Not of this project, or not known yet.
            continue
    return {
        str(rule["alert"]) for group in found for rule in each(group, "rules") if "alert" in rule
    }


def _of(spec: Any) -> list[Any]:
    return list(each(spec, "groups"))
