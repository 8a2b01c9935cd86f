"""What happens to one resource between two plans."""

from dataclasses import dataclass
from enum import StrEnum

from preview.compare import Change
from preview.plan import Plan, Resource, without_stack


class Operation(StrEnum):
    """What happens to a resource; `may_replace` where no table says which."""

    create = "create"
    update = "update"
    replace = "replace"
    may_replace = "may replace"
    delete = "delete"


@dataclass(frozen=True)
class Step:
    """One resource that does not stay as it is.

    `forced_by` are the paths that replace it, `follows` the names of replaced resources whose new
    ids it takes, `means` what that does to the running platform.
    """

    operation: Operation
    key: str
    old: Resource | None
    new: Resource | None
    changes: tuple[Change, ...] = ()
    forced_by: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    means: tuple[str, ...] = ()

    @property
    def resource(self) -> Resource:
        """The resource as it will be; as it was, if it goes."""
        found = self.new or self.old
        assert found is not None
        return found


def key_of(urn: str, plan: Plan) -> str:
    """Returns the URN without its stack: what two plans call the same resource."""
    # The root stack's own name ends in the stack's.
    root = f"::{plan.project}-{plan.stack}"
    key = without_stack(urn, plan.stack)
    return key.removesuffix(root) + "::root" if key.endswith(root) else key
