"""Looking into inputs of which parts may be absent, text for a boolean, or not known yet."""

from collections.abc import Mapping
from typing import Any

UNKNOWN = "[unknown]"
"""Stands for what an engine's first preview does not know; a recorded plan has none. What is not
known breaks no rule: it is judged again when it is known, before `up` or on the next preview."""


def at(value: Any, path: str) -> Any:
    """The value below a dotted path (`spec.template.spec`), None where there is none, UNKNOWN
    where something above it is not known."""
    for part in path.split("."):
        if value == UNKNOWN:
            return UNKNOWN
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def each(value: Any, path: str) -> list[Any]:
    """The items of the list below a path; none where it is absent or not known."""
    found = at(value, path)
    return list(found) if isinstance(found, list | tuple) else []


def is_true(value: Any) -> bool:
    """True for `true` and "true", and for what is not known."""
    return value is True or value in ("true", UNKNOWN)


def is_false(value: Any) -> bool:
    """True for `false`, "false" and nothing, and for what is not known."""
    return value in (None, False, "false", UNKNOWN)


def known(value: Any) -> bool:
    """Whether there is a value, and it is known."""
    return value is not None and value != UNKNOWN
