"""The catalogue: which metrics each program has, with their types and labels.

A file a program. Comments name the program, its version and where the rows come from; a row is
`name type label label=value|value`. Values are given where a label has no others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.metrics.exposition import metrics

FOLDER = Path(__file__).with_name("catalogue")
_RUNTIME = re.compile(r"(go|promhttp|rest_client|leader_election)_|process_(network|max|virtual)")

Labels = Mapping[str, frozenset[str]]
"""Label to all of its values; none where any value is possible."""


@dataclass(frozen=True)
class Program:
    """A program's rows. `about` is what the comments say: program, version, source."""

    about: Mapping[str, str]
    labels: Mapping[str, Labels]
    """Of each metric."""
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_sampled(self) -> bool:
        """Whether the rows are from the running program, not from its documentation."""
        return "sampled" in self.about


def programs() -> list[str]:
    """All programs of the catalogue."""
    return sorted(file.stem for file in FOLDER.glob("*.txt"))


def load(program: str) -> Program:
    """A program's part. Raises FileNotFoundError, and ValueError for a row without a type."""
    about: dict[str, str] = {}
    labels: dict[str, Labels] = {}
    types: dict[str, str] = {}
    for line in (FOLDER / f"{program}.txt").read_text().splitlines():
        if line.startswith("#"):
            key, _, value = line.removeprefix("#").partition(":")
            about[key.strip()] = value.strip()
            continue
        name, type_, *rest = line.split()
        types[name] = type_
        labels[name] = dict(map(_label, rest))
    return Program(about, labels, types)


def _label(written: str) -> tuple[str, frozenset[str]]:
    name, _, values = written.partition("=")
    return name, frozenset(values.split("|")) if values else frozenset()


def missing(program: str, text: str) -> list[str]:
    """Names, types and labels that the catalogue has of a program, and a scrape of it has not."""
    found = metrics(text)
    held = load(program)
    gone = [name for name in held.labels if name not in found]
    said = [f"{name} is gone" for name in gone]
    for name in sorted(held.labels.keys() - set(gone)):
        one = found[name]
        if one.type != held.types[name]:
            said.append(f"{name} is a {one.type}, not a {held.types[name]}")
        if absent := held.labels[name].keys() - one.labels.keys():
            said.append(f"{name} has no label {', '.join(sorted(absent))}")
    return said


def unknown(program: str, text: str) -> list[str]:
    """Names and labels of a scrape that the catalogue does not have of a program."""
    held = load(program).labels
    return [
        f"{one.name}{{{', '.join(sorted(more))}}}"
        for one in metrics(text).values()
        for more in [one.labels.keys() - held.get(one.name, {}).keys()]
        if more or one.name not in held
    ]


def rewrite(program: str, text: str, about: Mapping[str, str], keep: str = ".*") -> None:
    """Writes a program's file anew from a scrape, with the names that fit a regular expression.

    Metrics of the Go runtime are left out: every program has them, and they change with each Go.
    """
    head = {"program": program, **about}
    rows = [
        " ".join([one.name, one.type, *sorted(one.labels)])
        for one in metrics(text).values()
        if re.fullmatch(keep, one.name) and not _RUNTIME.match(one.name)
    ]
    lines = [*(f"# {key}: {value}" for key, value in head.items()), *sorted(rows), ""]
    (FOLDER / f"{program}.txt").write_text("\n".join(lines))
