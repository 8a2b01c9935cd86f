"""Runs the rules over a plan, and separates findings from those that a component waives."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.plan.model import Plan
from ops.rules.catalog import RULES
from ops.rules.rule import Finding, Rule, Severity
from ops.rules.waivers import Waiver, waivers


@dataclass(frozen=True)
class Report:
    """Findings of a plan: errors first, then by resource."""

    plan: Plan
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    excepted: tuple[tuple[Finding, Waiver], ...]

    def of(self, severity: Severity) -> list[Finding]:
        return [one for one in self.findings if one.rule.severity is severity]


def check(
    plan: Plan,
    rules: Sequence[Rule] = RULES,
) -> Report:
    given = waivers(plan)
    findings: list[Finding] = []
    excepted: list[tuple[Finding, Waiver]] = []
    for rule in rules:
        seen: set[tuple[str, str, str]] = set()
        for broken in rule.check(plan):
            urn = broken.resource.urn if broken.resource else ""
            if (place := (urn, broken.subject, broken.message)) in seen:
                continue
            seen.add(place)
            finding = Finding(rule, broken)
            waiver = next((one for one in given if one.covers(finding, plan)), None)
            if waiver is None:
                findings.append(finding)
            else:
                excepted.append((finding, waiver))
    return Report(plan, tuple(rules), tuple(sorted(findings, key=_order)), tuple(excepted))


def _order(finding: Finding) -> tuple[bool, str, str, str]:
    severity = finding.rule.severity is not Severity.error
    return severity, finding.rule.id, finding.name, finding.broken.subject
