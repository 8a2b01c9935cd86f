"""Outcome of a command of the engine: its steps and messages, from its events."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from pulumi.automation.events import EngineEvent


@dataclass(frozen=True)
class Step:
    """The engine's operation on one resource, planned or performed."""

    op: str
    """`create`, `update`, `replace`, `delete`, `create-replacement`, `same`..."""
    urn: str
    type: str
    detailed: dict[str, str] = field(default_factory=dict)
    """Changed path to kind, for updates and replacements."""
    new: dict[str, Any] | None = None
    """The engine's own record of the resource as it will be."""

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def kind(self) -> str:
        """The last part of the type."""
        return self.type.rsplit(":", 1)[-1]

    def __str__(self) -> str:
        return f"{self.op} {self.kind} {self.name}"


@dataclass
class Outcome:
    """Outcome of one command of the CLI."""

    steps: list[Step]
    messages: list[str]
    """Errors and warnings, the program's own included."""
    failed: bool

    @property
    def changes(self) -> list[Step]:
        """Steps other than `same` and reads."""
        return [step for step in self.steps if step.op not in ("same", "read", "refresh")]

    @property
    def summary(self) -> Counter[str]:
        """Operation to number of resources."""
        return Counter(step.op for step in self.changes)

    @property
    def text(self) -> str:
        """All messages."""
        return "\n".join(self.messages)

    def ok(self) -> Self:
        """Returns itself. Raises AssertionError with the messages if the command failed."""
        assert not self.failed, self.text
        return self


def collect(event: EngineEvent, steps: list[Step], messages: list[str]) -> None:
    """Adds an event to the steps or the messages."""
    if event.resource_pre_event:
        meta = event.resource_pre_event.metadata
        new = meta.new.__dict__ if meta.new else None
        detailed = {path: str(diff.diff_kind) for path, diff in (meta.detailed_diff or {}).items()}
        op = getattr(meta.op, "value", str(meta.op))
        steps.append(Step(op, meta.urn, meta.type, detailed, new))
    if event.policy_event:
        found = event.policy_event
        # The policy's description comes first, in each message.
        last = found.message.strip().splitlines()[-1]
        messages.append(f"{found.enforcement_level} {found.policy_name}: {last}")
    if event.diagnostic_event and event.diagnostic_event.severity in ("error", "warning"):
        messages.append(f"{event.diagnostic_event.urn or ''}: {event.diagnostic_event.message}")


def operations(outcome: Outcome) -> list[str]:
    """What an outcome changed, sorted: `update LogGroup cluster-logs`. A replacement is one line,
    whichever comes first, the creation or the deletion; components are left out."""
    replaced = {step.urn for step in outcome.changes if step.op == "replace"}
    lines = {f"replace {step.kind} {step.name}" for step in outcome.changes if step.op == "replace"}
    lines |= {
        str(step)
        for step in outcome.changes
        if step.urn not in replaced and not step.type.startswith("spark-on-eks:")
    }
    return sorted(lines)
