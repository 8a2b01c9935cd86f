"""Hold a condensed schema against the full one, field by field: it may be narrower, never wider."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from . import condensed
from .full_values import is_free_form

Fields = Iterator[tuple[str, dict[str, Any]]]

_ANY_OF_TYPE = {
    "string": ("pattern", "minLength", "maxLength"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "array": ("minItems", "maxItems"),
    "object": ("maxProperties",),
}


def fields(name: str) -> Fields:
    """Yield (path, schema) of each node of a condensed schema; references are followed.

    `[]` is a list's item, `{}` a map's value. What Kubernetes itself defines is not entered.
    """
    document = condensed.load(name).document
    yield from _walk(document, document, "")


def _walk(node: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Fields:
    node, root = _followed(node, root)
    yield path or ".", dict(node)
    for key, part in node.get("properties", {}).items():
        yield from _walk(part, root, f"{path}.{key}" if path else key)
    if isinstance(node.get("items"), Mapping):
        yield from _walk(node["items"], root, path + "[]")
    if isinstance(node.get("additionalProperties"), Mapping):
        yield from _walk(node["additionalProperties"], root, path + "{}")


def _followed(
    node: Mapping[str, Any], root: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    while "$ref" in node:
        file, _, pointer = node["$ref"].partition("#")
        if file.startswith("https:"):
            return {"type": "object", **node}, root
        if file:
            root = condensed.load(file.removesuffix(".yaml")).document
        target: Any = root
        for step in pointer.strip("/").split("/"):
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node, root


def at(full: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """Return the node of a full OpenAPI or JSON schema at a path; None if it has none there.

    A key below an open object is the empty schema: anything goes.
    """
    node: Mapping[str, Any] = full
    for step in [] if path == "." else re.findall(r"\[\]|\{\}|[^.\[\]{}]+", path):
        if "$ref" in node:
            node = _target(full, node["$ref"])
        extra = node.get("additionalProperties")
        if step == "[]":
            found = node.get("items", {})
        elif step in node.get("properties", {}):
            found = node["properties"][step]
        elif isinstance(extra, Mapping):
            found = extra
        else:
            found = None if extra is False or "properties" in node else {}
        if found is None:
            return None
        node = found
    return _target(full, node["$ref"]) if "$ref" in node else node


def _target(full: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    node: Any = full
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def wider(path: str, ours: Mapping[str, Any], full: Mapping[str, Any]) -> list[str]:
    """Return where our node at `path` allows what the full one does not, or is of another type."""
    found = []
    types = _types(full)
    if types and not _types(ours) <= types:
        found.append(f"{path}: type {_types(ours)} against {types}")
    allowed = ours.get("enum", [ours["const"]] if "const" in ours else None)
    if allowed is not None:
        keywords = ("enum", "pattern", "minimum", "maximum", "maxLength")
        judge = Draft202012Validator({key: full[key] for key in keywords if key in full})
        found += [f"{path}: {value!r} is refused" for value in allowed if not judge.is_valid(value)]
        return found
    if "enum" in full:
        found.append(f"{path}: any value, against {full['enum']}")
    for kind in _types(ours):
        for keyword in _ANY_OF_TYPE.get(kind, ()):
            found += _looser(path, keyword, ours, full)
    optional = {key for key, part in full.get("properties", {}).items() if "default" in part}
    missing = set(full.get("required", [])) - set(ours.get("required", [])) - optional
    found += [f"{path}: {key} is required" for key in sorted(missing)]
    return found


def _looser(path: str, keyword: str, ours: Mapping[str, Any], full: Mapping[str, Any]) -> list[str]:
    if keyword not in full or (keyword == "pattern" and keyword in ours):
        return []  # Two patterns are compared by samples, see `patterns`.
    if keyword not in ours:
        return [f"{path}: no {keyword}, against {full[keyword]}"]
    lower = keyword.startswith("min")
    if ours[keyword] < full[keyword] if lower else ours[keyword] > full[keyword]:
        return [f"{path}: {keyword} {ours[keyword]} against {full[keyword]}"]
    return []


def _types(node: Mapping[str, Any]) -> set[str]:
    if node.get("x-kubernetes-int-or-string"):
        return {"integer", "string"}
    declared = node.get("type", [])
    types = {declared} if isinstance(declared, str) else set(declared)
    return types | {"integer"} if "number" in types else types


def patterns(name: str) -> dict[str, list[str]]:
    """Return each pattern of a condensed schema with the paths it stands at."""
    found: dict[str, list[str]] = {}
    for path, node in fields(name):
        if "pattern" in node:
            found.setdefault(node["pattern"], []).append(path)
    return found


def unlike_defaults(name: str, defaults: Mapping[str, Any]) -> list[str]:
    """Return the fields of a condensed schema that a chart's default values lack, or of whose
    type the default is not. `unnamed` of its `x-reference` lists the exceptions."""
    unnamed = condensed.load(name).reference.get("unnamed", {})
    found = []
    for path, node in fields(name):
        default: Any = defaults
        if path == "." or any(
            path == p or path.startswith((f"{p}.", p + "{", p + "[")) for p in unnamed
        ):
            continue
        for step in path.split("."):
            if default is None or not isinstance(default, Mapping) or "{}" in step or "[]" in step:
                break  # Below a list, a map of anything or an open value: not the chart's keys.
            if step not in default:
                found.append(f"{path}: the chart has no such value")
                break
            default = default[step]
            if is_free_form(step, default):
                break
        else:
            instance = json.loads(json.dumps(default))
            if not Draft202012Validator({"type": sorted(_types(node))}).is_valid(instance):
                found.append(f"{path}: type {sorted(_types(node))}, the default is {default!r}")
    return found
