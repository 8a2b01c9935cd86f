"""Shuffle files that executors do not hold: Celeborn's masters and workers, and Lustre."""

from collections.abc import Iterator

from components.names import CELEBORN_NAMESPACE
from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of, forcing_causes
from ops.diff.steps import Operation, Step
from ops.plan.values import at
from ops.plan.workloads import namespace_of

_LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
_SIZES = ("storageCapacity", "perUnitStorageThroughput")
"""docs.aws.amazon.com/fsx/latest/LustreGuide/managing-storage-capacity.html."""
_WORKERS = "celeborn-worker"


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what running jobs lose of their shuffle files."""
    for step in diff.of_type(_LUSTRE):
        if step.is_deleted:
            doing = "deletes" if step.operation is Operation.delete else "replaces"
            text = f"{doing} Lustre file system {step.resource.name}, with the files in it"
            jobs = "jobs that keep shuffle files on Lustre fail"
            yield Consequence(Kind.ends_jobs, text, forcing_causes(step), jobs=jobs)
        elif step.touches(*_SIZES):
            text = (
                f"Lustre file system {step.resource.name} changes its size: it does not answer for "
                "some minutes, and clients try again until it does"
            )
            jobs = "jobs that keep shuffle files on Lustre wait for some minutes"
            yield Consequence(Kind.restarts, text, causes_of(step, *_SIZES), jobs=jobs)
    for step in diff.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        if step.new is None and not diff.new.by_type(_LUSTRE):
            text = f"no Lustre server is left that calls nodes back: {step.resource.name}"
            yield Consequence(Kind.stays, text, causes_of(step), harmless=True)
        elif step.old is not None:
            text = f"nodes open other ports to Lustre: {step.resource.name}"
            jobs = "a Lustre server that calls a node back may not reach it"
            yield Consequence(Kind.restarts, text, causes_of(step), jobs=jobs)
    for step in diff.of_kind("ConfigMap"):
        if step.old and step.new and namespace_of(step.resource) == CELEBORN_NAMESPACE:
            text = "pods of Celeborn read their configuration when they start"
            yield Consequence(Kind.stays, text, causes_of(step), harmless=True)
    for step in diff.of_kind("StatefulSet"):
        if step.old is not None and namespace_of(step.resource) == CELEBORN_NAMESPACE:
            yield from _celeborn(step)


def _celeborn(step: Step) -> Iterator[Consequence]:
    name = step.resource.object_name
    if step.is_deleted:
        text = f"removes Celeborn's {name}"
        jobs = "jobs that keep shuffle files in Celeborn fail"
        yield Consequence(Kind.ends_jobs, text, forcing_causes(step), jobs=jobs)
        return
    assert step.old is not None and step.new is not None
    fewer = [at(one.inputs, "spec.replicas") for one in (step.old, step.new)]
    if step.touches("spec.template") or (step.touches("spec.replicas") and fewer[1] < fewer[0]):
        yield Consequence(Kind.restarts, _text(step), causes_of(step), jobs=_jobs(step))
    elif step.touches("spec.replicas"):
        text = f"Celeborn has more pods: {name}"
        yield Consequence(Kind.stays, text, causes_of(step, "spec.replicas"), harmless=True)


def _text(step: Step) -> str:
    what = "restarts" if step.touches("spec.template") else "ends some of"
    return f"{what} the pods of {step.resource.object_name}, each after its grace period at most"


def _jobs(step: Step) -> str:
    if step.resource.object_name != _WORKERS:
        sides = [one for one in (step.old, step.new) if one is not None]
        one = any(at(side.inputs, "spec.replicas") == 1 for side in sides)
        return "jobs that use Celeborn fail: its only master restarts" if one else ""
    # The pods that end have the grace period that they were made with.
    before = step.old or step.resource
    seconds = at(before.inputs, "spec.template.spec.terminationGracePeriodSeconds")
    return (
        f"a worker of Celeborn ends after {int(seconds or 0) // 60} minutes at the latest: what "
        "jobs still need of its files is read from the copy, or computed again"
    )
