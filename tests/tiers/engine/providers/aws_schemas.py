"""What a CloudFormation resource schema, as cfn-lint ships them, says of one value.

A source that neither the program nor the SDK is made from: types, enums, patterns, lengths and
ranges as AWS publishes them, and the properties that cannot change after creation.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from . import wire

Node = Mapping[str, Any]


@cache
def schema(cfn_type: str, region: str = "us-west-2") -> Node:
    """The schema of `AWS::EC2::VPC` and the like. Raises KeyError for an unknown type."""
    folder = files("cfnlint") / "data" / "schemas"
    return json.loads((folder / "resources" / f"{_index(region)[cfn_type]}.json").read_text())


@cache
def _index(region: str) -> dict[str, str]:
    folder = files("cfnlint") / "data" / "schemas" / "providers"
    return json.loads((folder / f"{region}.json").read_text())


@cache
def create_only(cfn_type: str) -> tuple[str, ...]:
    """Paths that force a replacement: `Name`, `KubernetesNetworkConfig.IpFamily`."""
    found = schema(cfn_type).get("createOnlyProperties", [])
    return tuple(path.removeprefix("/properties/").replace("/", ".") for path in found)


def node_at(cfn_type: str, path: str) -> Node | None:
    """The schema of a property by its path, `Rules[].Status`; None where there is none.

    A list may be left out: the provider has single objects where CloudFormation has lists.
    """
    root = schema(cfn_type)
    node: Node = root
    for step in path.replace("[]", ".[]").split("."):
        node = _followed(root, node)
        if step == "[]":
            node = node.get("items", node)
            continue
        if "items" in node and "properties" not in node:
            node = _followed(root, node["items"])
        names = {name.lower(): name for name in node.get("properties", {})}
        if step.lower() in names:
            node = node["properties"][names[step.lower()]]
        elif node.get("patternProperties") or (node.get("type") == "object" and not names):
            return {}
        else:
            return None
    return _followed(root, node)


def _followed(root: Node, node: Node) -> Node:
    while "$ref" in node:
        target: Any = root
        for step in node["$ref"].lstrip("#/").split("/"):
            target = target[step]
        node = target
    return node


def problems(node: Node, value: Any) -> Iterator[str]:
    """Problems of a scalar or a list, in a few words each."""
    if value == wire.UNKNOWN or value is None:
        return
    if isinstance(value, list):
        if len(value) < node.get("minItems", 0):
            yield f"{len(value)} items, at least {node['minItems']} are needed"
        if len(value) > node.get("maxItems", len(value)):
            yield f"{len(value)} items, at most {node['maxItems']} are allowed"
        unknown = any(item == wire.UNKNOWN for item in value)
        if node.get("uniqueItems") and not unknown and _repeats(value):
            yield "the same item twice"
        return
    allowed = node.get("enum")
    if allowed is not None and value not in allowed and str(value) not in map(str, allowed):
        yield f"{value!r} is not one of {', '.join(map(str, allowed))}"
    if isinstance(value, str):
        yield from _text_problems(node, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = node.get("minimum"), node.get("maximum")
        if low is not None and value < low:
            yield f"{value} is below {low}"
        if high is not None and value > high:
            yield f"{value} is above {high}"


def _text_problems(node: Node, value: str) -> Iterator[str]:
    if len(value) < node.get("minLength", 0):
        yield f"{len(value)} characters, at least {node['minLength']} are needed"
    if len(value) > node.get("maxLength", len(value)):
        yield f"{len(value)} characters, at most {node['maxLength']} are allowed"
    pattern = node.get("pattern")
    if pattern is not None and not _compiled(pattern).search(value):
        yield f"{value!r} does not match {pattern}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The schemas' patterns are ECMA 262's: what Python does not know matches everything.
    try:
        return re.compile(pattern)
    except re.error:
        return re.compile("")


def _repeats(items: list[Any]) -> bool:
    texts = [json.dumps(item, sort_keys=True) for item in items]
    return len(set(texts)) != len(texts)


@cache
def request_node(service: str, operation: str, field: str) -> Node:
    """The same of one field of an API request, from botocore's model of the service."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    members = model.operation_model(operation).input_shape.members
    shape = {name.lower(): found for name, found in members.items()}.get(field.lower())
    if shape is None:
        return {}
    found = shape.metadata
    names = {"min": "minLength", "max": "maxLength", "pattern": "pattern", "enum": "enum"}
    return {ours: found[theirs] for theirs, ours in names.items() if theirs in found}
