"""Rules of Prometheus as data: recorded series, alerts, and what a stack has of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["critical", "warning", "info"]
"""critical: jobs fail or wait for ever now; warning: they will, or cost more; info: to know."""

RUNBOOK = "docs/alerts.md"


@dataclass(frozen=True)
class Record:
    """A series that Prometheus computes from others at each evaluation."""

    name: str
    """As Prometheus' convention has it: labels that are left, metric, operation."""
    expr: str

    def render(self) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        return {"record": self.name, "expr": _line(self.expr)}


@dataclass(frozen=True)
class Alert:
    """A condition that a person should know of."""

    name: str
    expr: str
    minutes: int
    """How long the condition holds before the alert fires."""
    severity: Severity
    summary: str
    """One line; `{{ $labels.namespace }}` and `{{ $value }}` as in Prometheus' templates."""
    meaning: str
    """What it means for jobs, for docs/alerts.md and the alert's description."""
    todo: str
    """What to do, for docs/alerts.md."""

    def render(self) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        rule: dict[str, Any] = {"alert": self.name, "expr": _line(self.expr)}
        if self.minutes:
            rule["for"] = f"{self.minutes}m"
        return {
            **rule,
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "description": self.meaning,
                "runbook": f"{RUNBOOK}#{self.name.lower()}",
            },
        }


@dataclass(frozen=True)
class Group:
    """Rules that Prometheus evaluates one after the other."""

    name: str
    rules: Sequence[Record | Alert]

    def render(self) -> dict[str, Any]:
        """The group as Prometheus reads it."""
        return {"name": self.name, "rules": [one.render() for one in self.rules]}


@dataclass(frozen=True)
class Objectives:
    """Seconds in which 99 % of the API server's requests end, by kind of request."""

    mutating: int = 1
    resource: int = 1
    namespace: int = 5
    cluster: int = 30


@dataclass(frozen=True)
class Inputs:
    """What a stack has, and the thresholds of its alerts; the defaults have everything."""

    karpenter: bool = True
    yunikorn: bool = True
    history: bool = True
    node_mount: bool = True
    amp: bool = True
    amp_alerts: bool = True
    """The workspace evaluates the alerts."""
    operator: bool = True
    exporter: bool = True
    """Metrics of nodes: not where a given Prometheus may have them under other names."""
    cost: bool = True
    logs: bool = True
    executors_pending_minutes: int = 15
    drivers_pending_minutes: int = 10
    series_limit: int = 1_000_000
    """Series for which Prometheus has memory."""
    objectives: Objectives = field(default_factory=Objectives)


def _line(expr: str) -> str:
    """The expression on one line: previews show a change of it as one."""
    return " ".join(expr.split())
