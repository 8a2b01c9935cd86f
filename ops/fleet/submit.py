"""Sends a run to one member of a fleet, and says why that one: a library function for CI and
orchestrators, and the command `submit`."""

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.names import TAKES_NO_JOBS
from ops.fleet.clusters import Clusters, NoAnswer, Refused
from ops.fleet.route import Candidate, Run, candidates
from ops.fleet.settings import Fleet
from ops.plan import yamlfile
from ops.plan.errors import Failed, UserError
from ops.plan.releases import MOUNTED_JARS

RUN_LABEL, JOB_LABEL, FLEET_LABEL = (
    "spark-on-eks/run",
    "spark-on-eks/job",
    "spark-on-eks/fleet",
)
REASON = "spark-on-eks/routed"
_RUN = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_MOUNTED = re.compile(rf"{MOUNTED_JARS}/([^/:,\s'\"]+)/")
_FULL = 0.05
"""Free share of a quota below which another member is looked for."""

Render = Callable[[str, str], Sequence[Mapping[str, Any]]]
"""The manifests of a job on a member's stack, under a name: the application last."""
Lacks = Callable[[str, Sequence[str]], str]
"""Why a member lacks one of these releases; empty if it has them. Raises Failed and UserError where
that cannot be found out."""


@dataclass
class Sent:
    """Where a run is, and why; `notes` are what was passed over."""

    member: str
    name: str
    reason: str
    notes: list[str] = field(default_factory=list)


def checked(run: Run) -> Run:
    """Returns the run. Raises UserError where its id cannot be a part of a name."""
    if not _RUN.fullmatch(run.id):
        raise UserError(
            f"RUN={run.id!r}: must be at most 40 lower-case letters, digits and hyphens, such as "
            "2026-12-01: a retry of the run has the same"
        )
    return run


def job_name(file: Path) -> str:
    """Returns the name that a job's file gives it. Raises UserError without one."""
    name = yamlfile.read(file).get("name")
    if not isinstance(name, str):
        raise UserError(f"{file}: name is missing")
    return name


@dataclass(frozen=True)
class _Order:
    """A run on its way."""

    fleet_name: str
    fleet: Fleet
    run: Run
    clusters: Clusters
    notes: list[str] = field(default_factory=list)

    def context(self, member: str) -> str:
        return self.fleet.members[member].context or member

    def failed(self, what: str) -> Failed:
        return Failed("\n".join([what, *(f"  {note}" for note in self.notes)]))


def submit(
    name: str,
    fleet: Fleet,
    run: Run,
    render: Render,
    clusters: Clusters,
    *,
    regions: Mapping[str, str],
    lacks: Lacks | None = None,
    look: bool = False,
    strict: bool = False,
) -> Sent:
    """Creates the run's application on the first candidate of the fleet `name` that answers, and
    returns where.

    `lacks`: a member without a release that the job mounts, or of which that is not known, is
    passed over; None looks for none. `look`: passes over a member where the team's quota is used
    up. `strict`: refuses while a member of the team does not answer, since the run may be there.
    Raises Failed if the run is on a member already, where no candidate takes it or one refuses it,
    and where it is not known whether it was created.
    """
    choice = candidates(fleet, checked(run), dict(regions))
    order = _Order(name, fleet, run, clusters)
    silent = _refuse_second(order, strict=strict)
    ready = [one for one in choice if one.name not in silent]
    if not ready:
        raise order.failed("no member that takes the run answers: nothing was sent")
    for one in _with_room(order, ready) if look else ready:
        if _sent(order, one, render, lacks):
            return Sent(one.name, _name(run), one.reason, order.notes)
    raise order.failed("no member takes the run")


def _name(run: Run) -> str:
    return f"{run.job}-{run.id}"


def _refuse_second(order: _Order, *, strict: bool) -> set[str]:
    """The members that do not answer. Raises Failed if one has the run, or may have."""
    run, members = order.run, list(order.fleet.of_team(order.run.team))
    labels = f"{RUN_LABEL}={run.id},{JOB_LABEL}={run.job}"

    def ask(name: str) -> list[str] | str:
        try:
            return order.clusters.applications(order.context(name), run.team, labels)
        except (NoAnswer, Refused) as error:
            return str(error)

    with ThreadPoolExecutor(len(members)) as pool:
        answers = dict(zip(members, pool.map(ask, members), strict=True))
    for name, answer in answers.items():
        if isinstance(answer, list) and answer:
            raise Failed(
                f"run {run.id} of {run.job} is on {name} already, as {', '.join(answer)}: a new "
                "run needs a new id"
            )
    silent = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
    for name, why in silent.items():
        order.notes.append(
            f"{name} is skipped: {why}. Whether it has this run is not known: if the run was sent "
            "there before, it may run twice"
        )
    if silent and strict:
        raise order.failed("nothing was sent, since a member does not answer")
    return {*silent}


def _with_room(order: _Order, ready: Sequence[Candidate]) -> list[Candidate]:
    """Those with a free quota first; the others after them."""
    free, full = [], []
    for one in ready:
        try:
            room = order.clusters.room(order.context(one.name), order.run.team)
        except (NoAnswer, Refused) as error:
            order.notes.append(f"{one.name}: its quota is not known: {error}")
            free.append(one)
            continue
        if room.free is not None and room.free < _FULL:
            order.notes.append(
                f"{one.name} is passed over: {room.free:.0%} of the quota of {order.run.team} is "
                f"free, and {room.waiting} applications wait"
            )
            full.append(one)
        else:
            free.append(one)
    return [*free, *full]


def _sent(order: _Order, one: Candidate, render: Render, lacks: Lacks | None) -> bool:
    """Whether a member took the run; not if it lacks a release, takes no new jobs, or no longer
    answers before the run is sent."""
    *beside, application = render(one.name, _name(order.run))
    if lacks and not _has_releases(order, one.name, application, lacks):
        return False
    context = order.context(one.name)
    try:
        for manifest in beside:
            order.clusters.apply(context, manifest)
    except Refused as error:
        raise order.failed(f"{one.name} refuses what the run needs: {error}") from None
    except NoAnswer as error:
        order.notes.append(f"{one.name} is skipped: {error}. The run was not sent there")
        return False
    try:
        order.clusters.create(context, _marked(application, order, one.reason))
    except Refused as error:
        if TAKES_NO_JOBS in str(error):
            order.notes.append(f"{one.name} {TAKES_NO_JOBS}")
            return False
        raise order.failed(f"{one.name} refuses the run: {error}") from None
    except NoAnswer as error:
        raise order.failed(
            f"whether {one.name} has the run is not known: {error}. The same command, when it "
            "answers again, tells and does not start it twice"
        ) from None
    return True


def _has_releases(order: _Order, member: str, application: Mapping[str, Any], lacks: Lacks) -> bool:
    used = sorted({*_MOUNTED.findall(str(application.get("spec")))})
    if not used:
        return True
    try:
        if why := lacks(member, used):
            order.notes.append(f"{member} is passed over: {why}")
        return not why
    except (Failed, UserError) as error:
        order.notes.append(
            f"{member} is passed over: whether it has release {', '.join(used)} is not known: "
            f"{error}"
        )
        return False


def _marked(manifest: Mapping[str, Any], order: _Order, reason: str) -> dict[str, Any]:
    metadata = dict(manifest.get("metadata") or {})
    labels = {
        FLEET_LABEL: order.fleet_name,
        RUN_LABEL: order.run.id,
        JOB_LABEL: order.run.job,
    }
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), REASON: reason}
    return {**manifest, "metadata": metadata}
