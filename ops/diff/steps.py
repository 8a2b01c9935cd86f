"""What happens to one resource between two plans."""

from dataclasses import dataclass
from enum import StrEnum

from ops.diff.compare import Change
from ops.plan.model import Plan, Resource, without_stack


class Operation(StrEnum):
    """What happens to a resource; `may_replace` where no table says which."""

    create = "create"
    update = "update"
    replace = "replace"
    may_replace = "may replace"
    delete = "delete"


@dataclass(frozen=True, order=True)
class PropagatedChange:
    """An input that gets another value because another resource is changed."""

    path: str
    source: str
    """Name of the other resource."""
    reason: str = "is replaced"

    def __str__(self) -> str:
        return f"{self.path}: {self.source} {self.reason}"


@dataclass(frozen=True)
class Step:
    """One resource that does not stay as it is.

    `forced_by` are the paths that replace it, `unknown` those of which no table knows whether
    they do, `propagated` the inputs that change with another resource.
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
        """The resource as it will be; as it was, if it is deleted."""
        found = self.new or self.old
        assert found is not None
        return found


def more_severe(one: Operation, other: Operation) -> Operation:
    """Returns the more severe of two ways to change a resource."""
    order = (Operation.update, Operation.may_replace, Operation.replace)
    return max(one, other, key=order.index)


def key_of(urn: str, plan: Plan) -> str:
    """Returns the URN without its stack: what two plans call the same resource."""
    # The root stack's own name ends in the stack's.
    root = f"::{plan.project}-{plan.stack}"
    key = without_stack(urn, plan.stack)
    return key.removesuffix(root) + "::root" if key.endswith(root) else key
