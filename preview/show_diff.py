"""A diff for people: text for a terminal or a pipe, markdown for a pull request."""

import difflib
import html
import json
from collections.abc import Iterable
from typing import IO, Any

from rich.text import Text

from preview.compare import ABSENT, Change
from preview.diff import Diff
from preview.steps import Operation, Step
from preview.tree import console

_MARKS = {
    Operation.create: ("+", "green"),
    Operation.update: ("~", "yellow"),
    Operation.replace: ("±", "magenta"),
    Operation.may_replace: ("?", "magenta"),
    Operation.delete: ("-", "red"),
}
_WIDTH = 90
_TEXT_LINES = 12


def summary(diff: Diff) -> str:
    """Returns one line: `2 to create, 1 to replace, 40 unchanged`, or `no changes`."""
    counted = [
        f"{len(steps)} to {'update or replace' if op is Operation.may_replace else op}"
        for op in Operation
        if (steps := diff.of(op))
    ]
    if not counted:
        return "no changes"
    present = sum(1 for step in diff.steps if step.new is not None)
    return ", ".join([*counted, f"{len(diff.new.resources) - present} unchanged"])


def render(diff: Diff, stream: IO[str]) -> None:
    """Writes the diff as text."""
    out = console(stream)
    out.print(Text(f"{_title(diff)}: {summary(diff)}", style="bold"), soft_wrap=True)
    for component, steps in _by_component(diff):
        out.print(Text(f"\n{component}", style="bold cyan"), soft_wrap=True)
        for step in steps:
            mark, colour = _MARKS[step.operation]
            line = Text(f"  {mark} {step.operation} ", style=colour)
            line.append(f"{step.resource.name}  ", style="default")
            line.append(step.resource.short_type, style="dim default")
            out.print(line, soft_wrap=True)
            for detail in _details(step):
                out.print(Text(f"      {detail}"), soft_wrap=True)
    if diff.exports:
        out.print(Text("\nexports", style="bold"))
        for change in diff.exports:
            for line in _change_lines(change):
                out.print(Text(f"  {line}"), soft_wrap=True)


def markdown(diff: Diff) -> str:
    """Returns the diff as GitHub markdown: a summary, then a folded part per component."""
    lines = [f"### {_escape(_title(diff))}", "", f"**{_escape(summary(diff))}**", ""]
    for component, steps in _by_component(diff):
        counted = ", ".join(
            f"{count} {op}"
            for op in Operation
            if (count := sum(step.operation is op for step in steps))
        )
        lines += [
            "<details>",
            f"<summary><b>{html.escape(component)}</b>: {counted}</summary>",
            "",
            "| | resource | what changes |",
            "|---|---|---|",
        ]
        for step in steps:
            mark, _ = _MARKS[step.operation]
            what = "<br>".join(f"{_cell(line)}" for line in _details(step))
            name = f"{_cell(step.resource.name)} {_cell(step.resource.short_type)}"
            lines.append(f"| {mark} {step.operation} | {name} | {what} |")
        lines += ["", "</details>", ""]
    if diff.exports:
        lines += ["exports:", ""]
        lines += [f"- {_cell(line)}" for c in diff.exports for line in _change_lines(c)]
        lines.append("")
    return "\n".join(lines)


def _title(diff: Diff) -> str:
    old, new = diff.old.stack, diff.new.stack
    return f"{diff.new.project}: {old} → {new}" if old != new else f"{diff.new.project}/{new}"


def _by_component(diff: Diff) -> list[tuple[str, list[Step]]]:
    found: dict[str, list[Step]] = {}
    for step in diff.steps:
        plan = diff.new if step.new is not None else diff.old
        component = plan.component(step.resource)
        found.setdefault(component.name if component else "(no component)", []).append(step)
    return sorted(found.items())


def _details(step: Step) -> list[str]:
    forced = set(step.forced_by)
    lines: list[str] = []
    for change in step.changes:
        first, *rest = _change_lines(change)
        lines.append(f"{first}  (forces replacement)" if change.path in forced else first)
        lines += rest
    lines += [f"because {reason}" for reason in step.follows]
    lines += [f"means: {text}" for text in step.means]
    return lines


def _change_lines(change: Change) -> list[str]:
    if change.old is ABSENT:
        return [f"{change.path}: + {_value(change.new)}"]
    if change.new is ABSENT:
        return [f"{change.path}: - {_value(change.old)}"]
    if _is_long_text(change.old) and _is_long_text(change.new):
        return [f"{change.path}:", *_unified(change.old, change.new)]
    return [f"{change.path}: {_value(change.old)} -> {_value(change.new)}"]


def _is_long_text(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value.strip()


def _unified(old: str, new: str) -> Iterable[str]:
    found = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))[2:]
    shown = [f"  {_short(line)}" for line in found[:_TEXT_LINES]]
    left = len(found) - len(shown)
    return [*shown, f"  ... {left} more lines"] if left else shown


def _value(value: Any) -> str:
    if _is_long_text(value):
        return f"{_short(value.strip().splitlines()[0])} ... ({len(value.splitlines())} lines)"
    return _short(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def _escape(text: str) -> str:
    """Returns text that markdown shows as it is."""
    escaped = html.escape(text, quote=False)
    for character in "\\`*_[]|~#":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped


def _cell(text: str) -> str:
    """Returns text as code in a table's cell, where a pipe or a line break would end it."""
    # <code> with entities: unlike backticks it cannot be closed by its content.
    safe = html.escape(text, quote=False).replace("\n", " ")
    for character in "\\`*_[]|~@#:":
        safe = safe.replace(character, f"&#{ord(character)};") if character != "#" else safe
    return f"<code>{safe}</code>"
