"""Validates a custom resource by its CRD, as the API server does on create.

The order is the server's: defaults, then the structural schema with unknown fields refused, then
the CEL rules. Rules that mention `oldSelf` are about updates and are skipped.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import cel
import yaml
from jsonschema import Draft202012Validator, ValidationError

_COPIED = {
    *("type", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("required", "uniqueItems", "multipleOf"),
}
_OPEN = ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource")


def errors_of_custom(manifest: Mapping[str, Any], crd_file: Path) -> list[str]:
    """The errors of a manifest by the CRD in the file."""
    document = json.loads(json.dumps(manifest))
    spec = load(crd_file)["spec"]
    group, _, version = str(document["apiVersion"]).rpartition("/")
    served = {one["name"]: one["schema"]["openAPIV3Schema"] for one in spec["versions"]
              if one["served"]}  # fmt: skip
    if (group, document["kind"]) != (spec["group"], spec["names"]["kind"]) or version not in served:
        return [f"{document['apiVersion']} {document['kind']} is not served by {crd_file.name}"]
    if spec["scope"] == "Cluster" and "namespace" in document["metadata"]:
        return ["metadata.namespace: the kind is cluster-scoped"]
    schema = served[version]
    _set_defaults(document, schema)
    return messages(_validator(crd_file, version).iter_errors(document)) or list(
        _violated_rules(document, schema, "")
    )


def messages(errors: Iterable[ValidationError]) -> list[str]:
    """One line for each error: `spec.taints[0].effect: 'NoSchedul' is not one of ...`."""
    return sorted(f"{e.json_path.removeprefix('$').lstrip('.')}: {e.message}" for e in errors)


@cache
def load(crd_file: Path) -> dict[str, Any]:
    """The CRD's document."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(crd_file.read_text(), Loader=loader)


@cache
def _validator(crd_file: Path, version: str) -> Draft202012Validator:
    versions = load(crd_file)["spec"]["versions"]
    (served,) = [one for one in versions if one["name"] == version]
    schema = _json_schema(served["schema"]["openAPIV3Schema"])
    # A CRD says only "object" of metadata; the server knows its fields.
    schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
    return Draft202012Validator(schema)


def _json_schema(node: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an OpenAPI node, closed where the server would drop unknown fields."""
    out: dict[str, Any] = {key: node[key] for key in _COPIED & node.keys()}
    if node.get("x-kubernetes-int-or-string"):
        out["type"] = ["integer", "string"]
    else:
        composed = {"allOf", "anyOf", "oneOf"} & node.keys()
        out |= {key: [_json_schema(part) for part in node[key]] for key in composed}
    if node.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    if "items" in node:
        out["items"] = _json_schema(node["items"])
    if "properties" in node:
        out["properties"] = {key: _json_schema(part) for key, part in node["properties"].items()}
    extra = node.get("additionalProperties")
    if isinstance(extra, Mapping):
        out["additionalProperties"] = _json_schema(extra)
    elif node.get("type") == "object" and not extra and not any(node.get(key) for key in _OPEN):
        out["additionalProperties"] = False
    return out


def _set_defaults(value: Any, node: Mapping[str, Any]) -> None:
    if isinstance(value, dict):
        for key, part in node.get("properties", {}).items():
            if key not in value and "default" in part:
                value[key] = deepcopy(part["default"])
    for _, child, part in _children(value, node):
        _set_defaults(child, part)


def _violated_rules(value: Any, node: Mapping[str, Any], path: str) -> Iterator[str]:
    for rule in node.get("x-kubernetes-validations", []):
        if "oldSelf" not in rule["rule"] and not holds(rule["rule"], value):
            yield f"{path.lstrip('.')}: {rule.get('message') or rule['rule']}"
    for step, child, part in _children(value, node):
        yield from _violated_rules(child, part, path + step)


def _children(value: Any, node: Mapping[str, Any]) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Path, value and schema of each item and each described or mapped key."""
    if isinstance(value, list) and "items" in node:
        yield from ((f"[{index}]", item, node["items"]) for index, item in enumerate(value))
    if isinstance(value, dict):
        for key, child in value.items():
            part = node.get("properties", {}).get(key, node.get("additionalProperties"))
            if isinstance(part, Mapping):
                yield f".{key}", child, part


def holds(expression: str, value: Any) -> bool:
    """True where the CEL expression holds; one that cannot be evaluated does not, as in the server.

    `find` and `split` are Kubernetes' additions to CEL, which the library lacks.
    """
    functions = {"find": _find, "split": lambda text, separator: text.split(separator)}
    try:
        return _compiled(expression).execute(cel.Context({"self": value}, functions)) is True
    except (KeyError, ValueError, TypeError, RuntimeError):
        return False


def _find(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found.group(0) if found else ""


_compiled = cache(cel.compile)
