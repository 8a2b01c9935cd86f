"""Prometheus' text format, as a program prints it: names, types and labels, without the values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TYPE = re.compile(r"# TYPE (\S+) (\w+)")
_SERIES = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+")
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:, *|$)')
_PARTS = ("_bucket", "_sum", "_count")
UNTYPED = "untyped"


@dataclass
class Metric:
    """A name of series, the type of its family, and its labels with the values that were seen."""

    name: str
    type: str
    labels: dict[str, set[str]] = field(default_factory=dict)


def metrics(text: str) -> dict[str, Metric]:
    """The metrics of a scrape by name. Those of a histogram are its three series.

    Raises ValueError for a line that is none of the format's.
    """
    types = dict(_TYPE.findall(text))
    found: dict[str, Metric] = {}
    for name, labels in _series(text):
        metric = found.setdefault(name, Metric(name, _type_of(name, types)))
        for label, value in labels:
            metric.labels.setdefault(label, set()).add(value)
    return found


def _series(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _SERIES.fullmatch(line)
        if match is None:
            raise ValueError(f"not a series: {line}")
        labels = match[2] or ""
        # What is left between the labels that were read is not of the format.
        if _LABEL.sub("", labels):
            raise ValueError(f"not labels: {line}")
        yield match[1], _LABEL.findall(labels)


def _type_of(name: str, types: dict[str, str]) -> str:
    if name in types:
        return types[name]
    for part in _PARTS:
        family = name.removesuffix(part)
        if family != name and types.get(family) in ("histogram", "summary"):
            return types[family]
    return UNTYPED
