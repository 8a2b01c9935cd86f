"""Changes of a plan that violate a rule."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ops.plan import paths
from ops.plan.model import Plan, Resource

Edit = Callable[[Plan], Plan]
GONE = object()
"""In place of a value: removes the key."""


def picked(plan: Plan, kind: str, name: str = "") -> Resource:
    """The first resource whose short type ends with the kind, of this logical name if given."""
    for one in plan.resources:
        if one.short_type.endswith((f":{kind}", f"/{kind}")) and name in ("", one.name):
            return one
    raise AssertionError(f"the plan has no {kind} {name}")


def with_inputs(plan: Plan, resource: Resource, inputs: Mapping[str, Any]) -> Plan:
    """The plan with other inputs of one resource."""
    return _replaced(plan, resource, replace(resource, inputs=inputs))


def put(kind: str, path: str, value: Any, name: str = "") -> Edit:
    """Sets a value below an input: `spec.template.spec.taints[0].key`. A `!` enters JSON text:
    `policy!Statement[0].Action`."""

    def edit(plan: Plan) -> Plan:
        resource = picked(plan, kind, name)
        inputs = copy.deepcopy(dict(resource.inputs))
        outer, _, inner = path.partition("!")
        if inner:
            document = json.loads(paths.get(inputs, paths.parse(outer)) or "{}")
            _set(document, inner, value)
            _set(inputs, outer, json.dumps(document))
        else:
            _set(inputs, outer, value)
        return with_inputs(plan, resource, inputs)

    return edit


def unregistered(output: str, component: str) -> Edit:
    """Removes an output that a component registers."""

    def edit(plan: Plan) -> Plan:
        (one,) = [one for one in plan.by_name(component) if output in one.outputs]
        left = {key: value for key, value in one.outputs.items() if key != output}
        return _replaced(plan, one, replace(one, outputs=left))

    return edit


def without(kind: str, name: str = "") -> Edit:
    """Removes a resource."""

    def edit(plan: Plan) -> Plan:
        gone = picked(plan, kind, name)
        return replace(plan, resources=tuple(one for one in plan.resources if one != gone))

    return edit


def option(kind: str, name: str = "", **options: Any) -> Edit:
    """Sets options of a resource."""

    def edit(plan: Plan) -> Plan:
        one = picked(plan, kind, name)
        return _replaced(plan, one, replace(one, options=replace(one.options, **options)))

    return edit


def independent(kind: str, of: str, name: str = "") -> Edit:
    """Removes a resource's dependencies of a kind, by option and by input."""

    def edit(plan: Plan) -> Plan:
        one = picked(plan, kind, name)
        gone = {other.urn for other in plan.resources if other.short_type.endswith(f":{of}")}
        options = replace(
            one.options,
            dependencies=tuple(urn for urn in one.options.dependencies if urn not in gone),
            property_dependencies={
                key: tuple(urn for urn in urns if urn not in gone)
                for key, urns in one.options.property_dependencies.items()
            },
        )
        return _replaced(plan, one, replace(one, options=options))

    return edit


def also(*edits: Edit) -> Edit:
    """Applies edits one after the other."""

    def edit(plan: Plan) -> Plan:
        for one in edits:
            plan = one(plan)
        return plan

    return edit


def added(type_: str, name: str, inputs: Mapping[str, Any]) -> Edit:
    """Adds a Kubernetes object or an AWS resource."""

    def edit(plan: Plan) -> Plan:
        urn = f"urn:pulumi:{plan.stack}::{plan.project}::{type_}::{name}"
        one = Resource(urn, type_, name, "", True, False, inputs)
        return replace(plan, resources=(*plan.resources, one))

    return edit


def _replaced(plan: Plan, old: Resource, new: Resource) -> Plan:
    return replace(plan, resources=tuple(new if one is old else one for one in plan.resources))


def _set(target: Any, path: str, value: Any) -> None:
    *above, last = paths.parse(path)
    for part in above:
        target = target.setdefault(part, {}) if isinstance(target, dict) else target[part]
    if value is GONE:
        del target[last]
    elif isinstance(target, list) and last == len(target):
        target.append(value)
    else:
        target[last] = value


class Break(NamedTuple):
    """One change; `says` is part of the resulting finding's message."""

    rule: str
    edit: Edit
    says: str
    stack: str = "dev"
    sets: tuple[str, ...] = ()
