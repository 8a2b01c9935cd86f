"""How a changed input affects its resource, by the tables of `ops.diff.replace_rules`."""

from collections.abc import Iterable, Mapping

from ops.diff.compare import ABSENT, Change
from ops.diff.replace_rules import Row, aws, kubernetes
from ops.diff.steps import Operation
from ops.plan import paths
from ops.plan.model import Resource
from ops.plan.paths import covers


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
    known = (*row.updates.split(), *row.refused.split())
    return Operation.update if any(covers(path, change.path) for path in known) else None


def _holds(change: Change, path: str) -> bool:
    """Whether an object that was added or removed as a whole contains the path."""
    if not path.startswith(f"{change.path}."):
        return False
    below = paths.parse(path.removeprefix(f"{change.path}."))
    return any(paths.get(value, below) is not None for value in (change.old, change.new))
