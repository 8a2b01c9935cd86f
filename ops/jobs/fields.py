"""The fields of an application by the operator's CRD: names, types, required ones.

`fields.json` is written by `python -m dev.application_fields`.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ops.jobs.findings import ABSENT, Change, Finding, error, warning
from ops.jobs.findings import Path as FieldPath

_FILE = Path(__file__).with_name("fields.json")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}
_BITS = {"int32": 31, "int64": 63}
_SCHEDULE = {
    "schedule": "string",
    "timeZone": "string",
    "suspend": "boolean",
    "concurrencyPolicy": "string",
    "successfulRunHistoryLimit": "integer",
    "failedRunHistoryLimit": "integer",
    "template": "object",
}
"""The fields of a ScheduledSparkApplication, and their types."""
_SCHEDULE_REQUIRED = ("schedule", "template")


@cache
def _nodes() -> list[dict[str, Any]]:
    return json.loads(_FILE.read_text(encoding="utf-8"))["nodes"]


def checked(spec: Any) -> tuple[dict[str, Any], list[Finding]]:
    """A copy of an application's spec without what the CRD refuses, and a finding for each.

    All that is left has the type of its field, and what the field requires.
    """
    found: list[Finding] = []
    nodes = _nodes()
    kept = _kept({} if spec is None else spec, nodes[-1], ("spec",), found)
    return (kept if isinstance(kept, dict) else {}), found


def checked_schedule(spec: Any) -> tuple[dict[str, Any], list[Finding]]:
    """The same for the spec of a schedule; its template is only checked to be a mapping."""
    properties = {key: number for number, key in enumerate(_SCHEDULE)}
    node = {"type": "object", "properties": properties, "required": _SCHEDULE_REQUIRED}
    nodes = [{"type": kind, "open": True} for kind in _SCHEDULE.values()]
    found: list[Finding] = []
    kept = _kept({} if spec is None else spec, node, ("spec",), found, nodes)
    return (kept if isinstance(kept, dict) else {}), found


def _kept(
    value: Any,
    node: Mapping[str, Any],
    path: FieldPath,
    found: list[Finding],
    nodes: list[dict[str, Any]] | None = None,
) -> Any:
    """The value without what its schema refuses, or ABSENT if it is refused itself."""
    if value is None:
        # The operator's webhook decodes it before it is validated, and null is no value in Go.
        return _zero(node, nodes)
    if why := _refused(value, node):
        found.append(error(shown(path), why, *_instead(value, node, path)))
        return ABSENT
    every = nodes or _nodes()
    if isinstance(value, dict):
        return _kept_object(value, node, path, found, every)
    if isinstance(value, list) and "items" in node:
        _unique(value, node, path, found)
        items = (_kept(x, every[node["items"]], (*path, i), found) for i, x in enumerate(value))
        return [one for one in items if one is not ABSENT]
    # As Go writes a number in JSON: 3.0 is 3.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _kept_object(
    value: dict[Any, Any],
    node: Mapping[str, Any],
    path: FieldPath,
    found: list[Finding],
    nodes: list[dict[str, Any]],
) -> Any:
    properties = node.get("properties", {})
    kept: dict[str, Any] = {}
    for key, inner in value.items():
        number = properties.get(key, node.get("additionalProperties"))
        if number is None and not node.get("open") and ("properties" in node):
            close = difflib.get_close_matches(str(key), properties, 1, 0.75)
            found.append(
                error(
                    shown((*path, str(key))),
                    "the SparkApplication has no such field, and kubectl refuses it",
                    close[0] if close else "",
                    inner,
                    [Change((*path, str(key)))] if not close else [],
                )
            )
            continue
        if inner is None and key in properties:
            continue
        result = inner if number is None else _kept(inner, nodes[number], (*path, key), found)
        if result is not ABSENT:
            kept[str(key)] = result
    for key in node.get("required", ()):
        if key in kept:
            continue
        if key in value and value[key] is not None:
            kept[key] = _zero(nodes[properties[key]], nodes)
            continue
        found.append(_missing((*path, key)))
        kept[key] = _zero(nodes[properties[key]], nodes)
    return kept


def _missing(path: FieldPath) -> Finding:
    """A required field: the operator's webhook sets what it can to Go's zero value."""
    if path in _NEVER_ZERO:
        return error(shown(path), "is required")
    return warning(shown(path), "is required, and the operator's webhook sets it to nothing")


_NEVER_ZERO: tuple[FieldPath, ...] = (
    ("spec", "mainApplicationFile"),
    ("spec", "schedule"),
    ("spec", "template"),
)


def _zero(node: Mapping[str, Any], nodes: list[dict[str, Any]] | None) -> Any:
    """What Go decodes null into, with what the field requires."""
    every = nodes or _nodes()
    required = node.get("required", ())
    made = {key: _zero(every[node["properties"][key]], every) for key in required}
    zeros = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}
    return zeros.get(str(node.get("type")), made)


def _refused(value: Any, node: Mapping[str, Any]) -> str:
    """Why the schema refuses the value; empty if it takes it."""
    if node.get("intOrString"):
        if isinstance(value, bool) or not isinstance(value, int | str):
            return "must be a number or text"
    elif (kind := node.get("type")) in _TYPES:
        wrong = isinstance(value, bool) and kind != "boolean"
        if isinstance(value, float) and value.is_integer() and kind == "integer":
            wrong = False
        elif not isinstance(value, _TYPES[kind]):
            wrong = True
        if wrong:
            return f"must be {_WORDS[kind]}"
    if "enum" in node and value not in node["enum"]:
        return f"must be one of {', '.join(node['enum'])}"
    if "pattern" in node and isinstance(value, str) and not re.search(node["pattern"], value):
        return "is not a quantity such as 500m or 4Gi"
    return _out_of_range(value, node)


_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text; quote numbers, true and false",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


def _out_of_range(value: Any, node: Mapping[str, Any]) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    bits = _BITS.get(str(node.get("format")), 63)
    least, most = node.get("minimum", -(2**bits)), node.get("maximum", 2**bits - 1)
    if least <= value <= most:
        return ""
    return f"must be {least} to {most}" if "maximum" in node else f"must be {least} or more"


def _instead(value: Any, node: Mapping[str, Any], path: FieldPath) -> tuple[Any, ...]:
    """What to write, the value, and the change, where the type tells it."""
    kind = node.get("type")
    wanted: Any = ABSENT
    if kind == "string" and isinstance(value, bool):
        wanted = str(value).lower()
    elif kind == "string" and isinstance(value, int | float):
        wanted = str(value)
    elif kind == "integer" and isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        wanted = int(value)
    elif kind == "boolean" and str(value).lower() in ("true", "false"):
        wanted = str(value).lower() == "true"
    elif "enum" in node:
        close = [one for one in node["enum"] if str(one).lower() == str(value).lower()]
        close = close or difflib.get_close_matches(str(value), node["enum"], 1, 0.7)
        wanted = close[0] if close else ABSENT
    if wanted is ABSENT or _refused(wanted, node):
        return "", value
    return json.dumps(wanted), value, (Change(path, wanted),)


def _unique(
    items: list[Any], node: Mapping[str, Any], path: FieldPath, found: list[Finding]
) -> None:
    """Lists that Kubernetes keeps as maps have each key once."""
    seen: set[str] = set()
    for number, item in enumerate(items):
        if not node.get("keys") or not isinstance(item, dict):
            continue
        key = json.dumps([item.get(one) for one in node["keys"]], default=str)
        if key in seen:
            found.append(error(shown((*path, number)), f"{key} is in the list twice"))
        seen.add(key)


def shown(path: FieldPath) -> str:
    """`spec.volumes[0].name`; a key with dots is in brackets."""
    return "".join(_steps(path)).lstrip(".")


def _steps(path: FieldPath) -> Iterator[str]:
    for step in path:
        if isinstance(step, int):
            yield f"[{step}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", step):
            yield f".{step}"
        else:
            yield f"[{step}]"
