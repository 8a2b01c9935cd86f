"""Checks inputs against the argument types of the installed SDK.

Typed `*Args` classes reject a wrong key, but a nested argument may also be a plain dict, which
the SDK passes on unchecked; only the provider would report the mistake, in the middle of an
update.
"""

import difflib
import enum
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pulumi
from pulumi import _types
from pulumi.type_token import _PULUMI_TYPE

from ops.plan.paths import Path, leaves, text
from ops.plan.protobuf import UNKNOWN

_LIST, _OBJECT, _SCALAR = "a list", "an object", "a scalar"
# The text that Output.__str__ returns (pulumi.output): formatting an Output puts it into names.
_FORMATTED_OUTPUT = "Calling __str__ on an Output[T] is not supported"


def problems(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """Returns one line per input of a resource that its type does not allow.

    Types without a class in the SDK (custom resources, components) are not checked, nor are
    providers, whose inputs are sent as JSON.
    """
    found = [
        f"{text(path)}: an Output was formatted as text; use Output.concat or .apply"
        for path, value in leaves(inputs)
        if isinstance(value, str) and _FORMATTED_OUTPUT in value
    ]
    arguments = None if token.startswith("pulumi:") else arguments_class(token)
    if arguments is not None:
        found += _object_problems(inputs, arguments, ())
    return found


def required_strings(token: str) -> frozenset[str]:
    """Returns the outputs that a resource of this type always has and that are plain strings."""
    resource = resource_class(token)
    if resource is None:
        return frozenset()
    return frozenset(
        name
        for name, hint in _types._raw_return_hints(resource).items()
        if hint == pulumi.Output[str]
    )


_classes: dict[str, type] = {}


def resource_class(token: str) -> type | None:
    """Returns the SDK's class for a type token, None if it is not loaded."""
    if token not in _classes:
        _classes.update({found.__dict__[_PULUMI_TYPE]: found for found in _generated_classes()})
    return _classes.get(token)


def _generated_classes() -> Iterator[type]:
    pending: list[type] = [pulumi.CustomResource, pulumi.ComponentResource]
    while pending:
        for found in pending.pop().__subclasses__():
            pending.append(found)
            if _PULUMI_TYPE in found.__dict__:
                yield found


@cache
def arguments_class(token: str) -> type | None:
    """Returns the class of a resource's inputs, None if the SDK has none or it is not loaded."""
    resource = resource_class(token)
    return arguments_of(resource) if resource else None


def arguments_of(resource: type) -> type | None:
    """Returns the class of the inputs of a resource's class, None if the SDK has none."""
    module = sys.modules[resource.__module__]
    # pulumi-kubernetes uses InitArgs if Args is already a nested type.
    for suffix in ("InitArgs", "Args"):
        found = getattr(module, resource.__name__ + suffix, None)
        if found is not None and _types.is_input_type(found):
            return found
    return None


def _object_problems(value: Mapping[str, Any], cls: type, path: Path) -> list[str]:
    hints = _types._raw_return_hints(cls)
    found: list[str] = []
    for key, item in value.items():
        if key not in hints:
            close = difflib.get_close_matches(key, hints, n=1, cutoff=0.5)
            hint = f"; did you mean {close[0]}?" if close else ""
            found.append(f"{text((*path, key))}: unknown key{hint}")
        else:
            found += _value_problems(item, _members(hints[key]), (*path, key))
    if path:
        missing = _types._required_property_names(cls) - set(value)
        found += [f"{text((*path, key))}: required, but missing" for key in sorted(missing)]
    return found


def _value_problems(value: Any, members: tuple[Any, ...], path: Path) -> list[str]:
    if value is None or value == UNKNOWN or not members or Any in members:
        return []
    if isinstance(value, dict):
        return _mapping_problems(value, members, path)
    if isinstance(value, list):
        lists = [member for member in members if _shape(member) == _LIST]
        if not lists:
            return _shape_problem(_LIST, members, path)
        inner = _members(*typing.get_args(lists[0]))
        return [
            problem
            for index, item in enumerate(value)
            for problem in _value_problems(item, inner, (*path, index))
        ]
    return _scalar_problems(value, members, path)


def _mapping_problems(value: dict[str, Any], members: tuple[Any, ...], path: Path) -> list[str]:
    attempts: list[list[str]] = []
    for member in members:
        if isinstance(member, type) and _types.is_input_type(member):
            attempts.append(_object_problems(value, member, path))
        elif typing.get_origin(member) in (dict, Mapping):
            arguments = typing.get_args(member)
            inner = _members(arguments[1]) if len(arguments) == 2 else ()
            attempts.append(
                [
                    problem
                    for key, item in value.items()
                    for problem in _value_problems(item, inner, (*path, key))
                ]
            )
        elif member is dict or {"asset", "archive"} & set(value):
            return []
    if not attempts:
        return _shape_problem(_OBJECT, members, path)
    return min(attempts, key=len)


def _scalar_problems(value: Any, members: tuple[Any, ...], path: Path) -> list[str]:
    # A plain scalar beside the enum means that other values are allowed. The kind of scalar is not
    # checked: providers convert "3" and 3, and a Kubernetes quantity may be either.
    allowed: list[Any] = []
    for member in members:
        if typing.get_origin(member) is typing.Literal:
            allowed += typing.get_args(member)
        elif isinstance(member, type) and issubclass(member, enum.Enum):
            allowed += [item.value for item in member]
        elif member in (str, int, float, bool):
            return []
    if not allowed:
        scalar = isinstance(value, str | int | float)
        structured = any(_shape(member) != _SCALAR for member in members)
        return _shape_problem(_SCALAR, members, path) if scalar and structured else []
    if value in allowed:
        return []
    return [f"{text(path)}: {value!r} is not one of {', '.join(str(item) for item in allowed)}"]


def _shape_problem(got: str, members: tuple[Any, ...], path: Path) -> list[str]:
    wanted = sorted({_shape(member) for member in members})
    return [f"{text(path)}: is {got}, expected {' or '.join(wanted)}"]


def _shape(member: Any) -> str:
    origin = typing.get_origin(member)
    if member is list or origin in (list, Sequence):
        return _LIST
    is_object = isinstance(member, type) and _types.is_input_type(member)
    return _OBJECT if is_object or origin in (dict, Mapping) else _SCALAR


@cache
def _members(*hints: Any) -> tuple[Any, ...]:
    """Returns the types that a value may have, without the SDK's Awaitable, Output and None."""
    found: list[Any] = []
    for hint in hints:
        if _types._is_union_type(hint):
            found += _members(*typing.get_args(hint))
        elif hint is not type(None) and not _types._is_plumbing_arg(hint):
            found.append(hint)
    return tuple(dict.fromkeys(found))
