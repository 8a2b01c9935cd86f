"""Diffs of one stack or all as one GitHub comment, within GitHub's size limit: consequences on top,
resources folded by component."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

from ops.diff.compare import change_lines
from ops.diff.diff import Diff, component_changes
from ops.diff.impact import Level, consequences
from ops.diff.mermaid import chart_of, to_mermaid
from ops.diff.sources import Compared, Failure
from ops.diff.steps import Operation, Step
from ops.diff.text import MARKS, by_component, consequence_lines, step_lines, summary, title
from ops.plan.command import fenced, table

MARKER = "<!-- spark-on-eks: diff of the plan -->"
"""The first line, by which a workflow finds its earlier comment and updates it in place."""
LIMIT = 65_536
"""GitHub refuses a longer body: "Body is too long (maximum is 65536 characters)"."""
_SPARE = 1_500
"""Reserved for closing tags and for the note about omitted parts."""
_LINES = 150
"""Lines of consequences of one stack."""
_LEVELS = {
    Level.danger: "🛑 **danger**",
    Level.disruption: "⚠️ **disruption**",
    Level.attention: "🔎 look at it",
    Level.note: "note",
}


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
    # A stack without a difference is in the table only.
    sections = [_section(one) for one in stacks if not many or _says_more(one)]
    head = [MARKER, ""]
    if many:
        rows = table(["stack", "resources", "most serious"], map(_row, stacks))
        head += ["## What this change does", "", rows]
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


def _section(one: Compared) -> _Section:
    if isinstance(one.found, Failure):
        lines = one.found.message.splitlines()[:20]
        shown = "<br>".join(_code(line[:300]) for line in lines)
        return _Section(one.stack, "no diff: it could not be recorded", f"{shown}\n\n")
    diff = one.found
    note = f" ({one.note})" if one.note else ""
    always = _cut(_impact(diff))
    parts = [(name, _component(name, steps)) for name, steps in by_component(diff)]
    if shown := _exports(diff):
        parts.append(("exports", shown))
    if component_changes(diff):
        parts.append(("the picture", _picture(diff)))
    return _Section(title(diff), f"{summary(diff)}{note}", always, parts)


def _picture(diff: Diff) -> str:
    """Returns the components before and after, folded."""
    chart = fenced(to_mermaid(chart_of(diff.new, diff)), "mermaid")
    return f"<details>\n<summary>picture</summary>\n\n{chart}\n</details>\n\n"


def _says_more(one: Compared) -> bool:
    found = one.found
    return isinstance(found, Failure) or bool(found.steps or found.exports)


def _cut(text: str) -> str:
    lines = text.splitlines()
    if len(lines) <= _LINES:
        return text
    return "\n".join([*lines[:_LINES], f"- and {len(lines) - _LINES} lines more", "", ""])


def _row(one: Compared) -> list[str]:
    section = _section(one)
    worst = "&nbsp;"
    if isinstance(one.found, Diff) and (found := consequences(one.found)):
        text = found[0].text
        worst = _escape(text if len(text) <= 200 else f"{text[:197]}...")
    return [_escape(one.stack), _escape(section.headline), worst]


def _framed(section: _Section, inner: str, many: bool) -> str:
    if not many:
        name, headline = _escape(section.name), _escape(section.headline)
        return f"### {name}\n\n**{headline}**\n\n{section.always}{inner}"
    name, headline = html.escape(section.name), html.escape(section.headline)
    summary = f"<summary><b>{name}</b>: {headline}</summary>"
    return f"<details>\n{summary}\n\n{section.always}{inner}\n</details>\n"


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
            f"{_escape(names)}. "
            f"All of it: {_code(command)}\n\n"
        )
    return _framed(section, inner, many), len(inner)


def _impact(diff: Diff) -> str:
    """Returns the consequences as a list, most serious first; nothing without any."""
    lines = []
    for one in consequences(diff):
        lines.append(f"- {_LEVELS[one.level]} {_escape(one.text)}")
        lines += [f"  - {_code(line)}" for line in consequence_lines(one)]
    return "\n".join([*lines, "", ""]) if lines else ""


def _exports(diff: Diff) -> str:
    """Returns the exports that change."""
    lines = [f"- {_code(line)}" for change in diff.exports for line in change_lines(change)]
    return "\n".join(["exports:", "", *lines, ""]) if lines else ""


def _escape(text: str) -> str:
    """Returns text that markdown shows as it is: no markup, link or mention."""
    escaped = html.escape(text, quote=False).replace("\n", " ")
    for character in "\\`*_[]|~":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped.replace("#", "&#35;").replace("@", "&#64;").replace("://", "&#58;//")


def _code(text: str) -> str:
    """Returns text as code, in a table's cell too, where a pipe or a line break would end it."""
    # <code> with entities: unlike backticks it cannot be closed by its content.
    safe = html.escape(text, quote=False).replace("\n", " ")
    for character in "\\`*_[]|~@:":
        safe = safe.replace(character, f"&#{ord(character)};")
    return f"<code>{safe}</code>"


def _component(name: str, steps: list[Step]) -> str:
    counts = {op: sum(step.operation is op for step in steps) for op in Operation}
    counted = ", ".join(f"{count} {op}" for op, count in counts.items() if count)
    lines = [
        "<details>",
        f"<summary><b>{html.escape(name)}</b>: {counted}</summary>",
        "",
        "| | resource | what changes |",
        "|---|---|---|",
    ]
    for step in steps:
        what = "<br>".join(_code(line) for line in step_lines(step))
        resource = f"{_code(step.resource.name)} {_code(step.resource.short_type)}"
        lines.append(f"| {MARKS[step.operation]} {step.operation} | {resource} | {what} |")
    return "\n".join([*lines, "", "</details>", "", ""])
