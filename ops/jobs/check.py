"""Judges applications against a stack's plan: what is refused, fails, hangs or hurts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ops.jobs.fields import checked, checked_schedule
from ops.jobs.findings import ABSENT, Finding, Severity, applied, below, field_of
from ops.jobs.judge import (
    accounts,
    admission,
    claims,
    deps,
    disks,
    images,
    jars,
    metrics,
    network,
    operator,
    placement,
    pod_security,
    quotas,
    schedules,
    shuffle_service,
    sizes,
    storage,
    volumes,
)
from ops.jobs.judge import document as document_judge
from ops.jobs.model import Application, BadValue, Pods, Target
from ops.jobs.reading import SCHEDULE
from ops.plan.values import at, mapping

_Judge = Callable[[Application, Sequence[Pods], Target], Iterator[Finding]]
_JUDGES: tuple[_Judge, ...] = (
    operator.findings,
    accounts.findings,
    images.findings,
    pod_security.findings,
    placement.findings,
    sizes.findings,
    quotas.findings,
    volumes.findings,
    claims.findings,
    disks.findings,
    jars.findings,
    deps.findings,
    storage.findings,
    shuffle_service.findings,
    network.findings,
    metrics.findings,
)
_ORDER = list(Severity)


@dataclass(frozen=True)
class Verdict:
    """What is found of one document, errors first."""

    kind: str
    name: str
    findings: tuple[Finding, ...]

    @property
    def runs(self) -> bool:
        """Whether nothing that is known keeps it from running."""
        return not self.of(Severity.error)

    def of(self, severity: Severity) -> list[Finding]:
        return [one for one in self.findings if one.severity == severity]


def judged(
    document: Mapping[str, Any], target: Target, beside: Sequence[Mapping[str, Any]] = ()
) -> Verdict:
    """The verdict on a SparkApplication or ScheduledSparkApplication. `beside` are the other
    documents of its file."""
    name = str(at(document, "metadata.name") or "")
    unique: dict[tuple[str, str, str], Finding] = {}
    for one in _findings(document, name, target, beside):
        unique.setdefault((one.severity, one.field, one.why), one)
    found = sorted(unique.values(), key=lambda one: _ORDER.index(one.severity))
    return Verdict(str(document["kind"]), name, tuple(found))


def _findings(
    document: Mapping[str, Any], name: str, target: Target, beside: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    spec, prefix = document.get("spec"), "spec"
    scheduled = document["kind"] == SCHEDULE
    if scheduled:
        outer, found = checked_schedule(spec)
        yield from found
        yield from schedules.findings(outer)
        if "template" not in outer:
            return
        spec, prefix = outer["template"], "spec.template"
    elif "spec" not in document:
        spec = {}
    given, found = checked(spec)
    yield from (below(one, prefix) for one in found)
    status = document.get("status")
    app = Application(name, given, beside, scheduled, mapping(status) if status else None)
    yield from document_judge.findings(document, app, target)
    # What the API server refuses is there, so a finding that it is absent is wrong.
    refused = {one.field for one in found}
    for one in _of_application(app, target):
        absent = one.value is ABSENT and any(field_of(each.path) in refused for each in one.changes)
        if not absent:
            yield below(one, prefix)


def _of_application(app: Application, target: Target) -> Iterator[Finding]:
    unreadable = list(sizes.unreadable(app))
    yield from unreadable
    if changes := [change for one in unreadable for change in one.changes]:
        # The rest is judged as if they were right: all is told at once.
        app = replace(app, given=applied({"spec": app.given}, changes)["spec"])
    try:
        yield from admission.of_application(app, target)
        pods = app.pods(target.team.name)
        yield from admission.of_pods(app, pods, target)
    except BadValue as failure:
        # The pods are not known before the value is right.
        if not unreadable:
            yield Finding(Severity.error, f"spec.sparkConf[{failure.key}]", failure.why)
        return
    except ValueError as failure:
        yield admission.unreadable(failure)
        pods = app.pods(target.team.name)
    for judge in _JUDGES:
        yield from judge(app, pods, target)
