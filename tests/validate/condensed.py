"""The project's own condensed schemas: `tests/schemas/*.yaml`.

Each is a JSON Schema of the fields that this program sets, and besides:
`x-source` (what it was written from), `x-reference` (the third-party file that it is held against,
or `none` with the reason), `x-version` (of a chart), `x-rules` and the `x-lists` they use.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

from .messages import explain
from .rules import Rule, broken

SCHEMAS = Path(__file__).parent.parent / "schemas"

KUBERNETES = "1.35"
"""The Kubernetes version whose built-in types are taken; the default of the clusters."""


@dataclass(frozen=True)
class Condensed:
    """One condensed schema file, read."""

    name: str
    document: dict[str, Any]
    rules: tuple[Rule, ...]

    @property
    def reference(self) -> dict[str, Any]:
        """Return which third-party file describes the same: `crd`, `values`, `schema` or `none`."""
        return self.document["x-reference"]

    @property
    def lists(self) -> dict[str, list[str]]:
        """Return the named lists that the rules may use."""
        return self.document.get("x-lists", {})

    def errors(self, instance: Mapping[str, Any]) -> list[str]:
        """Return a line per defect; rules are asked only about what the schema accepts."""
        # Through JSON, because that is how a value reaches the API: keys become strings.
        document = json.loads(json.dumps(instance))
        lines = explain(_validator(self.name).iter_errors(document))
        return lines or broken(self.rules, document, self.lists)


def names() -> list[str]:
    """Return the names of all condensed schemas, `common` (only definitions) included."""
    return sorted(path.stem for path in SCHEMAS.glob("*.yaml"))


@cache
def load(name: str) -> Condensed:
    """Return the condensed schema of that name; FileNotFoundError if there is none."""
    document = yaml.safe_load((SCHEMAS / f"{name}.yaml").read_text())
    rules = tuple(Rule(**rule) for rule in document.get("x-rules", []))
    return Condensed(name, document, rules)


@cache
def registry() -> Registry:
    """Return all condensed schemas and the built-in Kubernetes types, for `$ref`."""
    documents = [built_in("_definitions"), *(load(name).document for name in names())]
    resources = [Resource.from_contents(document) for document in documents]
    return Registry().with_resources((str(resource.id()), resource) for resource in resources)


def built_in(name: str) -> Any:
    """Return one of Kubernetes' own schemas, `role-rbac-v1`; FileNotFoundError if there is none."""
    folder = f"v{KUBERNETES}.0-local-strict"
    return schema_contents(f"kubernetes-json-schema/{folder}/{name}.json", KUBERNETES)


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(load(name).document, registry=registry())
