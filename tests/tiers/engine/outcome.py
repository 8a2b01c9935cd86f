"""Outcome of a command of the engine: its steps and messages, from its events."""

from dataclasses import dataclass, field
from typing import Self

from pulumi.automation.events import EngineEvent

from .providers.cloud import Operation


@dataclass
class Outcome:
    """Outcome of one command of the CLI."""

    changes: list[Operation] = field(default_factory=list)
    """Steps other than `same` and reads."""
    messages: list[str] = field(default_factory=list)
    """Errors and warnings, the program's own included."""
    failed: bool = False

    def collect(self, event: EngineEvent) -> None:
        """Adds an event to the steps or the messages."""
        if event.resource_pre_event:
            meta = event.resource_pre_event.metadata
            verb = getattr(meta.op, "value", str(meta.op))
            if verb not in ("same", "read", "refresh"):
                self.changes.append(Operation(verb, meta.type, meta.urn))
        if found := event.policy_event:
            # The policy's description comes first, in each message.
            last = found.message.strip().splitlines()[-1]
            self.messages.append(f"{found.enforcement_level} {found.policy_name}: {last}")
        said = event.diagnostic_event
        if said and said.severity in ("error", "warning"):
            self.messages.append(f"{said.urn or ''}: {said.message}")

    @property
    def operations(self) -> list[str]:
        """What was changed, sorted: `update LogGroup cluster-logs`. A replacement is one line,
        whichever comes first, the creation or the deletion; components are left out."""
        replaced = {step.urn for step in self.changes if step.verb == "replace"}
        own = [one for one in self.changes if not one.type.startswith("spark-on-eks:")]
        return sorted({str(one) for one in own if one.verb == "replace" or one.urn not in replaced})

    @property
    def text(self) -> str:
        """All messages."""
        return "\n".join(self.messages)

    def ok(self) -> Self:
        """Returns itself. Raises AssertionError with the messages if the command failed."""
        assert not self.failed, self.text
        return self
