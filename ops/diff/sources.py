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


@dataclass(frozen=True)
class Request:
    """What to compare: one stack or all, changed keys, a revision to compare from, one to."""

    root: Path
    stack: str
    sets: Sequence[str] = ()
    base: str = ""
    head: str = ""


def compared(request: Request) -> list[Compared]:
    """Returns each stack's diff, by name. Raises UserError for a wrong request.

    The sides are recorded at the same time. A stack that one side does not have is new or gone.
    """
    wanted = [] if request.stack == ALL else [request.stack]
    # Starts before the working tree is recorded here, so that both run in parallel.
    base = Revision(request.root, request.base, wanted) if request.base else None
    head = Revision(request.root, request.head, wanted, request.sets) if request.head else None
    new = _of_revision(head) if head else record_all(request.root, wanted, request.sets)
    old = _of_revision(base) if base else record_all(request.root, wanted)
    names = [*new, *(name for name in old if name not in new)]
    project = project_name(request.root)
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
