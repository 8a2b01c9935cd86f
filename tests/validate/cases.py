"""The tables of good and bad samples in `tests/schemas/cases`."""

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from .condensed import SCHEMAS

MANIFESTS = ("nodepool", "ec2nodeclass", "sparkapplication")


@dataclass(frozen=True)
class Case:
    """A sample. `says` is None for a good one; `full` is why the full schema differs, or None."""

    schema: str
    name: str
    sample: dict[str, Any]
    says: str | None = None
    full: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}: {self.name}"


def manifest_cases() -> list[Case]:
    """Return the cases of the custom resources."""
    return [case for schema in MANIFESTS for case in _manifests_of(schema)]


def value_cases() -> list[Case]:
    """Return the cases of the charts and add-ons."""
    cases = []
    for schema, table in _read("values").items():
        for number, values in enumerate(table["good"], start=1):
            cases.append(Case(schema, f"good values {number}", values))
        for row in table["bad"]:
            name = f"{row['says']} ({yaml.dump(row['values'], default_flow_style=True).strip()})"
            cases.append(Case(schema, name, row["values"], row["says"], row.get("full")))
    return cases


@cache
def _read(name: str) -> dict[str, Any]:
    return yaml.safe_load((SCHEMAS / "cases" / f"{name}.yaml").read_text())


def _manifests_of(schema: str) -> list[Case]:
    table = _read(schema)
    return [
        Case(
            schema,
            row["name"],
            _changed(table["manifest"], row.get("set", {}), row.get("repeat", {})),
            row.get("says"),
            row.get("api"),
        )
        for row in [*table["good"], *table["bad"]]
    ]


def _changed(manifest: dict[str, Any], assigned: dict[str, Any], repeated: dict[str, int]) -> Any:
    """Return a copy with paths assigned (None removes), and lists cut to N times their first."""
    # Through JSON, because a copy would keep what a YAML alias shares.
    copy = json.loads(json.dumps(manifest))
    for path, value in assigned.items():
        holder, last = _holder(copy, path)
        if value is None:
            del holder[last]
        else:
            holder[last] = deepcopy(value)
    for path, times in repeated.items():
        holder, last = _holder(copy, path)
        holder[last] = holder[last][:1] * times
    return copy


def _holder(document: Any, path: str) -> tuple[Any, Any]:
    steps = [int(s) if s.isdigit() else s for s in re.findall(r"[^.\[\]]+", path)]
    for step in steps[:-1]:
        document = document[step]
    return document, steps[-1]
