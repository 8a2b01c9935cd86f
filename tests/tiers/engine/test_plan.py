"""The offline plan is what the engine plans: same resources, inputs, options and dependencies."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ops.plan import paths
from ops.plan.model import Plan, Resource
from tests.plans import STACKS, plan_of
from tests.tiers.engine.providers import wire
from tests.tiers.engine.providers.kubernetes import AUTONAMED

Goal = Mapping[str, Any]
# The engine writes replaceOnChanges into no plan; test_knobs.py shows that it does what it says.
_FLAGS = {
    # The engine's name, and the plan's.
    "protect": "protect",
    "deleteBeforeReplace": "delete_before_replace",
    "retainOnDelete": "retain_on_delete",
    "ignoreChanges": "ignore_changes",
    "additionalSecretOutputs": "additional_secret_outputs",
    "customTimeouts": "custom_timeouts",
}

_MADE_UP = "v0.0.0-default."
"""What only AWS can answer: the default version of an add-on."""
_ISSUER = re.compile(r"(oidc\.eks\.[a-z0-9-]+\.amazonaws\.com/id/)[\w-]+")
"""The same: an existing cluster's identity provider."""
_AUTONAME = re.compile(r"-[0-9a-f]{7,8}$")
"""A name that Check made: the engine knows it at preview, and no program does."""


@pytest.fixture(scope="module", params=STACKS)
def both(request, open_project) -> tuple[Plan, dict[str, Goal]]:
    """The offline plan of a stack, and the engine's."""
    goals = {urn: one["goal"] for urn, one in open_project(request.param).plan().items()}
    return plan_of(request.param), goals


def test_the_same_resources_are_registered(both):
    plan, goals = both
    ours = {one.urn for one in plan.resources if not one.external}
    made_by_the_engine = {
        urn
        for urn in goals
        # The stack itself, the provider of the component package, and what a component provider
        # registers: no program registers those.
        if "pulumi:pulumi:Stack::" in urn or "::default" in urn or "eks:index:Cluster$" in urn
    }
    assert ours == set(goals) - made_by_the_engine


def test_the_same_inputs_and_the_same_of_them_unknown(both):
    plan, goals = both
    differences = [
        f"{one.name}: {path}: {ours!r}, the engine has {theirs!r}"
        for one in plan.resources
        if one.custom
        for path, ours, theirs in _unlike_inputs(one, goals[one.urn])
    ]
    assert differences == []


def test_the_same_parents_providers_and_options(both):
    plan, goals = both
    for one in plan.resources:
        goal = goals[one.urn]
        assert one.parent in (goal["parent"], ""), one.name
        assert goal["parent"] == one.parent or "pulumi:pulumi:Stack" in goal["parent"], one.name
        if one.custom and not one.is_provider:
            assert goal["provider"].rsplit("::", 1)[0] == one.options.provider, one.name
        for theirs, ours in _FLAGS.items():
            wanted = getattr(one.options, ours)
            assert (_plain(goal.get(theirs)) or _plain(type(wanted)())) == _plain(wanted), (
                f"{one.name}: {theirs}"
            )


def test_the_same_dependencies_as_a_whole_and_by_input(both):
    plan, goals = both
    for one in plan.resources:
        goal = goals[one.urn]
        assert _folded(goal.get("dependencies")) == set(one.options.dependencies), one.name
        if one.remote:
            continue  # A component provider registers itself, without saying which input was whose.
        by_input = goal.get("propertyDependencies") or {}
        ours = {key: set(urns) for key, urns in one.options.property_dependencies.items()}
        assert {key: _folded(urns) for key, urns in by_input.items() if urns} == ours, one.name


def _folded(urns: Sequence[str] | None) -> set[str]:
    """Dependencies, with those on a component's inside as one on the component."""
    return {
        re.sub(r"eks:index:Cluster\$.*", "eks:index:Cluster::cluster-eks", urn)
        for urn in urns or []
    }


def _unlike_inputs(one: Resource, goal: Goal) -> list[tuple[str, Any, Any]]:
    theirs = {
        paths.text(path): value
        for path, value in wire.leaves(goal.get("inputDiff", {}).get("adds", {}))
        if not _made_by_check(path, goal)
    }
    ours = {paths.text(path): value for path, value in wire.leaves(dict(one.inputs))}
    unknown = set(one.unknown)
    found = []
    for path in sorted({*theirs, *ours}):
        mine, engine = ours.get(path), theirs.get(path)
        if str(mine).startswith(_MADE_UP) or (path in unknown and _AUTONAME.search(str(engine))):
            continue
        hidden = path in unknown or any(path.startswith((f"{up}.", f"{up}[")) for up in unknown)
        if hidden:
            # What is not known may be a whole list or object, of which the plan made one up.
            mine = wire.UNKNOWN if path in unknown else engine
        if _answered(mine) != _answered(engine) and not (
            one.is_provider or _dropped(one, path, mine)
        ):
            found.append((path, mine, engine))
    return found


def _answered(value: Any) -> Any:
    return _ISSUER.sub(r"\1ID", value) if isinstance(value, str) else value


def _made_by_check(path: wire.Path, goal: Goal) -> bool:
    """Names and tags that a provider's Check fills in, and its note of them."""
    adds = goal["inputDiff"]["adds"]
    metadata = adds.get("metadata") or {}
    if AUTONAMED in (metadata.get("annotations") or {}):
        return path in (("metadata", "name"), ("metadata", "annotations", AUTONAMED))
    return path[0] in ("__defaults", "tagsAll") or path[0] in adds.get("__defaults", [])


def _dropped(one: Resource, path: str, value: Any) -> bool:
    """What Check takes away: an empty map, and the empty class of a volume."""
    return value in ({}, []) or (one.type.endswith(":PersistentVolume") and value == "")


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return sorted(value)
    return value or False if not isinstance(value, dict) else dict(value)
