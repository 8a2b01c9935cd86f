"""A rule and its findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import FunctionType

from ops.plan.model import Plan, Resource


class Severity(StrEnum):
    """Severity of a violation: an error stops a change, a warning is for the reviewer."""

    error = "error"
    warning = "warning"


@dataclass(frozen=True)
class Violation:
    """One violation of a rule.

    `subject` is the part of the resource, which exceptions match; `given` are facts that an
    exception may require (an IAM statement's conditions).
    """

    resource: Resource | None
    subject: str
    message: str
    given: tuple[str, ...] = ()


Check = Callable[[Plan], Iterable[Violation]]


@dataclass(frozen=True)
class Rule:
    """One rule: a pure function over a plan, with its reason and source."""

    id: str
    severity: Severity
    reason: str
    source: str
    """Address of a primary source."""
    check: Check
    offline_only: bool = False
    """It needs data that a policy pack lacks: provider functions, resource options, or EC2's
    figures of instance types."""


@dataclass(frozen=True)
class Finding:
    """A rule, and a violation of it in a stack."""

    rule: Rule
    broken: Violation

    @property
    def urn(self) -> str:
        """The resource's URN, empty if the stack as a whole violates the rule."""
        return self.broken.resource.urn if self.broken.resource else ""

    @property
    def name(self) -> str:
        """The resource's logical name, `(stack)` for the stack as a whole."""
        return self.broken.resource.name if self.broken.resource else "(stack)"


def rule(
    *, reason: str, source: str, severity: Severity = Severity.error, offline_only: bool = False
) -> Callable[[FunctionType], Rule]:
    """Decorator that turns a function into a rule; its name is the rule's id, with underscores."""

    def made(check: FunctionType) -> Rule:
        id_ = check.__name__.replace("_", "-")
        return Rule(id_, severity, reason, source, check, offline_only)

    return made
