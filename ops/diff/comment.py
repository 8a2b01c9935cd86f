"""Diffs of one stack or all as one GitHub comment: Markdown within GitHub's size limit."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

from ops.diff import markdown as diff_markdown
from ops.diff.component_changes import component_changes
from ops.diff.diff import Diff
from ops.diff.impact import consequences
from ops.diff.mermaid import chart_of, to_mermaid
from ops.diff.sources import Compared, Failure
from ops.diff.text import summary, title
from ops.plan.command import fenced

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
    # A stack without a difference is in the table only.
    sections = [_section(one) for one in stacks if not many or _says_more(one)]
    head = [MARKER, ""]
    if many:
        head += ["## What this change does", "", "| stack | resources | most serious |"]
        head += ["|---|---|---|", *(_row(one) for one in stacks), ""]
    room = LIMIT - _SPARE - len("\n".join(head)) - sum(_frame(one, many) for one in sections)
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
        shown = "<br>".join(diff_markdown.code(line[:300]) for line in lines)
        return _Section(one.stack, "no diff: it could not be recorded", f"{shown}\n\n")
    diff = one.found
    note = f" ({one.note})" if one.note else ""
    always = _cut(diff_markdown.impact(diff))
    parts = [*diff_markdown.components(diff)]
    if shown := diff_markdown.exports(diff):
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


def _row(one: Compared) -> str:
    section = _section(one)
    worst = "&nbsp;"
    if isinstance(one.found, Diff) and (found := consequences(one.found)):
        worst = diff_markdown.escape(_short(found[0].text))
    headline = diff_markdown.escape(section.headline)
    return f"| {diff_markdown.escape(one.stack)} | {headline} | {worst} |"


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:197]}..."


def _frame(section: _Section, many: bool) -> int:
    return len(_framed(section, "", many)) + 1


def _framed(section: _Section, inner: str, many: bool) -> str:
    headline = diff_markdown.escape(section.headline)
    if not many:
        name = diff_markdown.escape(section.name)
        return f"### {name}\n\n**{headline}**\n\n{section.always}{inner}"
    name = html.escape(section.name)
    return (
        f"<details>\n<summary><b>{name}</b>: {html.escape(section.headline)}</summary>\n\n"
        f"{section.always}{inner}\n</details>\n"
    )


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
            f"{diff_markdown.escape(names)}. "
            f"All of it: {diff_markdown.code(command)}\n\n"
        )
    return _framed(section, inner, many), len(inner)
