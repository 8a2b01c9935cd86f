"""Judge Helm values and EKS add-on configurations against the condensed schemas."""

import json
from collections.abc import Mapping
from typing import Any

from . import condensed
from .messages import line


def errors_of_release(name: str, version: str, values: Mapping[str, Any] | None) -> list[str]:
    """Return a line per defect in a release's values; `name` is the chart, also as an OCI address.

    A chart without a condensed schema, or of another version than the schema's, is a defect.
    """
    chart = name.rsplit("/", maxsplit=1)[-1]
    schema = f"helm-{chart}"
    if schema not in condensed.names():
        return [line(["chart"], chart, f"no condensed schema; known: {_known('helm-')}")]
    known = condensed.load(schema).document["x-version"]
    if version != known:
        return [line(["version"], version, f"the condensed schema of {chart} is for {known}")]
    return condensed.load(schema).errors(values or {})


def errors_of_addon(name: str, configuration: str | Mapping[str, Any] | None) -> list[str]:
    """Return a line per defect in an add-on's configuration, given as JSON text or a mapping.

    An add-on without configuration has no defect, whether or not it is known here.
    """
    values = configuration
    if isinstance(values, str) and values:
        try:
            values = json.loads(values)
        except json.JSONDecodeError as error:
            return [line(["configuration"], configuration, f"must be JSON: {error}")]
    if not values:
        return []
    if not isinstance(values, Mapping):
        return [line(["configuration"], values, "must be a JSON object")]
    schema = f"addon-{name}"
    if schema not in condensed.names():
        return [line(["addon"], name, f"no condensed schema; known: {_known('addon-')}")]
    return condensed.load(schema).errors(values)


def _known(prefix: str) -> str:
    return ", ".join(n.removeprefix(prefix) for n in condensed.names() if n.startswith(prefix))
