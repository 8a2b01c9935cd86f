"""Writes the fields of a SparkApplication from the operator's CRD into ops/jobs/fields.json, which
`check-job` reads: `python -m dev.application_fields CRD_FILE`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parents[1] / "ops" / "jobs" / "fields.json"

_KEPT = {
    "type": "type",
    "required": "required",
    "enum": "enum",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "format": "format",
    "x-kubernetes-list-map-keys": "keys",
    "x-kubernetes-int-or-string": "intOrString",
    "x-kubernetes-preserve-unknown-fields": "open",
    "nullable": "nullable",
}
"""What is kept of a schema, and its name in the file. Descriptions are not."""


def compact(crd: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of `spec`: a list of nodes that refer to each other by number, each once. The last
    one is `spec` itself."""
    (version,) = crd["spec"]["versions"]
    nodes: dict[str, int] = {}

    def add(schema: Mapping[str, Any]) -> int:
        node = {name: schema[key] for key, name in _KEPT.items() if key in schema}
        if "properties" in schema:
            properties = sorted(schema["properties"].items())
            node["properties"] = {key: add(part) for key, part in properties}
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), Mapping):
                node[key] = add(schema[key])
        text = json.dumps(node, sort_keys=True)
        return nodes.setdefault(text, len(nodes))

    add(version["schema"]["openAPIV3Schema"]["properties"]["spec"])
    return {"version": version["name"], "nodes": [json.loads(text) for text in nodes]}


def written(content: Mapping[str, Any]) -> str:
    """The file's text: a node in each line."""
    lines = ",\n".join(json.dumps(node, sort_keys=True) for node in content["nodes"])
    return f'{{"version": {json.dumps(content["version"])}, "nodes": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    document = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
    TARGET.write_text(written(compact(document)), encoding="utf-8")
