"""Checks inputs against the installed SDK's argument classes, at any depth.

Unknown key, missing required key, wrong kind of scalar, value outside a closed enum. For AWS
this is what the provider's own schema says, for the SDK is generated from it.
"""

import enum
import importlib
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pulumi
from pulumi import _types

from . import wire

_SCALARS: dict[type, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
}


def problems(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """A line `path: reason` for each input that the resource's class does not allow.

    A type without a class in the SDK is a problem of its own.
    """
    arguments = arguments_class(token)
    if arguments is None:
        return [f": the SDK has no resource {token}"]
    return list(_object_problems(arguments, inputs, ()))


@cache
def arguments_class(token: str) -> type | None:
    """The class of a resource's inputs, None where the SDK has none."""
    resource = resource_class(token)
    if resource is None:
        return None
    module = sys.modules[resource.__module__]
    # The Kubernetes SDK says InitArgs where Args is a nested type.
    for suffix in ("InitArgs", "Args"):
        found = getattr(module, resource.__name__ + suffix, None)
        if found is not None and _types.is_input_type(found):
            return found
    return None


@cache
def resource_class(token: str) -> type | None:
    """The SDK's class of a type token, None where it has none."""
    package, module, name = token.split(":")
    root = {"aws": "pulumi_aws", "kubernetes": "pulumi_kubernetes", "eks": "pulumi_eks"}[package]
    if package == "kubernetes":
        # rbac.authorization.k8s.io/v1 is the module rbac.v1.
        group, _, version = module.partition("/")
        path = f".{group.split('.')[0]}.{version}"
    else:
        folder = module.split("/")[0]
        path = "" if folder == "index" else f".{folder}"
    try:
        return getattr(importlib.import_module(root + path), name, None)
    except ModuleNotFoundError:
        return None


@cache
def output_names(token: str) -> frozenset[str]:
    """Every output of a resource, in the provider's spelling."""
    resource = resource_class(token)
    hints = _types._raw_return_hints(resource) if resource else {}
    return frozenset(
        name for name, hint in hints.items() if typing.get_origin(hint) is pulumi.Output
    )


def _object_problems(cls: type, value: Mapping[str, Any], path: wire.Path) -> Iterator[str]:
    hints = _types._raw_return_hints(cls)
    for key, item in value.items():
        if key not in hints:
            yield f"{wire.text((*path, key))}: there is no such property"
        else:
            yield from _value_problems(_members(hints[key]), item, (*path, key))
    for key in sorted(_types._required_property_names(cls) - set(value)):
        yield f"{wire.text((*path, key))}: is required"


def _value_problems(members: tuple[Any, ...], value: Any, path: wire.Path) -> Iterator[str]:
    if value is None or value == wire.UNKNOWN or not members or Any in members:
        return
    attempts = [list(_member_problems(member, value, path)) for member in members]
    yield from min(attempts, key=len)


def _member_problems(member: Any, value: Any, path: wire.Path) -> Iterator[str]:
    where, origin = wire.text(path), typing.get_origin(member)
    if isinstance(member, type) and _types.is_input_type(member):
        if isinstance(value, Mapping):
            yield from _object_problems(member, value, path)
        else:
            yield f"{where}: is {value!r}, and must be an object"
    elif list in (member, origin) or origin is Sequence:
        yield from _list_problems(member, value, path)
    elif dict in (member, origin) or origin is Mapping:
        yield from _map_problems(member, value, path)
    elif origin is typing.Literal or (isinstance(member, type) and issubclass(member, enum.Enum)):
        allowed = typing.get_args(member) or tuple(item.value for item in member)
        if value not in allowed:
            yield f"{where}: {value!r} is not one of {', '.join(map(str, allowed))}"
    elif member in _SCALARS:
        wrong = isinstance(value, bool) and member is not bool
        if wrong or not isinstance(value, _SCALARS[member]):
            yield f"{where}: is {value!r}, and must be {member.__name__}"


def _list_problems(member: Any, value: Any, path: wire.Path) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{wire.text(path)}: is {value!r}, and must be a list"
        return
    inner = _members(*typing.get_args(member))
    for index, item in enumerate(value):
        yield from _value_problems(inner, item, (*path, index))


def _map_problems(member: Any, value: Any, path: wire.Path) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{wire.text(path)}: is {value!r}, and must be a map"
        return
    arguments = typing.get_args(member)
    inner = _members(arguments[1]) if len(arguments) == 2 else ()
    for key, item in value.items():
        yield from _value_problems(inner, item, (*path, key))


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
