"""What a diff does to the running platform: one consequence, its kind and its causes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from ops.diff.compare import change_line, names
from ops.diff.steps import Step
from ops.plan.paths import covers


class Level(IntEnum):
    """How much attention a consequence needs, in descending order."""

    danger = 0
    disruption = 1
    attention = 2
    note = 3


class Kind(StrEnum):
    """Kinds of consequences in the order in which they are listed, most serious first."""

    refused = "refused"
    fails = "fails"
    replaces_cluster = "replaces-cluster"
    loses_data = "loses-data"
    ends_jobs = "ends-jobs"
    may_replace = "may-replace"
    replaces_network = "replaces-network"
    removes_nodes = "removes-nodes"
    rolls_nodes = "rolls-nodes"
    drifts_nodes = "drifts-nodes"
    jobs_affected = "jobs-affected"
    jobs_unknown = "jobs-unknown"
    upgrades_cluster = "upgrades-cluster"
    claims_wait = "claims-wait"
    restarts = "restarts"
    removes = "removes"
    wider = "wider-permission"
    narrower = "narrower-permission"
    guard = "guard"
    quota = "quota"
    cost = "cost"
    new_pods = "new-pods"
    stays = "stays"
    jobs_unaffected = "jobs-unaffected"

    @property
    def level(self) -> Level:
        order = list(Kind)
        for level, last in _LAST.items():
            if order.index(self) <= order.index(last):
                return level
        return Level.note


_LAST = {Level.danger: Kind.ends_jobs, Level.disruption: Kind.removes, Level.attention: Kind.cost}


@dataclass(frozen=True, order=True)
class Cause:
    """The resource that changes, by its logical name, and its changed property.

    `key` and `path` are its step's and the change's, if the cause is a change of that step.
    """

    resource: str
    what: str
    key: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.resource}: {self.what}"


@dataclass(frozen=True)
class Consequence:
    """One thing that happens to the running platform.

    `details` are its parts, if there are several. `jobs` is the effect on running Spark jobs; empty
    if there is none or it is not known, `harmless` where there is known to be none.
    """

    kind: Kind
    text: str
    causes: tuple[Cause, ...] = ()
    details: tuple[str, ...] = ()
    jobs: str = ""
    harmless: bool = False

    @property
    def level(self) -> Level:
        return self.kind.level


def causes_of(step: Step, *prefixes: str) -> tuple[Cause, ...]:
    """Returns why a step happens: its own changes and those caused by other resources, below
    `prefixes` if set."""
    name = step.resource.name
    if step.new is None or step.old is None:
        return (Cause(name, "is deleted" if step.new is None else "is created", step.key),)
    lines = [(change.path, change_line(change)) for change in step.changes]
    lines += [(change.path, str(change)) for change in step.propagated]
    return tuple(
        Cause(name, line, step.key, path)
        for path, line in lines
        if not prefixes or any(covers(prefix, path) for prefix in prefixes)
    )


def forcing_causes(step: Step) -> tuple[Cause, ...]:
    """Returns the causes of a replacement, or that the resource is deleted."""
    return causes_of(step, *step.forced_by)


def merged(found: Iterable[tuple[str, Consequence]]) -> Iterator[Consequence]:
    """Merges consequences that differ in one name only; `{}` in the text stands for the names."""
    alike: dict[tuple[Kind, str, str], list[tuple[str, Consequence]]] = {}
    for name, one in found:
        alike.setdefault((one.kind, one.text, one.jobs), []).append((name, one))
    for (_, text, jobs), same in alike.items():
        named = names(name for name, _ in same)
        causes = dict.fromkeys(cause for _, one in same for cause in one.causes)
        details = dict.fromkeys(detail for _, one in same for detail in one.details)
        yield replace(
            same[0][1],
            text=text.replace("{}", named),
            jobs=jobs.replace("{}", named),
            causes=tuple(causes),
            details=tuple(details),
        )
