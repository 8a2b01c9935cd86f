"""Checks inputs against the installed SDK's argument classes, at any depth.

As `ops` does, and stricter: required keys at the top, and the kind of each scalar. For AWS this is
what the provider's own schema says, for the SDK is generated from it.
"""

import importlib
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pulumi
from pulumi import _types

from ops.plan import argument_types
from ops.plan.paths import Path, leaves, text
from ops.plan.protobuf import UNKNOWN

_SCALARS = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}


def problems(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """A line `path: reason` for each input that the resource's class does not allow.

    A type without a class in the SDK is a problem of its own.
    """
    arguments = argument_types.arguments_class(token) if _resource_class(token) else None
    if arguments is None:
        return [f": the SDK has no resource {token}"]
    absent = _types._required_property_names(arguments) - set(inputs)
    return [
        *argument_types.problems(token, inputs),
        *(f"{key}: is required" for key in sorted(absent)),
        *_scalar_problems(arguments, inputs),
    ]


def _scalar_problems(arguments: type, inputs: Mapping[str, Any]) -> Iterator[str]:
    for path, value in leaves(inputs):
        kinds = [one for one in _types_at(arguments, path) if one in _SCALARS]
        fits = any(type(value) in _SCALARS[one] for one in kinds)
        if kinds and not fits and value not in (None, UNKNOWN):
            wanted = " or ".join(one.__name__ for one in kinds)
            yield f"{text(path)}: is {value!r}, and must be {wanted}"


def _types_at(arguments: type, path: Path) -> tuple[Any, ...]:
    """The types that a value may have at a path, none where the path leads nowhere."""
    found: tuple[Any, ...] = (arguments,)
    for part in path:
        inner: list[Any] = []
        for one in found:
            if isinstance(one, type) and _types.is_input_type(one):
                inner += [
                    hint for key, hint in _types._raw_return_hints(one).items() if key == part
                ]
            else:
                inner += typing.get_args(one)[-1:]
        found = argument_types._members(*inner)
    return found


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
