"""Outcome of a command of the engine: its steps and messages, from its events."""

from dataclasses import dataclass, field
from typing import Self

from pulumi.automation.events import EngineEvent


@dataclass(frozen=True)
class Step:
    """The engine's operation on one resource, planned or performed."""

    op: str
    """`create`, `update`, `replace`, `delete`, `create-replacement`, `same`..."""
    urn: str
    type: str

    def __str__(self) -> str:
        return f"{self.op} {self.type.rsplit(':', 1)[-1]} {self.urn.rsplit('::', 1)[-1]}"


@dataclass
class Outcome:
    """Outcome of one command of the CLI."""

    steps: list[Step] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    """Errors and warnings, the program's own included."""
    failed: bool = False

    def collect(self, event: EngineEvent) -> None:
        """Adds an event to the steps or the messages."""
        if event.resource_pre_event:
            meta = event.resource_pre_event.metadata
            self.steps.append(Step(getattr(meta.op, "value", str(meta.op)), meta.urn, meta.type))
        if found := event.policy_event:
            # The policy's description comes first, in each message.
            last = found.message.strip().splitlines()[-1]
            self.messages.append(f"{found.enforcement_level} {found.policy_name}: {last}")
        said = event.diagnostic_event
        if said and said.severity in ("error", "warning"):
            self.messages.append(f"{said.urn or ''}: {said.message}")

    @property
    def changes(self) -> list[Step]:
        """Steps other than `same` and reads."""
        return [step for step in self.steps if step.op not in ("same", "read", "refresh")]

    @property
    def operations(self) -> list[str]:
        """What was changed, sorted: `update LogGroup cluster-logs`. A replacement is one line,
        whichever comes first, the creation or the deletion; components are left out."""
        replaced = {step.urn for step in self.changes if step.op == "replace"}
        own = [one for one in self.changes if not one.type.startswith("spark-on-eks:")]
        return sorted({str(one) for one in own if one.op == "replace" or one.urn not in replaced})

    @property
    def text(self) -> str:
        """All messages."""
        return "\n".join(self.messages)

    def ok(self) -> Self:
        """Returns itself. Raises AssertionError with the messages if the command failed."""
        assert not self.failed, self.text
        return self
