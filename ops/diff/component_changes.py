"""Changes of each top-level component: counts, and the operation that sets its colour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ops.diff.diff import Diff
from ops.diff.steps import Operation, more_severe
from ops.plan.model import Plan

WORDS = {
    Operation.create: "created",
    Operation.update: "updated",
    Operation.may_replace: "may be replaced",
    Operation.replace: "replaced",
    Operation.delete: "deleted",
}


@dataclass(frozen=True)
class ComponentChange:
    """The changes inside one component, in words, and the operation of the component itself."""

    words: str
    operation: Operation


def merged(diff: Diff) -> Plan:
    """Returns the new plan together with the resources that the diff deletes."""
    kept = {resource.urn for resource in diff.new.resources}
    deleted = [resource for resource in diff.old.resources if resource.urn not in kept]
    return replace(diff.new, resources=(*diff.new.resources, *deleted))


def component_changes(diff: Diff) -> Mapping[str, ComponentChange]:
    """Returns the change of each top-level component in which a resource changes, by its name."""
    counts: dict[str, dict[Operation, int]] = {}
    for step in diff.steps:
        plan = diff.new if step.new is not None else diff.old
        component = plan.component(step.resource)
        # Components of the program are not cloud resources.
        if component is not None and (step.resource.custom or step.resource.remote):
            found = counts.setdefault(component.name, {})
            found[step.operation] = found.get(step.operation, 0) + 1
    before, after = ({one.name for one in plan.resources} for plan in (diff.old, diff.new))
    return {
        name: ComponentChange(
            ", ".join(f"{found[op]} {word}" for op, word in WORDS.items() if op in found),
            _operation(found, is_new=name not in before, is_deleted=name not in after),
        )
        for name, found in counts.items()
    }


def _operation(found: Iterable[Operation], *, is_new: bool, is_deleted: bool) -> Operation:
    """Returns the operation of the component: resources created or deleted inside it update it."""
    if is_new or is_deleted:
        return Operation.create if is_new else Operation.delete
    most_severe = Operation.update
    for operation in found:
        if operation in (Operation.may_replace, Operation.replace):
            most_severe = more_severe(most_severe, operation)
    return most_severe
