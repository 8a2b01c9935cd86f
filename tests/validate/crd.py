"""Judge a custom resource by a full CRD file, as the API server does on create.

The order is the server's: defaults, then the structural schema with unknown fields refused, then
the CEL rules. Rules that mention `oldSelf` speak of updates and are skipped.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from .messages import explain, line
from .rules import true_of

_COPIED = (
    *("type", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("required", "uniqueItems", "multipleOf"),
)
_COMPOSED = ("allOf", "anyOf", "oneOf")


def errors_of_custom(manifest: Mapping[str, Any], crd_file: Path) -> list[str]:
    """Return a line per defect of a manifest by the CRD in the file."""
    document = json.loads(json.dumps(manifest))
    version = str(document.get("apiVersion")).rsplit("/", maxsplit=1)[-1]
    crd = load_crd(crd_file)
    wrong = _head_errors(document, crd, version)
    if wrong:
        return wrong
    schema = schema_of(crd_file, version)
    _set_defaults(document, schema)
    lines = explain(_validator(crd_file, version).iter_errors(document))
    return lines or list(_broken_rules(document, schema, []))


@cache
def load_crd(crd_file: Path) -> dict[str, Any]:
    """Return the CRD's document."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(crd_file.read_text(), Loader=loader)


def schema_of(crd_file: Path, version: str) -> dict[str, Any]:
    """Return the OpenAPI v3 schema of one served version; KeyError if there is none."""
    for served in load_crd(crd_file)["spec"]["versions"]:
        if served["name"] == version and served["served"]:
            return served["schema"]["openAPIV3Schema"]
    raise KeyError(f"{crd_file.name} serves no version {version}")


def json_schema(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of an OpenAPI node, closed wherever the server would prune."""
    out: dict[str, Any] = {key: node[key] for key in _COPIED if key in node}
    if node.get("x-kubernetes-int-or-string"):
        out["type"] = ["integer", "string"]
    else:
        out |= {key: [json_schema(part) for part in node[key]] for key in _COMPOSED if key in node}
    if node.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    if "items" in node:
        out["items"] = json_schema(node["items"])
    if "properties" in node:
        out["properties"] = {key: json_schema(part) for key, part in node["properties"].items()}
    extra = node.get("additionalProperties")
    if isinstance(extra, Mapping):
        out["additionalProperties"] = json_schema(extra)
    elif node.get("type") == "object" and not _is_open(node):
        out["additionalProperties"] = False
    return out


def _is_open(node: Mapping[str, Any]) -> bool:
    return bool(
        node.get("additionalProperties")
        or node.get("x-kubernetes-preserve-unknown-fields")
        or node.get("x-kubernetes-embedded-resource")
    )


@cache
def _validator(crd_file: Path, version: str) -> Draft202012Validator:
    schema = json_schema(schema_of(crd_file, version))
    # A CRD says only "object" of metadata; the server knows what belongs there.
    schema["properties"] |= {"metadata": {"type": "object"}}
    return Draft202012Validator(schema)


def _head_errors(document: dict[str, Any], crd: dict[str, Any], version: str) -> list[str]:
    spec = crd["spec"]
    served = [v["name"] for v in spec["versions"] if v["served"]]
    wrong = []
    if document.get("kind") != spec["names"]["kind"]:
        wrong.append(line(["kind"], document.get("kind"), f"allowed: {spec['names']['kind']}"))
    if version not in served or document.get("apiVersion") != f"{spec['group']}/{version}":
        allowed = ", ".join(f"{spec['group']}/{name}" for name in served)
        wrong.append(line(["apiVersion"], document.get("apiVersion"), f"allowed: {allowed}"))
    metadata = document.get("metadata") or {}
    if not metadata.get("name"):
        wrong.append(line(["metadata", "name"], None, "required and not set"))
    if spec["scope"] == "Cluster" and "namespace" in metadata:
        wrong.append(line(["metadata", "namespace"], metadata["namespace"], "cluster-scoped kind"))
    return wrong


def _set_defaults(value: Any, node: Mapping[str, Any]) -> None:
    if isinstance(value, dict):
        properties = node.get("properties", {})
        for key, part in properties.items():
            if key not in value and "default" in part:
                value[key] = deepcopy(part["default"])
    for _, child, part in _children(value, node):
        _set_defaults(child, part)


def _broken_rules(value: Any, node: Mapping[str, Any], path: list[str | int]) -> Iterator[str]:
    for rule in node.get("x-kubernetes-validations", []):
        if "oldSelf" not in rule["rule"] and not true_of(rule["rule"], value):
            yield line(path, value, rule.get("message") or rule["rule"])
    for step, child, part in _children(value, node):
        yield from _broken_rules(child, part, [*path, step])


def _children(
    value: Any, node: Mapping[str, Any]
) -> Iterator[tuple[str | int, Any, Mapping[str, Any]]]:
    """Yield (step, value, schema) of each item and each described or mapped key."""
    if isinstance(value, list) and "items" in node:
        yield from ((index, item, node["items"]) for index, item in enumerate(value))
    if isinstance(value, dict):
        extra = node.get("additionalProperties")
        for key, child in value.items():
            part = node.get("properties", {}).get(key, extra)
            if isinstance(part, Mapping):
                yield key, child, part
