"""Compares two plans: what an update from one to the other does to each resource, and to each
top-level component."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce

from ops.diff.compare import Change, changes
from ops.diff.replacement import forcing, propagate, reordered, verdict
from ops.diff.steps import Operation, Step, key_of, more_severe
from ops.plan.model import STACK_TYPE, Plan, Resource
from ops.plan.paths import covers

WORDS = {
    Operation.create: "created",
    Operation.update: "updated",
    Operation.may_replace: "may be replaced",
    Operation.replace: "replaced",
    Operation.delete: "deleted",
}


@dataclass(frozen=True)
class Diff:
    """All steps from one plan to another, sorted by key."""

    old: Plan
    new: Plan
    steps: tuple[Step, ...]
    exports: tuple[Change, ...] = ()

    @property
    def is_update(self) -> bool:
        """Whether the second plan updates the first: the same stack, and not an empty one."""
        return self.old.stack == self.new.stack and bool(self.old.resources)

    @cached_property
    def deleted(self) -> frozenset[str]:
        """URNs of what is deleted, without what Pulumi protects or only forgets."""
        return frozenset(
            step.resource.urn
            for step in self.of(Operation.delete)
            if not (step.resource.options.protect or step.resource.options.retain_on_delete)
        )

    def of(self, operation: Operation) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.operation is operation)

    def of_type(self, *types: str) -> Iterator[Step]:
        """Yields the steps of resources of these types."""
        return (step for step in self.steps if step.resource.type in types)

    def of_kind(self, *kinds: str) -> Iterator[Step]:
        """Yields the steps of Kubernetes objects of these kinds."""
        for step in self.steps:
            resource = step.resource
            if resource.is_kubernetes_object and resource.inputs.get("kind") in kinds:
                yield step


def compare(old: Plan, new: Plan) -> Diff:
    """Returns the difference; resources are the same when their URNs are, but for the stack.

    Resources that depend on a replaced one may be replaced, too.
    """
    before = {key_of(resource.urn, old): resource for resource in old.resources}
    after = {key_of(resource.urn, new): resource for resource in new.resources}
    renamed = _renamed(before, after, new)
    steps: dict[str, Step] = {}
    for key, resource in after.items():
        known = before.get(renamed.get(key, key))
        if known is None:
            steps[key] = Step(Operation.create, key, None, resource)
        elif step := _changed(key, known, resource, old, new):
            steps[key] = step
    for key in before.keys() - after.keys() - set(renamed.values()):
        steps[key] = Step(Operation.delete, key, before[key], None)
    propagate(
        steps, {key: known for key in after if (known := before.get(renamed.get(key, key)))}, new
    )
    return Diff(
        old,
        new,
        tuple(steps[key] for key in sorted(steps)),
        tuple(changes(dict(old.exports), dict(new.exports))),
    )


def _changed(key: str, old: Resource, new: Resource, before: Plan, after: Plan) -> Step | None:
    found = changes(dict(old.inputs), dict(new.inputs))
    found += _option_changes(old, new, before, after)
    ignored = [*new.options.ignore_changes, *reordered(new, old.inputs, new.inputs)]
    found = [c for c in found if not any(covers(path, c.path) for path in ignored)]
    if not found:
        return None
    operation, forced, unknown = forcing({one.path: verdict(new, one) for one in found})
    return Step(operation, key, old, new, tuple(found), tuple(forced), tuple(unknown))


def _option_changes(old: Resource, new: Resource, before: Plan, after: Plan) -> Iterator[Change]:
    """Yields, in parentheses, the options that Pulumi itself stores."""
    for name, left, right in (
        ("(protect)", old.options.protect, new.options.protect),
        ("(provider)", key_of(old.options.provider, before), key_of(new.options.provider, after)),
        ("(retainOnDelete)", old.options.retain_on_delete, new.options.retain_on_delete),
    ):
        if left != right:
            yield Change(name, left, right)


def _renamed(before: Iterable[str], after: dict[str, Resource], plan: Plan) -> dict[str, str]:
    """Returns the old key of each resource that has an alias with its old name."""
    known = set(before)
    found: dict[str, str] = {}
    for key, resource in after.items():
        if key in known:
            continue
        for old in former_keys(resource, plan):
            if old in known:
                found[key] = old
    return found


def former_keys(resource: Resource, plan: Plan) -> list[str]:
    """Returns the keys that a resource's aliases name, and those that it had as a child of what its
    parent's aliases name: Pulumi replaces the parent's name at the beginning of the child's
    (pulumi.com/docs/iac/concepts/resources/options/aliases)."""
    key = key_of(resource.urn, plan)
    found = [_alias_key(key, alias, plan) for alias in resource.options.aliases]
    if (parent := plan.get(resource.parent)) is None:
        return found
    prefix, project, types, name = key.split("::", 3)
    for former in former_keys(parent, plan):
        *_, parent_types, parent_name = former.split("::", 3)
        own = name
        if name.startswith(parent.name):
            own = f"{parent_name}{name.removeprefix(parent.name)}"
        chain = f"{parent_types}${types.rpartition('$')[2]}"
        found.append("::".join([prefix, project, chain, own]))
    return found


def _alias_key(key: str, alias: str, plan: Plan) -> str:
    if alias.startswith("urn:"):
        return key_of(alias, plan)
    parts = dict(part.split("=", 1) for part in alias.split(" ") if "=" in part)
    prefix, project, types, name = key.split("::", 3)
    chain = types.split("$")
    if "parent" in parts:
        parent = "" if parts["parent"] == "none" else parts["parent"].split("::")[2]
        chain = [part for part in parent.split("$") if part != STACK_TYPE and part] + [chain[-1]]
    chain[-1] = parts.get("type", chain[-1])
    return "::".join([prefix, project, "$".join(chain), parts.get("name", name)])


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
    replacing = (one for one in found if one in (Operation.may_replace, Operation.replace))
    return reduce(more_severe, replacing, Operation.update)
