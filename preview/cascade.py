"""Replacements that follow from a replacement.

The made-up ids of a plan do not change when a resource is replaced, real ones do. So an input
that a first preview does not know, and that depends on a replaced resource, gets a new value; and
whatever a replaced provider made is replaced with it.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from preview.plan import Plan, Resource
from preview.replacement import covers, forcing
from preview.steps import Operation, Step, key_of

_PROVIDER = "(provider)"


@dataclass(frozen=True)
class _Use:
    """A resource that takes something of another in one of its inputs."""

    key: str
    resource: Resource
    input: str


def follow(steps: dict[str, Step], unchanged: Mapping[str, Resource], plan: Plan) -> None:
    """Adds to `steps`, in place, what the replacements among them lead to.

    `unchanged` are the old resources by the key that they have in `plan`.
    """
    uses = _uses(plan)
    pending = deque(key for key, step in steps.items() if step.operation is Operation.replace)
    while pending:
        source = pending.popleft()
        for use in uses.get(source, ()):
            before = steps.get(use.key)
            after = _followed(before, use, unchanged.get(use.key), source)
            steps[use.key] = after
            already = before is not None and before.operation is Operation.replace
            if after.operation is Operation.replace and not already:
                pending.append(use.key)


def _uses(plan: Plan) -> dict[str, list[_Use]]:
    found: dict[str, list[_Use]] = {}
    for resource in plan.resources:
        key = key_of(resource.urn, plan)
        for name, urns in _takes(resource):
            for urn in urns:
                found.setdefault(key_of(urn, plan), []).append(_Use(key, resource, name))
    return found


def _takes(resource: Resource) -> Iterable[tuple[str, Iterable[str]]]:
    for name, urns in resource.options.property_dependencies.items():
        if any(covers(name, path) for path in resource.unknown):
            yield name, urns
    if resource.options.provider:
        yield _PROVIDER, (resource.options.provider,)


def _followed(step: Step | None, use: _Use, old: Resource | None, source: str) -> Step:
    if step is not None and step.operation is Operation.create:
        return step
    rows = forcing(use.resource)
    if step is None:
        operation = Operation.update if rows is not None else Operation.may_replace
        step = Step(operation, use.key, old, use.resource)
    reason = f"{use.input}: {source.rsplit('::', 1)[1]} is replaced"
    step = replace(step, follows=tuple(sorted({*step.follows, reason})))
    if use.input == _PROVIDER:
        forced = [_PROVIDER]
    else:
        # Only the unknown paths: a new value in metadata.labels leaves metadata.name alone.
        paths = [path for path in use.resource.unknown if covers(use.input, path)]
        forced = [path for path in paths if any(covers(row, path) for row in rows or ())]
    if not forced:
        return step
    forced_by = tuple(sorted({*step.forced_by, *forced}))
    return replace(step, operation=Operation.replace, forced_by=forced_by)
