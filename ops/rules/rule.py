"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from ops.plan.model import Plan, Resource


class Severity(StrEnum):
    """How bad it is to break a rule: an error stops a change, a warning is read by a person."""

    error = "error"
    warning = "warning"


@dataclass(frozen=True)
class Broken:
    """One place where a rule is broken.

    `subject` names the part of the resource, and is what an exception is matched with; `given`
    are the facts that an exception may insist on (an IAM statement's conditions).
    """

    resource: Resource | None
    subject: str
    message: str
    given: tuple[str, ...] = ()


Check = Callable[[Plan], Iterable[Broken]]


@dataclass(frozen=True)
class Rule:
    """One rule: a pure function over a plan, and what a reader needs to judge it."""

    id: str
    severity: Severity
    reason: str
    source: str
    """Address of a primary source."""
    check: Check
    offline_only: bool = False
    """It judges what an engine does not tell a policy pack: what the program asked of a provider,
    or options that stay with the engine."""


@dataclass(frozen=True)
class Finding:
    """A rule, and where a stack breaks it."""

    rule: Rule
    broken: Broken

    @property
    def urn(self) -> str:
        """The resource's URN, empty where the stack as a whole breaks the rule."""
        return self.broken.resource.urn if self.broken.resource else ""

    @property
    def name(self) -> str:
        """The resource's logical name, `(stack)` where it is no single resource."""
        return self.broken.resource.name if self.broken.resource else "(stack)"


def rule(
    id_: str, severity: Severity, *, reason: str, source: str, offline_only: bool = False
) -> Callable[[Check], Rule]:
    """Makes a rule of the function below it."""

    def made(check: Check) -> Rule:
        return Rule(id_, severity, reason, source, check, offline_only)

    return made
