"""Plans of several stacks; for a stack that cannot be recorded, the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.plan.errors import PlanError, UserError
from ops.plan.model import Plan
from ops.plan.record import record
from ops.plan.stack import stack_names


@dataclass(frozen=True)
class Failure:
    """A stack that could not be recorded: the message for its author, and the exit code."""

    message: str
    code: int


Recorded = Mapping[str, Plan | Failure]


def record_all(root: Path, stacks: Sequence[str], sets: Sequence[str] = ()) -> Recorded:
    """Returns the plan of each stack, or the reason why it is missing; without names, of all
    stacks."""
    return {name: _recorded(root, name, sets) for name in stacks or stack_names(root)}


def _recorded(root: Path, stack: str, sets: Sequence[str]) -> Plan | Failure:
    try:
        return record(root, stack, sets)
    except UserError as error:
        return Failure(str(error), 2)
    except PlanError as error:
        return Failure(error.message, 1)
