"""What is deleted as a whole: a component with all that it made, a bucket with its settings."""

from collections.abc import Iterator

from ops.diff.diff import Diff
from ops.diff.steps import Operation, Step
from ops.plan.model import Plan, Resource


def deleted_with(step: Step, diff: Diff) -> Iterator[Resource]:
    """Yields the components around a deleted resource that are deleted themselves, innermost
    first; nothing for any other step."""
    if step.operation is not Operation.delete:
        return
    yield from (one for one in _around(step.resource, diff.old) if one.urn in diff.deleted)


def _around(resource: Resource, plan: Plan) -> Iterator[Resource]:
    while parent := plan.get(resource.parent):
        yield parent
        resource = parent
