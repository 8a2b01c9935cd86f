"""Validates Helm values and configurations of EKS add-ons.

A chart or add-on is known by its values schema or by its default values, both in the folder of
`reference`, or by a schema of the keys that this program sets, in `tests/schemas`. Values of
sub-charts, which the default values of a chart need not list, are there in `subcharts-*`.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from components.helm_addon import merge

from . import reference
from .crd import messages
from .manifest import definitions

SCHEMAS = Path(__file__).parent.parent / "schemas"

_FREE_FORM = {
    *("affinity", "annotations", "dnsConfig", "extraArgs", "labels", "nodeSelector", "resources"),
    *("containerSecurityContext", "podSecurityContext", "securityContext"),
    *("selector", "strategy", "updateStrategy"),
}
"""Maps whose keys are not the chart's, although its defaults may hold some."""


def errors_of_release(name: str, version: str, values: Mapping[str, Any] | None) -> list[str]:
    """The errors of a release's values; `name` is the chart, also as an OCI address."""
    chart = name.rpartition("/")[2]
    return _errors(
        json.loads(json.dumps(values or {})), f"{chart}-{version}", f"helm-{chart}-{version}"
    )


def errors_of_addon(name: str, configuration: str | None) -> list[str]:
    """The errors of an add-on's configuration, given as JSON."""
    try:
        values = json.loads(configuration or "{}")
    except json.JSONDecodeError as error:
        return [f"configuration: not JSON: {error}"]
    if not isinstance(values, dict):
        return ["configuration: not a JSON object"]
    return _errors(values, f"{name}-*", f"addon-{name}")


def _errors(values: dict[str, Any], published: str, own: str) -> list[str]:
    """By the schema of our own where there is one, else by what the chart publishes."""
    file = SCHEMAS / f"{own}.yaml"
    folder = reference.place() / "helm-values"
    if not values:
        return []
    if file.exists():
        return messages(_validator(file).iter_errors(values))
    if reference.missing():
        return []
    for file in sorted(folder.glob(f"{published}.schema.json")):
        return messages(_validator(file).iter_errors(values))
    for file in sorted(folder.glob(f"{published}.yaml")):
        return list(_unlike_defaults(values, defaults_of(file.stem), ""))
    return [f"{published}: no values in {folder} and no {own}.yaml in tests/schemas"]


def defaults_of(release: str) -> dict[str, Any]:
    """The default values of a chart, as `karpenter-1.14.1`, and what is known of its sub-charts';
    empty where the folder does not have them."""
    file = reference.place() / "helm-values" / f"{release}.yaml"
    below = SCHEMAS / f"subcharts-{release}.yaml"
    if not file.exists():
        return {}
    return merge(_load(file), _load(below)) if below.exists() else _load(file)


@cache
def _load(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text())


@cache
def _validator(file: Path) -> Draft202012Validator:
    return Draft202012Validator(_load(file), registry=definitions("kubernetes"))


def _unlike_defaults(
    values: Mapping[str, Any], defaults: Mapping[str, Any], path: str
) -> Iterator[str]:
    """A line for each key that the defaults lack, and each map in place of a scalar or back."""
    for key, value in values.items():
        here = f"{path}.{key}".lstrip(".")
        default = defaults.get(key)
        if key not in defaults:
            yield f"{here}: no such value; allowed: {', '.join(map(str, defaults))}"
        elif value is None or default is None or default == {} or key in _FREE_FORM:
            continue
        elif isinstance(value, Mapping) != isinstance(default, Mapping):
            yield f"{here}: the chart's default is of type {type(default).__name__}"
        elif isinstance(value, Mapping):
            yield from _unlike_defaults(value, default, here)
