"""A diff as text for a terminal or a pipe: its consequences for the platform, then each
resource."""

from collections.abc import Sequence
from typing import IO

from rich.text import Text

from ops.diff.compare import change_lines
from ops.diff.diff import Diff
from ops.diff.impact import Consequence, Level, consequences
from ops.diff.steps import Operation, Step
from ops.plan.tree import console

MARKS = {
    Operation.create: "+",
    Operation.update: "~",
    Operation.replace: "±",
    Operation.may_replace: "?",
    Operation.delete: "-",
}
_COLOURS = {"+": "green", "~": "yellow", "±": "magenta", "?": "magenta", "-": "red"}
_LEVELS = {
    Level.danger: ("!!", "bold red"),
    Level.disruption: ("! ", "yellow"),
    Level.attention: ("* ", "cyan"),
    Level.note: ("  ", "default"),
}
_CAUSES = 3
"""Causes above this number are only counted: the diff of the resources lists all of them."""


def summary(diff: Diff) -> str:
    """Returns one line: `2 to create, 1 to replace, 40 unchanged`, or `no changes`; of two stacks
    `2 only in prod, 1 differs, 40 alike`."""
    counted = [
        f"{len(steps)} {_counted(op, len(steps), diff)}"
        for op in Operation
        if (steps := diff.of(op))
    ]
    if not counted:
        return "no differences" if is_pair(diff) else "no changes"
    present = sum(1 for step in diff.steps if step.new is not None)
    rest = "alike" if is_pair(diff) else "unchanged"
    return ", ".join([*counted, f"{len(diff.new.resources) - present} {rest}"])


def _counted(operation: Operation, count: int, diff: Diff) -> str:
    if is_pair(diff):
        return "differ" if operation is Operation.update and count > 1 else word(operation, diff)
    return f"to {'update or replace' if operation is Operation.may_replace else operation}"


def is_pair(diff: Diff) -> bool:
    """Whether this compares two stacks, one of which never becomes the other."""
    return diff.old.stack != diff.new.stack


def word(operation: Operation, diff: Diff) -> str:
    """Returns the operation on a resource, or which of two stacks has it."""
    if not is_pair(diff):
        return str(operation)
    sides = {Operation.create: diff.new, Operation.delete: diff.old}
    side = sides.get(operation)
    return f"only in {side.stack}" if side else "differs"


def render(diff: Diff, stream: IO[str]) -> None:
    out = console(stream)
    out.print(Text(f"{title(diff)}: {summary(diff)}", style="bold"), soft_wrap=True)
    if found := consequences(diff):
        out.print(Text("\nwhat it does", style="bold"), soft_wrap=True)
        for one in found:
            mark, colour = _LEVELS[one.level]
            out.print(Text(f"  {mark} {one.text}", style=colour), soft_wrap=True)
            for line in consequence_lines(one):
                out.print(Text(f"       {line}", style="dim default"), soft_wrap=True)
    for component, steps in by_component(diff):
        out.print(Text(f"\n{component}", style="bold cyan"), soft_wrap=True)
        for step in steps:
            mark = MARKS[step.operation]
            line = Text(f"  {mark} {word(step.operation, diff)} ", style=_COLOURS[mark])
            line.append(f"{step.resource.name}  ", style="default")
            line.append(step.resource.short_type, style="dim default")
            out.print(line, soft_wrap=True)
            for detail in step_lines(step):
                out.print(Text(f"      {detail}"), soft_wrap=True)
    if diff.exports:
        out.print(Text("\nexports", style="bold"))
        for change in diff.exports:
            for line in change_lines(change):
                out.print(Text(f"  {line}"), soft_wrap=True)


def title(diff: Diff) -> str:
    """Returns `project/stack`, or `project: one → other` for two stacks."""
    old, new = diff.old.stack, diff.new.stack
    return f"{diff.new.project}: {old} → {new}" if old != new else f"{diff.new.project}/{new}"


def by_component(diff: Diff) -> list[tuple[str, list[Step]]]:
    """Returns the steps by the outermost component around them, by name. Of two stacks, what is
    below a component that only one of them has is not listed."""
    one_sided = {
        step.resource.urn
        for step in diff.steps
        if is_pair(diff) and not (step.old and step.new) and not step.resource.custom
    }
    found: dict[str, list[Step]] = {}
    for step in diff.steps:
        if step.resource.parent in one_sided:
            continue
        plan = diff.new if step.new is not None else diff.old
        component = plan.component(step.resource)
        found.setdefault(component.name if component else "(no component)", []).append(step)
    return sorted(found.items())


def consequence_lines(one: Consequence) -> list[str]:
    """Returns the parts of a consequence and the first of its causes."""
    causes = [f"because {cause}" for cause in one.causes[:_CAUSES]]
    left = len(one.causes) - len(causes)
    return [*one.details, *causes, *([f"and {left} more like these"] if left else [])]


def step_lines(step: Step) -> Sequence[str]:
    """Returns the changes of one resource, and which of them replace it."""
    forced, unknown = set(step.forced_by), set(step.unknown)
    lines: list[str] = []
    for change in step.changes:
        first, *rest = change_lines(change)
        note = "forces replacement" if change.path in forced else ""
        note = "may force replacement" if change.path in unknown else note
        lines.append(f"{first}  ({note})" if note else first)
        lines += rest
    return [*lines, *(f"because {change}" for change in step.propagated)]
