"""Runs the rules over a plan, and separates findings from those that a component waives: it
registers exceptions for the resources that it creates, with reasons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ops.plan.model import Plan, Resource
from ops.plan.packages import packages, registered
from ops.rules.catalog import RULES
from ops.rules.rule import Finding, Rule, Severity

_WILDCARD_RULES = ("iam-action-wildcard", "iam-resource-wildcard")
_BUDGET_RULE = "budget-for-replicas"


@dataclass(frozen=True)
class Waiver:
    """A reason why findings in a component's own resource are accepted."""

    rule: str
    component: str
    """URN."""
    resource: str
    """Logical name of the resource, below the component."""
    subject: str
    """Subject of the finding. It ends with `: ` for all findings in one IAM statement."""
    reason: str

    def covers(self, finding: Finding, plan: Plan) -> bool:
        subject = finding.broken.subject
        return (
            finding.rule.id == self.rule
            and finding.name == self.resource
            and (
                subject.startswith(self.subject)
                if self.subject.endswith(": ")
                else subject == self.subject
            )
            and self.component in _above(plan, finding.broken.resource)
        )


def waivers(plan: Plan) -> Iterator[Waiver]:
    """Every waiver that the plan's components register."""
    for component, policies in registered(plan, "wildcards"):
        for resource, reasons in policies.items():
            for sid, reason in reasons.items():
                for rule in _WILDCARD_RULES:
                    yield Waiver(rule, component.urn, resource, f"{sid}: ", reason)
    for component, resources in registered(plan, "waivers"):
        for resource, rules in resources.items():
            for rule, found in rules.items():
                for subject in found["subjects"]:
                    yield Waiver(rule, component.urn, resource, subject, found["reason"])
    for package in packages(plan):
        for workload in package.workloads:
            if workload.no_budget and package.component:
                subject = f"budget of {workload.name}"
                urn, name = package.component.urn, package.resource.name
                yield Waiver(_BUDGET_RULE, urn, name, subject, workload.no_budget)


def _above(plan: Plan, resource: Resource | None) -> Iterator[str]:
    while resource is not None:
        yield resource.parent
        resource = plan.get(resource.parent)


@dataclass(frozen=True)
class Report:
    """Findings of a plan: errors first, then by resource."""

    plan: Plan
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    excepted: tuple[tuple[Finding, Waiver], ...]

    def of(self, severity: Severity) -> list[Finding]:
        return [one for one in self.findings if one.rule.severity is severity]


def check(plan: Plan, rules: Sequence[Rule] = RULES) -> Report:
    given = list(waivers(plan))
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
