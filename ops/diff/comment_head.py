"""The head of a comment on several stacks: whether to stop, and one row for each."""

from collections.abc import Sequence
from typing import NamedTuple

from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact import Consequence, Kind, Level, consequences
from ops.diff.sources import Compared, Failure
from ops.plan.markdown import escape

LEVELS = {
    Level.danger: "🛑 **danger**",
    Level.disruption: "⚠️ **disruption**",
    Level.attention: "🔎 look at it",
    Level.note: "note",
}
_JOBS = {
    Kind.jobs_affected: "**affected**",
    Kind.jobs_unknown: "**not known**",
    Kind.jobs_unaffected: "not affected",
}


class Stack(NamedTuple):
    """One stack with the consequences of its diff, most serious first."""

    compared: Compared
    found: Sequence[Consequence]

    @property
    def name(self) -> str:
        return self.compared.stack

    @property
    def failed(self) -> bool:
        return isinstance(self.compared.found, Failure)

    @property
    def changes(self) -> bool:
        diff = self.compared.found
        return isinstance(diff, Diff) and bool(diff.steps or diff.exports)

    def has(self, kind: Kind) -> bool:
        return any(one.kind is kind for one in self.found)


def stack_of(one: Compared) -> Stack:
    return Stack(one, () if isinstance(one.found, Failure) else consequences(one.found))


def rank(one: Stack) -> tuple[int, str]:
    """Sorts the gravest first: what could not be recorded, then by level; unchanged stacks last."""
    if one.failed:
        return -1, one.name
    unchanged = len(Level) + (not one.changes)
    return min((item.level for item in one.found), default=unchanged), one.name


def headline(ordered: Sequence[Stack]) -> str:
    """Returns what a reviewer must know first: whether to stop, and in which stacks."""
    said = []
    for text, stacks in (
        ("🛑 **stop: no diff** of", [one for one in ordered if one.failed]),
        (
            "🛑 **stop and read: danger** in",
            [one for one in ordered if _level(one) is Level.danger],
        ),
        (
            "⚠️ **jobs that run are affected** in",
            [one for one in ordered if one.has(Kind.jobs_affected)],
        ),
        (
            "⚠️ **what it does to jobs that run is not known** in",
            [one for one in ordered if one.has(Kind.jobs_unknown)],
        ),
    ):
        if stacks:
            said.append(f"{text} {escape(names(one.name for one in stacks))}")
    if said:
        return "<br>".join(said)
    changed = any(one.changes for one in ordered)
    return "✅ jobs that run are not affected" if changed else "nothing changes in any stack"


def _level(one: Stack) -> Level | None:
    return one.found[0].level if one.found else None


def row(one: Stack, resources: str) -> list[str]:
    level = _level(one)
    mark = "🛑 **no diff**" if one.failed else "" if level is None else LEVELS[level]
    worst = one.found[0].text if one.found else ""
    return [
        escape(one.name),
        mark,
        ", ".join(words for kind, words in _JOBS.items() if one.has(kind)),
        escape(worst if len(worst) <= 200 else f"{worst[:197]}..."),
        escape(resources),
    ]
