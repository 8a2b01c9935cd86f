"""Turn a JSON-Schema error into one line: where, what is there, what may be there."""

import json
import re
from collections.abc import Iterable
from typing import Any

from jsonschema import ValidationError

_LONGEST_VALUE = 120


def place(path: Iterable[str | int]) -> str:
    """Return a path as `spec.taints[0].key`, or "." for the root."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "."


def shown(value: Any) -> str:
    """Return a value as JSON on one line, cut where it gets long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def line(path: Iterable[str | int], value: Any, allowed: str) -> str:
    """Return the one form that every message of this package has."""
    return f"{place(path)}: {shown(value)}: {allowed}"


def explain(errors: Iterable[ValidationError]) -> list[str]:
    """Return one line for each place that is wrong, in the order of the places.

    A value of a wrong type usually breaks its enumeration or pattern as well: the type is said.
    """
    lines: dict[str, str] = {}
    for error in sorted(errors, key=lambda e: (e.json_path, e.validator != "type")):
        for where, text in _lines(error):
            lines.setdefault(where, text)
    return list(lines.values())


def _lines(error: ValidationError) -> list[tuple[str, str]]:
    path = list(error.absolute_path)
    limit: Any = error.validator_value
    there: Any = error.instance
    if error.validator == "additionalProperties" and limit is False:
        return _unknown_fields(error, path)
    if error.validator == "required":
        missing = [[*path, name] for name in limit if name not in there]
        return [(place(at), line(at, None, "required and not set")) for at in missing]
    if "propertyNames" in error.absolute_schema_path:
        at = [*path, str(there)]
        return [(place(at), line(at, there, f"no such key; {_allowed(error)}"))]
    return [(place(path), line(path, there, _allowed(error)))]


def _unknown_fields(error: ValidationError, path: list[str | int]) -> list[tuple[str, str]]:
    schema: Any = error.schema
    there: Any = error.instance
    known = sorted(schema.get("properties", {}))
    patterns = list(schema.get("patternProperties", {}))
    allowed = "no such field; allowed: " + (", ".join(known) or "none")
    if patterns:
        allowed += "; or matching " + " ".join(patterns)
    unknown = [
        [*path, key]
        for key in there
        if key not in known and not any(re.search(pattern, key) for pattern in patterns)
    ]
    return [(place(at), line(at, there[at[-1]], allowed)) for at in unknown]


def _allowed(error: ValidationError) -> str:
    limit: Any = error.validator_value
    several = limit if isinstance(limit, list) else [limit]
    return {
        "type": "allowed type: " + " or ".join(str(one) for one in several),
        "enum": "allowed: " + ", ".join(str(one) for one in several),
        "const": f"allowed: {limit}",
        "pattern": f"must match {limit}",
        "minimum": f"at least {limit}",
        "maximum": f"at most {limit}",
        "exclusiveMaximum": f"below {limit}",
        "minItems": f"at least {limit} item(s)",
        "maxItems": f"at most {limit} item(s)",
        "minLength": f"at least {limit} character(s)",
        "maxLength": f"at most {limit} character(s)",
        "maxProperties": f"at most {limit} key(s)",
        "uniqueItems": "no item twice",
    }.get(str(error.validator), error.message)
