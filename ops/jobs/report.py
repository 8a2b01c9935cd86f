"""Writes verdicts: as text, as Markdown, as JSON."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from ops.jobs.check import Verdict
from ops.jobs.findings import ABSENT, Finding, Severity, brief
from ops.plan.command import table

_HEADS = {
    Severity.error: "errors: it is refused, fails or hangs",
    Severity.warning: "warnings: it runs, and it hurts",
    Severity.unknown: "not known: the plan does not tell",
}
_WIDTH = 100


def summary(verdict: Verdict, where: str) -> str:
    """One line: whether it runs, and how much was found."""
    words = {Severity.error: "error", Severity.warning: "warning"}
    counts = []
    for severity in Severity:
        if number := len(verdict.of(severity)):
            plural = "s" if number > 1 and severity in words else ""
            counts.append(f"{number} {words.get(severity, severity)}{plural}")
    word = "nothing known keeps it from running" if verdict.runs else "would not run"
    found = f": {', '.join(counts)}" if counts else ""
    return f"{verdict.kind} {verdict.name or '(no name)'} for {where}: {word}{found}"


def to_text(verdicts: Sequence[Verdict], where: str) -> str:
    """Each verdict with its findings, in groups."""
    return "\n".join("\n".join(_lines(one, where)) + "\n" for one in verdicts)


def _lines(verdict: Verdict, where: str) -> Iterator[str]:
    yield summary(verdict, where)
    for severity, head in _HEADS.items():
        found = verdict.of(severity)
        if found:
            yield from ("", head)
        for one in found:
            shown = "" if one.value is ABSENT else f": {brief(one.value)}"
            yield f"  {one.field}{shown}"
            yield from _wrapped(one.why)
            if one.instead:
                yield from _wrapped(f"write: {one.instead}")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def to_markdown(verdicts: Sequence[Verdict], where: str) -> str:
    """The same as tables."""
    parts = []
    for one in verdicts:
        parts.append(f"### {summary(one, where)}\n\n")
        if one.findings:
            rows = [
                [
                    each.severity,
                    f"`{each.field}`",
                    _cell(each),
                    _plain(each.why),
                    _plain(each.instead),
                ]
                for each in one.findings
            ]
            parts.append(table(["", "field", "value", "why", "write"], rows) + "\n")
    return "".join(parts)


def _cell(finding: Finding) -> str:
    return "" if finding.value is ABSENT else f"`{_plain(brief(finding.value))}`"


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def to_json(verdicts: Sequence[Verdict], stack: str, team: str) -> str:
    """The same for programs."""
    content = {
        "stack": stack,
        "team": team,
        "runs": all(one.runs for one in verdicts),
        "applications": [_one(one) for one in verdicts],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _one(verdict: Verdict) -> dict[str, Any]:
    return {
        "kind": verdict.kind,
        "name": verdict.name,
        "runs": verdict.runs,
        "findings": [
            {
                "severity": str(one.severity),
                "field": one.field,
                **({} if one.value is ABSENT else {"value": one.value}),
                "why": one.why,
                **({"instead": one.instead} if one.instead else {}),
                "fixable": bool(one.changes),
            }
            for one in verdict.findings
        ],
    }
