"""Exceptions to rules, with reasons: the component that creates the resource registers them."""

from collections.abc import Iterator
from dataclasses import dataclass

from ops.plan.model import Plan, Resource
from ops.plan.packages import packages, registered
from ops.rules.rule import Finding

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


def waivers(plan: Plan) -> tuple[Waiver, ...]:
    """Every waiver that the plan's components register."""
    return tuple(_waivers(plan))


def _waivers(plan: Plan) -> Iterator[Waiver]:
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
