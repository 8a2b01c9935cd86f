"""Replacements that follow from a replacement.

The made-up ids of a plan do not change when a resource is replaced, real ones do. So an input
that a first preview does not know, and that depends on a replaced resource, gets a new value; and
whatever a replaced provider made is replaced with it.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ops.diff.replacement import covers, forces_unknown
from ops.diff.steps import Follow, Operation, Step, graver, key_of
from ops.plan import paths
from ops.plan.model import Plan, Resource

_PROVIDER = "(provider)"
# What an update gives a new value of, and the input that takes it: a template's latest version.
_NEW_VERSION = {
    "aws:ec2/launchTemplate:LaunchTemplate": (
        "aws:eks/nodeGroup:NodeGroup",
        "launchTemplate.version",
    )
}
# Of the template itself, without a new version of it.
_NO_VERSION = ("tags", "tagsAll", "updateDefaultVersion", "(")


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
    for key, step in list(steps.items()):
        if step.operation is Operation.update:
            _follow_version(steps, step, uses.get(key, ()), unchanged)
    pending = deque(key for key, step in steps.items() if step.operation is Operation.replace)
    while pending:
        source = pending.popleft()
        for use in uses.get(source, ()):
            before = steps.get(use.key)
            after = _followed(before, use, unchanged.get(use.key), source)
            if after is None:
                continue
            steps[use.key] = after
            already = before is not None and before.operation is Operation.replace
            if after.operation is Operation.replace and not already:
                pending.append(use.key)


def _follow_version(
    steps: dict[str, Step], step: Step, uses: Iterable[_Use], unchanged: Mapping[str, Resource]
) -> None:
    taker, path = _NEW_VERSION.get(step.resource.type, ("", ""))
    if all(change.path.startswith(_NO_VERSION) for change in step.changes):
        return
    for use in uses:
        if use.resource.type != taker or path not in use.resource.unknown:
            continue
        known = steps.get(use.key)
        if known is not None and known.operation is Operation.create:
            continue
        old = unchanged.get(use.key)
        found = known or Step(Operation.update, use.key, old, use.resource)
        follow_ = Follow(path, step.resource.name, "gets a new version")
        steps[use.key] = replace(found, follows=(*found.follows, follow_))


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


def _taken(use: _Use, name: str) -> list[str]:
    """Returns the paths of an input that hold something of a resource.

    A large input (a custom object's `spec`) has many: those whose made-up value names it, or all.
    """
    found = [path for path in use.resource.unknown if covers(use.input, path)]
    named = [
        path for path in found if name in str(paths.get(use.resource.inputs, paths.parse(path)))
    ]
    return named or found


def _followed(step: Step | None, use: _Use, old: Resource | None, source: str) -> Step | None:
    if step is not None and step.operation is Operation.create:
        return step
    if use.input == _PROVIDER:
        taken = [_PROVIDER]
    else:
        # Only the unknown paths: a new value in metadata.labels leaves metadata.name alone.
        taken = _taken(use, source.rsplit("::", 1)[1])
        ignored = use.resource.options.ignore_changes
        taken = [path for path in taken if not any(covers(one, path) for one in ignored)]
    if not taken:
        return step
    verdicts = {path: forces_unknown(use.resource, path) for path in taken}
    forced = [path for path, what in verdicts.items() if what is Operation.replace]
    unknown = [path for path, what in verdicts.items() if what is Operation.may_replace]
    if use.input == _PROVIDER:
        forced = taken
    operation = Operation.update
    if forced or unknown:
        operation = Operation.replace if forced else Operation.may_replace
    step = step or Step(Operation.update, use.key, old, use.resource)
    name = source.rsplit("::", 1)[1]
    return replace(
        step,
        operation=graver(step.operation, operation),
        forced_by=tuple(sorted({*step.forced_by, *forced})),
        unknown=tuple(sorted({*step.unknown, *unknown})),
        follows=tuple(sorted({*step.follows, *(Follow(path, name) for path in taken)})),
    )
