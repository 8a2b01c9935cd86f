"""How a changed input affects its resource, by the tables of `ops.diff.replace_rules`, and the
replacements that follow from a replacement.

The fake ids of a plan do not change when a resource is replaced; real ones do. So an input that a
first preview does not know, and that comes from a replaced resource, gets a new value. With a
replaced provider, every resource of it is replaced.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ops.diff.compare import ABSENT, Change
from ops.diff.replace_rules import Row, aws, kubernetes
from ops.diff.steps import Operation, PropagatedChange, Step, key_of, more_severe
from ops.plan import paths
from ops.plan.graph import PROVIDER, references
from ops.plan.model import Plan, Resource
from ops.plan.node_templates import LAUNCH_TEMPLATE
from ops.plan.nodes import GROUP
from ops.plan.paths import covers
from ops.plan.values import at

_VERSION = "launchTemplate.version"
"""The input of a node group that takes the latest version of its launch template."""
# Changes of a launch template that create no version of it.
_NO_VERSION = ("tags", "tagsAll", "updateDefaultVersion", "(")


def row_of(resource: Resource) -> tuple[Row, ...] | None:
    """Returns the rows for this resource, None if its type has none."""
    if not resource.custom and not resource.remote:
        return ()
    if resource.type in kubernetes.OTHER:
        return (kubernetes.OTHER[resource.type],)
    if resource.is_kubernetes_object:
        own = kubernetes.KINDS.get(str(resource.inputs.get("kind")))
        return (own, kubernetes.ALWAYS) if own else None
    own = aws.ROWS.get(resource.type.removeprefix("aws:"))
    return (own, aws.ALWAYS) if own and resource.package == "aws" else None


def verdict(resource: Resource, change: Change) -> Operation:
    """Returns what one change does: update, replace, or may replace where no table says."""
    if any(covers(path, change.path) for path in resource.options.replace_on_changes):
        return Operation.replace
    # Options in parentheses exist in Pulumi only, as do components.
    rows = row_of(resource)
    if change.path.startswith("(") or rows == ():
        return Operation.update
    found = [_in_row(row, change) for row in rows or _always(resource)]
    for operation in (Operation.replace, Operation.update):
        if operation in found:
            return operation
    return Operation.may_replace


def forcing(verdicts: Mapping[str, Operation]) -> tuple[Operation, list[str], list[str]]:
    """Returns what changes of these paths do together, the paths that replace the resource, and
    those that may."""
    forced = [path for path, what in verdicts.items() if what is Operation.replace]
    unknown = [path for path, what in verdicts.items() if what is Operation.may_replace]
    if forced:
        return Operation.replace, forced, unknown
    return Operation.may_replace if unknown else Operation.update, forced, unknown


def verdict_on_path(resource: Resource, path: str) -> Operation:
    """Returns the effect of a new value at a path, if only AWS knows the value."""
    return verdict(resource, Change(path, "", ""))


def refused(resource: Resource) -> tuple[str, ...]:
    """Returns the paths whose change the API server rejects and that force no replacement."""
    return tuple(path for row in row_of(resource) or () for path in row.refused.split())


def reordered(resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Returns the inputs that are sets and have the same members in both, in any order."""
    sets = [path for row in row_of(resource) or () for path in row.sets.split()]
    return [path for path in sets if _members(at(old, path)) == _members(at(new, path))]


def _members(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted(json.dumps(one, sort_keys=True) for one in value)


def _always(resource: Resource) -> Iterable[Row]:
    if resource.is_kubernetes_object:
        return (kubernetes.ALWAYS,)
    return (aws.ALWAYS,) if resource.package == "aws" else ()


def _in_row(row: Row, change: Change) -> Operation | None:
    if any(covers(path, change.path) or _holds(change, path) for path in row.replaces.split()):
        return Operation.replace
    for path in row.removal_replaces.split():
        if covers(path, change.path):
            if change.path != path or ABSENT not in (change.old, change.new):
                return Operation.may_replace
            return Operation.replace if change.new is ABSENT else Operation.update
    if change.path in row.smaller_replaces.split():
        return _by_size(change)
    known = (*row.updates.split(), *row.refused.split())
    return Operation.update if any(covers(path, change.path) for path in known) else None


def _by_size(change: Change) -> Operation:
    if not all(isinstance(one, int | float) for one in (change.old, change.new)):
        return Operation.may_replace
    return Operation.replace if change.new < change.old else Operation.update


def _holds(change: Change, path: str) -> bool:
    """Whether an object that was added or removed as a whole contains the path."""
    if not path.startswith(f"{change.path}."):
        return False
    below = paths.parse(path.removeprefix(f"{change.path}."))
    return any(paths.get(value, below) is not None for value in (change.old, change.new))


@dataclass(frozen=True)
class _Dependent:
    """A resource, and one of its inputs that comes from another resource."""

    key: str
    resource: Resource
    input: str


def propagate(steps: dict[str, Step], unchanged: Mapping[str, Resource], plan: Plan) -> None:
    """Adds to `steps`, in place, what the replacements among them lead to.

    `unchanged` are the old resources by the key that they have in `plan`.
    """
    dependents = _dependents(plan)
    for key, step in list(steps.items()):
        if step.operation is Operation.update:
            _propagate_version(steps, step, dependents.get(key, ()), unchanged)
    pending = deque(key for key, step in steps.items() if step.operation is Operation.replace)
    while pending:
        source = pending.popleft()
        for dependent in dependents.get(source, ()):
            before = steps.get(dependent.key)
            after = _with_replaced(before, dependent, unchanged.get(dependent.key), source)
            if after is None:
                continue
            steps[dependent.key] = after
            already = before is not None and before.operation is Operation.replace
            if after.operation is Operation.replace and not already:
                pending.append(dependent.key)


def _propagate_version(
    steps: dict[str, Step],
    step: Step,
    dependents: Iterable[_Dependent],
    unchanged: Mapping[str, Resource],
) -> None:
    keeps_version = all(change.path.startswith(_NO_VERSION) for change in step.changes)
    if step.resource.type != LAUNCH_TEMPLATE or keeps_version:
        return
    for one in dependents:
        if one.resource.type != GROUP or _VERSION not in one.resource.unknown:
            continue
        known = steps.get(one.key)
        if known is not None and known.operation is Operation.create:
            continue
        old = unchanged.get(one.key)
        found = known or Step(Operation.update, one.key, old, one.resource)
        change = PropagatedChange(_VERSION, step.resource.name, "gets a new version")
        steps[one.key] = replace(found, propagated=(*found.propagated, change))


def _dependents(plan: Plan) -> dict[str, list[_Dependent]]:
    """Returns, by key, the dependents that get a new value when a resource is replaced."""
    found: dict[str, list[_Dependent]] = {}
    for resource in plan.resources:
        for name, urn in references(resource):
            if name == PROVIDER or any(covers(name, path) for path in resource.unknown):
                dependent = _Dependent(key_of(resource.urn, plan), resource, name)
                found.setdefault(key_of(urn, plan), []).append(dependent)
    return found


def _changed_paths(dependent: _Dependent, source: str) -> list[str]:
    """Returns the paths of the input that get a new value.

    A large input (a custom object's `spec`) has several unknown paths: those whose fake value has
    the name of the replaced resource, or all of them.
    """
    if dependent.input == PROVIDER:
        return [PROVIDER]
    resource = dependent.resource
    # Only the unknown paths: a new value in metadata.labels leaves metadata.name alone.
    found = [path for path in resource.unknown if covers(dependent.input, path)]
    named = [path for path in found if source in str(paths.get(resource.inputs, paths.parse(path)))]
    ignored = resource.options.ignore_changes
    return [path for path in named or found if not any(covers(one, path) for one in ignored)]


def _with_replaced(
    step: Step | None, dependent: _Dependent, old: Resource | None, source: str
) -> Step | None:
    """Returns the step of a dependent, given that the resource with the key `source` is
    replaced."""
    if step is not None and step.operation is Operation.create:
        return step
    name = source.rsplit("::", 1)[1]
    changed = _changed_paths(dependent, name)
    if not changed:
        return step
    verdicts = {path: verdict_on_path(dependent.resource, path) for path in changed}
    if dependent.input == PROVIDER:
        verdicts = dict.fromkeys(changed, Operation.replace)
    operation, forced, unknown = forcing(verdicts)
    step = step or Step(Operation.update, dependent.key, old, dependent.resource)
    propagated = (PropagatedChange(path, name) for path in changed)
    return replace(
        step,
        operation=more_severe(step.operation, operation),
        forced_by=tuple(sorted({*step.forced_by, *forced})),
        unknown=tuple(sorted({*step.unknown, *unknown})),
        propagated=tuple(sorted({*step.propagated, *propagated})),
    )
