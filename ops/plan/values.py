"""Access to inputs: values may be absent, a boolean may be text or not known yet."""

from collections.abc import Mapping, Sequence
from typing import Any

UNKNOWN = "[unknown]"
"""Stands for a value that the first preview of an engine does not know; a recorded plan has none.
An unknown value breaks no rule: the rule is evaluated again once the value is known, before `up`
or on the next preview."""


def at(value: Any, path: str) -> Any:
    """Returns the value below a dotted path (`spec.template.spec`), None if there is none, and
    UNKNOWN if a value above it is not known. `ops.plan.paths` is for paths with list indexes."""
    for part in path.split("."):
        if value == UNKNOWN:
            return UNKNOWN
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def each(value: Any, path: str) -> list[Any]:
    """Returns the items of the list below a path; none if it is absent or not known."""
    return list(sequence(at(value, path)))


def mapping(value: Any, path: str = "") -> Mapping[str, Any]:
    """Returns the object at a path, or the value itself; an empty one if it is absent or not
    known."""
    found = at(value, path) if path else value
    return found if isinstance(found, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """Returns the value if it is a list; an empty one where it is absent or not known."""
    return value if isinstance(value, list | tuple) else ()


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """Returns the objects of a list; none where it is absent or not known."""
    return [item for item in sequence(value) if isinstance(item, Mapping)]


def is_true(value: Any) -> bool:
    """Returns whether a value is `true`, "true" or not known."""
    return value is True or value in ("true", UNKNOWN)


def is_false(value: Any) -> bool:
    """Returns whether a value is `false`, "false", absent or not known."""
    return value in (None, False, "false", UNKNOWN)


def known(value: Any) -> bool:
    """Returns whether there is a value, and it is known."""
    return value is not None and value != UNKNOWN
