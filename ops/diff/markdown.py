"""A diff as GitHub markdown: consequences on top, resources folded by component."""

import html

from ops.diff.diff import Diff
from ops.diff.impact import Level, consequences
from ops.diff.steps import Operation, Step
from ops.diff.text import MARKS, by_component, consequence_lines, step_lines
from ops.diff.values import change_lines

_LEVELS = {
    Level.danger: "🛑 **danger**",
    Level.disruption: "⚠️ **disruption**",
    Level.attention: "🔎 look at it",
    Level.note: "note",
}


def impact(diff: Diff) -> str:
    """Returns the consequences as a list, most serious first; nothing without any."""
    lines = []
    for one in consequences(diff):
        lines.append(f"- {_LEVELS[one.level]} {escape(one.text)}")
        lines += [f"  - {code(line)}" for line in consequence_lines(one)]
    return "\n".join([*lines, "", ""]) if lines else ""


def components(diff: Diff) -> list[tuple[str, str]]:
    """Returns each component's name and its folded part."""
    return [(name, _component(name, steps)) for name, steps in by_component(diff)]


def exports(diff: Diff) -> str:
    """Returns the exports that change."""
    lines = [f"- {code(line)}" for change in diff.exports for line in change_lines(change)]
    return "\n".join(["exports:", "", *lines, ""]) if lines else ""


def counted(steps: list[Step]) -> str:
    """Returns `2 create, 1 update`."""
    counts = {op: sum(step.operation is op for step in steps) for op in Operation}
    return ", ".join(f"{count} {op}" for op, count in counts.items() if count)


def escape(text: str) -> str:
    """Returns text that markdown shows as it is: no markup, link or mention."""
    escaped = html.escape(text, quote=False).replace("\n", " ")
    for character in "\\`*_[]|~":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped.replace("#", "&#35;").replace("@", "&#64;").replace("://", "&#58;//")


def code(text: str) -> str:
    """Returns text as code, in a table's cell too, where a pipe or a line break would end it."""
    # <code> with entities: unlike backticks it cannot be closed by its content.
    safe = html.escape(text, quote=False).replace("\n", " ")
    for character in "\\`*_[]|~@:":
        safe = safe.replace(character, f"&#{ord(character)};")
    return f"<code>{safe}</code>"


def _component(name: str, steps: list[Step]) -> str:
    lines = [
        "<details>",
        f"<summary><b>{html.escape(name)}</b>: {counted(steps)}</summary>",
        "",
        "| | resource | what changes |",
        "|---|---|---|",
    ]
    for step in steps:
        what = "<br>".join(code(line) for line in step_lines(step))
        resource = f"{code(step.resource.name)} {code(step.resource.short_type)}"
        lines.append(f"| {MARKS[step.operation]} {step.operation} | {resource} | {what} |")
    return "\n".join([*lines, "", "</details>", "", ""])
