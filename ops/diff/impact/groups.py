"""Managed node groups that stay: taints, labels and sizes of their nodes."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.names import POOL_LABEL, SYSTEM_POOL
from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.steps import Operation, Step
from ops.plan.model import Resource
from ops.plan.nodes import GROUP
from ops.plan.requirements import Taint, taints_of
from ops.plan.values import mapping

_API = "docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html"
"""Taints and labels are set on the nodes that run, too."""


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what a changed group does to the pods on its nodes and to its size."""
    for step in diff.of_type(GROUP):
        if step.old is not None and step.new is not None and step.operation is Operation.update:
            yield from _taints(step, step.old, step.new)
            yield from _labels(step, step.old, step.new)
            yield from _size(step, step.old, step.new)


def _taints(step: Step, old: Resource, new: Resource) -> Iterator[Consequence]:
    if not step.touches("taints"):
        return
    before, after = (set(taints_of(one.inputs.get("taints"))) for one in (old, new))
    name, causes = step.resource.name, causes_of(step, "taints")
    is_system = mapping(old.inputs, "labels").get(POOL_LABEL) == SYSTEM_POOL
    for taint in _sorted(after - before):
        if taint.effect == "NoExecute":
            text = f"node group {name} gets taint {taint}: pods that do not tolerate it are evicted"
            jobs = f"on node group {name}: pods that do not tolerate {taint} are evicted at once"
            if is_system and Taint(taint.key, taint.value, "NoSchedule") in before:
                # No job runs where it could not start.
                yield Consequence(Kind.restarts, text, causes, harmless=True)
            else:
                yield Consequence(Kind.ends_jobs, text, causes, jobs=jobs)
        elif taint.effect == "NoSchedule" and not _only_harder(taint, before):
            text = f"node group {name} gets taint {taint}: new pods need a toleration, others stay"
            jobs = f"new executors that do not tolerate {taint} no longer start on {name}"
            yield Consequence(Kind.new_pods, text, causes, jobs=jobs)
    for taint in _sorted(before - after):
        if not any((one.key, one.value) == (taint.key, taint.value) for one in after):
            text = f"node group {name} loses taint {taint}: any pod may start there"
            yield Consequence(Kind.guard, text, causes, harmless=True)
        elif not any(one.effect == "NoExecute" for one in after - before):
            text = f"taint {taint} of node group {name} no longer evicts, or no longer keeps off"
            yield Consequence(Kind.guard, text, causes, harmless=True)


def _only_harder(taint: Taint, before: set[Taint]) -> bool:
    """Whether the same taint was there with NoExecute, which keeps new pods off, too."""
    return Taint(taint.key, taint.value, "NoExecute") in before


def _sorted(taints: set[Taint]) -> list[Taint]:
    return sorted(taints, key=str)


def _labels(step: Step, old: Resource, new: Resource) -> Iterator[Consequence]:
    if not step.touches("labels"):
        return
    before, after = (mapping(one.inputs, "labels") for one in (old, new))
    name, causes = step.resource.name, causes_of(step, "labels")
    gone = sorted(f"{key}={value}" for key, value in before.items() if after.get(key) != value)
    if not gone:
        text = f"node group {name} has labels more: no pod that runs selects them"
        yield Consequence(Kind.stays, text, causes, harmless=True)
        return
    labels = ", ".join(gone)
    text = (
        f"node group {name} loses label {labels}: pods that run stay, new ones that select it wait"
    )
    jobs = f"new pods that select {labels} no longer start on node group {name}"
    yield Consequence(Kind.new_pods, text, causes, jobs=jobs)


def _size(step: Step, old: Resource, new: Resource) -> Iterator[Consequence]:
    if not step.touches("scalingConfig"):
        return
    before, after = (_sizes(one) for one in (old, new))
    was, now = before.get("desiredSize"), after.get("desiredSize")
    name, causes = step.resource.name, causes_of(step, "scalingConfig.desiredSize")
    if was is not None and now is not None and now < was:
        text = f"node group {name} shrinks from {was:g} to {now:g} nodes, whatever runs on them"
        jobs = f"on node group {name}: executors on the nodes that go end, a driver ends its job"
        yield Consequence(Kind.removes_nodes, text, causes, jobs=jobs)


def _sizes(group: Resource) -> Mapping[str, Any]:
    return mapping(group.inputs, "scalingConfig")
