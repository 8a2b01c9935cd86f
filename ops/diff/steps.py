"""The change of one resource between two plans."""

from dataclasses import dataclass
from enum import StrEnum

from ops.diff.compare import Change
from ops.plan.model import Plan, Resource, without_stack
from ops.plan.paths import covers


class Operation(StrEnum):
    """The operation on a resource; `may_replace` if no table covers the change."""

    create = "create"
    update = "update"
    replace = "replace"
    may_replace = "may replace"
    delete = "delete"


@dataclass(frozen=True, order=True)
class PropagatedChange:
    """An input that changes because another resource changes."""

    path: str
    source: str
    """Name of the other resource."""
    reason: str = "is replaced"

    def __str__(self) -> str:
        return f"{self.path}: {self.source} {self.reason}"


@dataclass(frozen=True)
class Step:
    """One resource that changes.

    `forced_by` are the paths that replace it, `unknown` those that no table covers, `propagated`
    the inputs that change with another resource.
    """

    operation: Operation
    key: str
    old: Resource | None
    new: Resource | None
    changes: tuple[Change, ...] = ()
    forced_by: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    propagated: tuple[PropagatedChange, ...] = ()

    @property
    def resource(self) -> Resource:
        """The new resource; the old one if it is deleted."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def is_deleted(self) -> bool:
        """Whether the resource is deleted, or replaced by a new one."""
        return self.old is not None and self.operation in (Operation.delete, Operation.replace)

    @property
    def changed_paths(self) -> set[str]:
        """The paths that get another value, Pulumi's own options left out."""
        paths = {change.path for change in (*self.changes, *self.propagated)}
        return {path for path in paths if not path.startswith("(")}

    def touches(self, *prefixes: str) -> bool:
        """Whether something at or below one of the paths changes."""
        return any(covers(prefix, path) for prefix in prefixes for path in self.changed_paths)


def more_severe(one: Operation, other: Operation) -> Operation:
    order = (Operation.update, Operation.may_replace, Operation.replace)
    return max(one, other, key=order.index)


def key_of(urn: str, plan: Plan) -> str:
    """Returns the URN without its stack, which identifies a resource in both plans."""
    # The root stack's own name ends in the stack's.
    root = f"::{plan.project}-{plan.stack}"
    key = without_stack(urn, plan.stack)
    return key.removesuffix(root) + "::root" if key.endswith(root) else key
