"""Checks inputs against the installed SDK's argument classes, at any depth.

Unknown key, missing required key, wrong kind of scalar, value outside a closed enum. For AWS
this is what the provider's own schema says, for the SDK is generated from it.
"""

import enum
import importlib
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pulumi
from pulumi import _types

from ops.plan.argument_types import arguments_class
from ops.plan.paths import Path, text
from ops.plan.protobuf import UNKNOWN

_SCALARS = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}


def problems(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """A line `path: reason` for each input that the resource's class does not allow.

    A type without a class in the SDK is a problem of its own.
    """
    arguments = arguments_class(token) if _resource_class(token) else None
    if arguments is None:
        return [f": the SDK has no resource {token}"]
    return list(_object_problems(arguments, inputs, ()))


@cache
def _resource_class(token: str) -> type | None:
    """The SDK's class of a type token, None where it has none; loads its module."""
    package, module, name = token.split(":")
    path = [] if module == "index" else module.split("/")[:1]
    if package == "kubernetes":
        # rbac.authorization.k8s.io/v1 is the module rbac.v1.
        path = [module.partition(".")[0].partition("/")[0], module.rpartition("/")[2]]
    try:
        return getattr(importlib.import_module(".".join([f"pulumi_{package}", *path])), name, None)
    except ModuleNotFoundError:
        return None


@cache
def output_names(token: str) -> frozenset[str]:
    """Every output of a resource, in the provider's spelling."""
    resource = _resource_class(token)
    hints = _types._raw_return_hints(resource) if resource else {}
    return frozenset(
        name for name, hint in hints.items() if typing.get_origin(hint) is pulumi.Output
    )


def _object_problems(cls: type, value: Mapping[str, Any], path: Path) -> Iterator[str]:
    hints = _types._raw_return_hints(cls)
    for key, item in value.items():
        if key not in hints:
            yield f"{text((*path, key))}: there is no such property"
        else:
            yield from _value_problems(_members(hints[key]), item, (*path, key))
    for key in sorted(_types._required_property_names(cls) - set(value)):
        yield f"{text((*path, key))}: is required"


def _value_problems(members: tuple[Any, ...], value: Any, path: Path) -> Iterator[str]:
    if value is None or value == UNKNOWN or not members or Any in members:
        return
    attempts = [list(_member_problems(member, value, path)) for member in members]
    yield from min(attempts, key=len)


def _member_problems(member: Any, value: Any, path: Path) -> Iterator[str]:
    origin, arguments = typing.get_origin(member), typing.get_args(member)
    is_class = isinstance(member, type)
    if origin is typing.Literal or (is_class and issubclass(member, enum.Enum)):
        allowed = arguments or tuple(item.value for item in member)
        if value not in allowed:
            yield f"{text(path)}: {value!r} is not one of {', '.join(map(str, allowed))}"
        return
    kinds: Any = Mapping
    inside: Iterable[str] = ()
    if is_class and _types.is_input_type(member):
        wanted, inside = "an object", _object_problems(member, value, path)
    elif list in (member, origin) or origin is Sequence:
        wanted, kinds, inside = "a list", list, _item_problems(arguments, value, path)
    elif dict in (member, origin) or origin is Mapping:
        wanted, inside = "a map", _item_problems(arguments[1:], value, path)
    elif member in _SCALARS:
        wanted, kinds = member.__name__, _SCALARS[member]
    else:
        return
    if isinstance(value, kinds) and (member is bool or not isinstance(value, bool)):
        yield from inside
    else:
        yield f"{text(path)}: is {value!r}, and must be {wanted}"


def _item_problems(hints: tuple[Any, ...], value: Any, path: Path) -> Iterator[str]:
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        yield from _value_problems(_members(*hints), item, (*path, key))


@cache
def _members(*hints: Any) -> tuple[Any, ...]:
    """The types that a value may have, without the SDK's Awaitable, Output and None."""
    found: list[Any] = []
    for hint in hints:
        if _types._is_union_type(hint):
            found += _members(*typing.get_args(hint))
        elif hint is not type(None) and not _types._is_plumbing_arg(hint):
            found.append(hint)
    return tuple(dict.fromkeys(found))
