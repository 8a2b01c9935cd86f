"""What a CloudFormation resource schema, as cfn-lint ships them, says of one value.

A source that neither the program nor the SDK is made from: enums, patterns, lengths and ranges as
AWS publishes them, and the properties that cannot change after creation.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from jsonschema import Draft202012Validator

from ops.plan.protobuf import UNKNOWN

Node = Mapping[str, Any]

_OF_LISTS = {"minItems", "maxItems", "uniqueItems"}
_OF_SCALARS = {"enum", "pattern", "minLength", "maxLength", "minimum", "maximum"}


@cache
def schema(cfn_type: str) -> Node:
    """The schema of `EC2::VPC` and the like. Raises KeyError for an unknown type."""
    folder = files("cfnlint") / "data" / "schemas"
    index = json.loads((folder / "providers" / "us-west-2.json").read_text())
    return json.loads((folder / "resources" / f"{index[f'AWS::{cfn_type}']}.json").read_text())


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
    """Limits of a schema that a scalar or a list does not keep."""
    # The patterns are ECMA 262's. Python lacks their \p, which only those of tags have.
    judged = _OF_LISTS if isinstance(value, list) else _OF_SCALARS
    limits = {key: node[key] for key in judged & node.keys()}
    if isinstance(value, list) and UNKNOWN in value:
        limits.pop("uniqueItems", None)
    if value not in (UNKNOWN, None):
        yield from (error.message for error in Draft202012Validator(limits).iter_errors(value))


@cache
def object_node(field: str) -> Node:
    """The same of one field of S3's PutObject, from botocore's model of the service."""
    model = ServiceModel(Loader().load_service_model("s3", "service-2"))
    members = model.operation_model("PutObject").input_shape.members
    shape = {name.lower(): found for name, found in members.items()}.get(field.lower())
    found = shape.metadata if shape else {}
    names = {"min": "minLength", "max": "maxLength", "pattern": "pattern", "enum": "enum"}
    return {ours: found[theirs] for theirs, ours in names.items() if theirs in found}
