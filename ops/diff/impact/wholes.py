"""What is deleted as a whole: a component with all that it made, a bucket with its settings."""

from collections.abc import Iterator

from ops.diff.diff import Diff
from ops.diff.steps import Operation, Step
from ops.plan.model import Plan, Resource


def really_deleted(diff: Diff) -> set[str]:
    """Returns the URNs of what is deleted, without what Pulumi protects or only forgets."""
    return {
        step.resource.urn
        for step in diff.of(Operation.delete)
        if not (step.resource.options.protect or step.resource.options.retain_on_delete)
    }


def deleted_with(step: Step, diff: Diff) -> Iterator[Resource]:
    """Yields the components around a deleted resource that are deleted themselves, innermost
    first; nothing for any other step."""
    if step.operation is not Operation.delete:
        return
    deleted = really_deleted(diff)
    yield from (one for one in _around(step.resource, diff.old) if one.urn in deleted)


def _around(resource: Resource, plan: Plan) -> Iterator[Resource]:
    while parent := plan.get(resource.parent):
        yield parent
        resource = parent
