"""Judge Helm values by a chart's own files: its default values, or its schema where it has one."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema.validators import validator_for

from .messages import explain, line

FREE_FORM = {
    *("affinity", "annotations", "dnsConfig", "extraArgs", "labels", "nodeSelector", "resources"),
    *("containerSecurityContext", "podSecurityContext", "securityContext"),
    *("selector", "strategy", "updateStrategy"),
}
"""Maps whose keys are not the chart's, although its defaults may already hold some."""


def errors_by_chart(folder: Path, chart: str, version: str, values: Mapping[str, Any]) -> list[str]:
    """Return a line per value that the chart at that version would refuse or not read."""
    plain = json.loads(json.dumps(values))
    schema = folder / f"{chart}-{version}.schema.json"
    if schema.exists():
        return _errors_by_schema(plain, schema)
    defaults = folder / f"{chart}-{version}.yaml"
    if not defaults.exists():
        return [line(["chart"], f"{chart} {version}", f"neither values nor a schema in {folder}")]
    return list(errors_by_defaults(plain, load_defaults(defaults), []))


@cache
def load_defaults(file: Path) -> dict[str, Any]:
    """Return a chart's default values."""
    return yaml.safe_load(file.read_text())


@cache
def load_schema(file: Path) -> dict[str, Any]:
    """Return a chart's values schema."""
    return json.loads(file.read_text())


def is_free_form(key: str, default: Any) -> bool:
    """Return whether any key may stand under this one: an empty map, no value, or by its name."""
    return default is None or default == {} or key in FREE_FORM


def errors_by_defaults(
    values: Mapping[str, Any], defaults: Mapping[str, Any], path: list[str | int]
) -> Iterator[str]:
    """Yield a line per key that the defaults lack, and per map in place of a scalar or back."""
    for key, value in values.items():
        here = [*path, key]
        if key not in defaults:
            yield line(here, value, "no such value; allowed: " + ", ".join(map(str, defaults)))
        elif value is None or is_free_form(key, defaults[key]):
            continue
        elif isinstance(value, Mapping) != isinstance(defaults[key], Mapping):
            yield line(here, value, f"the chart's default is {type(defaults[key]).__name__}")
        elif isinstance(value, Mapping):
            yield from errors_by_defaults(value, defaults[key], here)


def _errors_by_schema(values: Mapping[str, Any], file: Path) -> list[str]:
    schema = load_schema(file)
    return explain(validator_for(schema)(schema).iter_errors(values))
