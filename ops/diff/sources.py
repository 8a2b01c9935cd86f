"""The two sides of a diff: stacks of the working tree and of git revisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.diff.diff import Diff, compare
from ops.plan.model import Plan
from ops.plan.record import Failure, Recorded, record_all
from ops.plan.revision import Revision
from ops.plan.stack import project_name

ALL = "all"


@dataclass(frozen=True)
class Compared:
    """One stack's diff, or the reason why it is missing; `note` is a remark for the reader."""

    stack: str
    found: Diff | Failure
    note: str = ""


def compared(root: Path, stack: str, sets: Sequence[str], base: str, head: str) -> list[Compared]:
    """Returns the diff of a stack, or of `all`, by name: of changed keys, or between revisions.

    The sides are recorded at the same time. A stack that one side does not have is new or gone.
    Raises UserError for a wrong request.
    """
    wanted = [] if stack == ALL else [stack]
    # Starts before the working tree is recorded here, so that both run in parallel.
    before = Revision(root, base, wanted) if base else None
    after = Revision(root, head, wanted, sets) if head else None
    new = _of_revision(after) if after else record_all(root, wanted, sets)
    old = _of_revision(before) if before else record_all(root, wanted)
    names = [*new, *(name for name in old if name not in new)]
    project = project_name(root)
    return [_compared(name, old.get(name), new.get(name), project) for name in sorted(names)]


def _of_revision(revision: Revision) -> Recorded:
    found: dict[str, Plan | Failure] = {}
    for stack, (plan, message, code) in revision.wait().items():
        text = f"at {revision.name}: {message}"
        found[stack] = Plan.from_json(plan) if plan else Failure(text, code)
    return found


def _compared(
    stack: str, old: Plan | Failure | None, new: Plan | Failure | None, project: str
) -> Compared:
    for side in (new, old):
        if isinstance(side, Failure):
            return Compared(stack, side)
    nothing = Plan(project, stack, ())
    note = "" if old else "a new stack"
    note = note if new else "the stack's file is deleted: this changes or deletes no resource"
    before = old if isinstance(old, Plan) else nothing
    after = new if isinstance(new, Plan) else nothing
    return Compared(stack, compare(before, after), note)
