"""Runs the rules over a plan, and sorts what they find from what is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.plan.model import Plan
from ops.rules.catalog import RULES
from ops.rules.exceptions import EXCEPTIONS, Allowed
from ops.rules.rule import Finding, Rule, Severity


@dataclass(frozen=True)
class Report:
    """What the rules say of a plan: errors first, then by resource."""

    plan: Plan
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    excepted: tuple[tuple[Finding, Allowed], ...]

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of one severity."""
        return [one for one in self.findings if one.rule.severity is severity]


def check(
    plan: Plan,
    rules: Sequence[Rule] = RULES,
    exceptions: Sequence[Allowed] = EXCEPTIONS,
) -> Report:
    """Returns what the rules find in the plan."""
    findings: list[Finding] = []
    excepted: list[tuple[Finding, Allowed]] = []
    for rule in rules:
        seen: set[tuple[str, str, str]] = set()
        for broken in rule.check(plan):
            urn = broken.resource.urn if broken.resource else ""
            if (place := (urn, broken.subject, broken.message)) in seen:
                continue
            seen.add(place)
            finding = Finding(rule, broken)
            allowed = next((one for one in exceptions if one.covers(finding)), None)
            if allowed is None:
                findings.append(finding)
            else:
                excepted.append((finding, allowed))
    return Report(plan, tuple(rules), tuple(sorted(findings, key=_order)), tuple(excepted))


def _order(finding: Finding) -> tuple[bool, str, str, str]:
    severity = finding.rule.severity is not Severity.error
    return severity, finding.rule.id, finding.name, finding.broken.subject
