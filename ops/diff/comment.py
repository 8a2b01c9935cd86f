"""Diffs of one stack or all as one GitHub comment, within GitHub's size limit: consequences on top,
resources folded by component."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

from ops.diff.comment_head import LEVELS, Stack, headline, rank, row, stack_of
from ops.diff.compare import change_lines
from ops.diff.diff import Diff, component_changes
from ops.diff.impact import Consequence
from ops.diff.mermaid import chart_of, to_mermaid
from ops.diff.sources import Compared, Failure
from ops.diff.steps import Operation, Step
from ops.diff.text import (
    MARKS,
    by_component,
    consequence_lines,
    step_lines,
    summary,
    title,
    word,
)
from ops.plan.command import fenced, table
from ops.plan.markdown import code, escape

MARKER = "<!-- spark-on-eks: diff of the plan -->"
"""The first line, by which a workflow finds its earlier comment and updates it in place."""
LIMIT = 65_536
"""GitHub refuses a longer body: "Body is too long (maximum is 65536 characters)"."""
_SPARE = 1_500
"""Reserved for closing tags and for the note about omitted parts."""
_LINES = 150
"""Lines of consequences of one stack."""


@dataclass
class _Section:
    """One stack: the part that is always shown, and parts that are shown while they fit."""

    name: str
    headline: str
    always: str
    parts: list[tuple[str, str]] = field(default_factory=list)


def comment(stacks: Sequence[Compared], command: str) -> str:
    """Returns the comment, at most `LIMIT` characters; `command` prints the omitted parts."""
    many = len(stacks) > 1
    ordered = sorted(map(stack_of, stacks), key=rank)
    # A stack without a difference is in the table only.
    sections = [_section(one) for one in ordered if not many or one.failed or one.changes]
    head = [MARKER, ""]
    if many:
        rows = table(
            ["stack", "", "jobs that run", "most serious", "resources"],
            [row(one, _section(one).headline) for one in ordered],
        )
        head += ["## What this change does", "", headline(ordered), "", rows]
    frames = sum(len(_framed(one, "", many)) + 1 for one in sections)
    room = LIMIT - _SPARE - len("\n".join(head)) - frames
    # Each stack gets an equal share of the remaining room.
    body: list[str] = []
    for index, section in enumerate(sections):
        share = room // (len(sections) - index)
        text, used = _filled(section, share, many, command)
        room -= used
        body.append(text)
    return "\n".join(head) + "\n" + "\n".join(body)


def _section(one: Stack) -> _Section:
    diff = one.compared.found
    if isinstance(diff, Failure):
        lines = diff.message.splitlines()[:20]
        shown = "<br>".join(code(line[:300]) for line in lines)
        return _Section(one.name, "no diff: it could not be recorded", f"{shown}\n\n")
    note = f" ({one.compared.note})" if one.compared.note else ""
    always = _cut(_impact(one.found))
    parts = [(name, _component(name, steps, diff)) for name, steps in by_component(diff)]
    if shown := _exports(diff):
        parts.append(("exports", shown))
    if component_changes(diff):
        parts.append(("the picture", _picture(diff)))
    return _Section(title(diff), f"{summary(diff)}{note}", always, parts)


def _picture(diff: Diff) -> str:
    """Returns the components before and after, folded."""
    chart = fenced(to_mermaid(chart_of(diff.new, diff)), "mermaid")
    return f"<details>\n<summary>picture</summary>\n\n{chart}\n</details>\n\n"


def _cut(text: str) -> str:
    lines = text.splitlines()
    if len(lines) <= _LINES:
        return text
    return "\n".join([*lines[:_LINES], f"- and {len(lines) - _LINES} lines more", "", ""])


def _framed(section: _Section, inner: str, many: bool) -> str:
    if not many:
        name, counted = escape(section.name), escape(section.headline)
        return f"### {name}\n\n**{counted}**\n\n{section.always}{inner}"
    name, counted = html.escape(section.name), html.escape(section.headline)
    folded = f"<summary><b>{name}</b>: {counted}</summary>"
    return f"<details>\n{folded}\n\n{section.always}{inner}\n</details>\n"


def _filled(section: _Section, room: int, many: bool, command: str) -> tuple[str, int]:
    """Returns the section with the parts that fit, and how much of the room they take."""
    inner, left = "", []
    for name, part in section.parts:
        if len(inner) + len(part) <= room:
            inner += part
        else:
            left.append(name)
    if left:
        names = ", ".join(left[:10]) + (f" and {len(left) - 10} more" if len(left) > 10 else "")
        inner += (
            f"Left out, because GitHub accepts at most {LIMIT:,} characters: "
            f"{escape(names)}. "
            f"All of it: {code(command)}\n\n"
        )
    return _framed(section, inner, many), len(inner)


def _impact(found: Sequence[Consequence]) -> str:
    """Returns the consequences as a list, most serious first; nothing without any."""
    lines = []
    for one in found:
        lines.append(f"- {LEVELS[one.level]} {escape(one.text)}")
        lines += [f"  - {code(line)}" for line in consequence_lines(one)]
    return "\n".join([*lines, "", ""]) if lines else ""


def _exports(diff: Diff) -> str:
    """Returns the exports that change."""
    lines = [f"- {code(line)}" for change in diff.exports for line in change_lines(change)]
    return "\n".join(["exports:", "", *lines, ""]) if lines else ""


def _component(name: str, steps: list[Step], diff: Diff) -> str:
    counts = {op: sum(step.operation is op for step in steps) for op in Operation}
    counted = ", ".join(f"{count} {word(op, diff)}" for op, count in counts.items() if count)
    lines = [
        "<details>",
        f"<summary><b>{html.escape(name)}</b>: {counted}</summary>",
        "",
        "| | resource | what changes |",
        "|---|---|---|",
    ]
    for step in steps:
        what = "<br>".join(code(line) for line in step_lines(step))
        resource = f"{code(step.resource.name)} {code(step.resource.short_type)}"
        lines.append(
            f"| {MARKS[step.operation]} {word(step.operation, diff)} | {resource} | {what} |"
        )
    return "\n".join([*lines, "", "</details>", "", ""])
