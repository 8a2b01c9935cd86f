"""A report as text, Markdown and JSON."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from ops.plan.command import table
from ops.plan.tree import console, plural
from ops.rules.check import Report
from ops.rules.rule import Finding, Severity

_STYLES = {Severity.error: "red", Severity.warning: "yellow"}


def summary(report: Report) -> str:
    """One line: the number of rules, and of findings."""
    counted = [plural(len(report.of(severity)), severity) for severity in Severity]
    name = f"{report.plan.project}/{report.plan.stack}"
    return f"{name}: {len(report.rules)} rules, {', '.join(counted)}"


def render(report: Report, stream: IO[str], exceptions: bool = False) -> None:
    """Writes the findings as a table, with each rule's reason and source below it; and the
    exceptions that apply, if requested."""
    out = console(stream)
    out.print(Text(summary(report), style="bold"), soft_wrap=True)
    if report.findings:
        out.print()
        _table(out, report.findings)
        out.print()
        for rule in dict.fromkeys(one.rule for one in report.findings):
            out.print(Text(f"{rule.id}: {rule.reason}"), soft_wrap=True)
            out.print(Text(f"  {rule.source}", style="dim"), soft_wrap=True)
    if report.excepted:
        out.print()
        reasons = Counter((one.rule, one.resource, one.reason) for _, one in report.excepted)
        hint = "" if exceptions else "; EXCEPTIONS=1 lists them"
        by = plural(len(reasons), "exception")
        out.print(Text(f"{plural(len(report.excepted), 'place')} allowed by {by}{hint}"))
        for (rule, resource, reason), times in reasons.items() if exceptions else ():
            out.print(Text(f"  {rule}  {resource}  ({times}): {reason}"), soft_wrap=True)


def markdown(report: Report, exceptions: bool = False) -> str:
    """The findings as a table, and each rule's reason and source; exceptions if requested."""
    lines = [f"### {_cell(summary(report))}", ""]
    if report.findings:
        rows = (
            [one.rule.severity, one.rule.id, _cell(one.name), _cell(one.broken.message)]
            for one in report.findings
        )
        lines.append(table(["severity", "rule", "resource", "finding"], rows))
        for rule in dict.fromkeys(one.rule for one in report.findings):
            lines.append(f"- **{rule.id}**: {_cell(rule.reason)} <{rule.source}>")
        lines.append("")
    if exceptions and report.excepted:
        found = dict.fromkeys((one.rule, one.resource, one.reason) for _, one in report.excepted)
        rows = ([rule, _cell(resource), _cell(reason)] for rule, resource, reason in found)
        lines.append(table(["exception", "resource", "reason"], rows))
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text with Markdown's special characters escaped."""
    return re.sub(r"([\\`*_|<>\[\]~#@])", r"\\\1", text.replace("\n", " "))


def _table(out: Console, findings: Sequence[Finding]) -> None:
    """Severity, rule, resource and finding, in columns."""
    severity = max(len(one.rule.severity) for one in findings)
    rule = max(len(one.rule.id) for one in findings)
    name = max(len(one.name) for one in findings)
    for one in findings:
        line = Text(one.rule.severity.ljust(severity), style=_STYLES[one.rule.severity])
        line.append(f"  {one.rule.id.ljust(rule)}  ", style="default")
        line.append(one.name.ljust(name), style="bold default")
        line.append(f"  {one.broken.message}", style="default")
        out.print(line, soft_wrap=True)


def as_json(report: Report) -> str:
    """The report as JSON, the same bytes for the same plan."""
    document = {
        "project": report.plan.project,
        "stack": report.plan.stack,
        "rules": len(report.rules),
        "findings": [_finding(one) for one in report.findings],
        "exceptions": [
            {**_finding(one), "allowedBecause": allowed.reason} for one, allowed in report.excepted
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule.id,
        "severity": str(one.rule.severity),
        "resource": one.name,
        "urn": one.urn,
        "subject": one.broken.subject,
        "message": one.broken.message,
        "reason": one.rule.reason,
        "source": one.rule.source,
    }
