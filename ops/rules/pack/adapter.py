"""Converts the stack that an engine passes to a policy pack into a plan."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_policy import PolicyResource, ResourceValidationArgs

from ops.plan.model import Options, Plan, Resource
from ops.plan.values import UNKNOWN

_PROVIDER = "pulumi:providers:"
# The engine's markers for unknown values, one for each kind of value (github.com/pulumi/pulumi,
# sdk/go/common/resource/plugin/rpc.go).
_UNKNOWN = {
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}


_inputs: dict[str, dict[str, Any]] = {}


def remember(one: ResourceValidationArgs) -> None:
    """Records the inputs of a resource, which the engine passes one by one before the stack.

    The stack contains outputs only, and objects of a cluster that does not exist yet have none.
    """
    _inputs[one.urn] = _plain(one.props)


def plan_of(resources: Sequence[PolicyResource]) -> Plan:
    """The plan of the running stack, without provider functions, which the engine does not pass."""
    found = [_resource(one) for one in resources]
    return Plan(
        project=pulumi.get_project(),
        stack=pulumi.get_stack(),
        resources=tuple(sorted(found, key=lambda one: one.urn)),
    )


def _resource(one: PolicyResource) -> Resource:
    is_provider = one.resource_type.startswith(_PROVIDER)
    options = Options(
        protect=bool(one.opts.protect),
        dependencies=tuple(sorted(found.urn for found in one.dependencies)),
        property_dependencies={
            key: tuple(sorted(found.urn for found in resources))
            for key, resources in one.property_dependencies.items()
        },
        delete_before_replace=bool(one.opts.delete_before_replace),
        ignore_changes=tuple(sorted(one.opts.ignore_changes)),
        provider=one.provider.urn if one.provider else "",
    )
    custom = is_provider or one.provider is not None
    return Resource(
        urn=one.urn,
        type=one.resource_type,
        name=one.name,
        parent=one.parent.urn if one.parent else "",
        custom=custom,
        remote=False,
        inputs=(_inputs.get(one.urn) or _plain(one.props)) if custom else {},
        options=options,
        # The engine passes the outputs that a component registers.
        outputs={} if custom else _plain(one.props),
    )


def _plain(value: Any) -> Any:
    # Unwraps mappings and lists: the wrappers raise an error on access to unknown values.
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value["__target"].items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        wrapped: Any = value
        return [_plain(item) for item in wrapped["__target"]]
    if isinstance(value, str) and value in _UNKNOWN:
        return UNKNOWN
    # The engine passes every number as a float.
    return int(value) if isinstance(value, float) and value.is_integer() else value
