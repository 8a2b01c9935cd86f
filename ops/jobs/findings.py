"""What is found of an application: where, what, why, what to write instead, and what mends it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

Path = tuple[str | int, ...]
"""Keys and indexes from the top of the document."""


class Severity(StrEnum):
    """How grave a finding is."""

    error = "error"
    """It is refused, fails or hangs."""
    warning = "warning"
    """It runs, and it hurts."""
    unknown = "not known"
    """The plan does not tell."""


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()
"""As a value: the field is not set. In a change: remove it."""


@dataclass(frozen=True)
class Change:
    """Assigns a value to a path, or removes it."""

    path: Path
    value: Any = ABSENT


@dataclass(frozen=True)
class Finding:
    """One finding. `instead` is what to write, `changes` do that where no decision is needed."""

    severity: Severity
    field: str
    why: str
    instead: str = ""
    value: Any = ABSENT
    changes: tuple[Change, ...] = ()

    @property
    def line(self) -> str:
        """On one line: `spec.driver.memory "2Gi": why; write 2g`."""
        shown = "" if self.value is ABSENT else f" {brief(self.value)}"
        instead = f"; write: {self.instead}" if self.instead else ""
        return f"{self.field}{shown}: {self.why}{instead}"


def error(
    field: str, why: str, instead: str = "", value: Any = ABSENT, fix: Sequence[Change] = ()
) -> Finding:
    """A finding of severity error."""
    return Finding(Severity.error, field, why, instead, value, tuple(fix))


def warning(
    field: str, why: str, instead: str = "", value: Any = ABSENT, fix: Sequence[Change] = ()
) -> Finding:
    """A finding of severity warning."""
    return Finding(Severity.warning, field, why, instead, value, tuple(fix))


def unknown(field: str, why: str, instead: str = "", value: Any = ABSENT) -> Finding:
    """A finding that the plan does not decide."""
    return Finding(Severity.unknown, field, why, instead, value)


def put(field: str, value: Any) -> Change:
    """A change of a dotted path whose keys have no dots."""
    return Change(tuple(field.split(".")), value)


def put_conf(key: str, value: Any = ABSENT, section: str = "sparkConf") -> Change:
    """A change of a key of `sparkConf` or `hadoopConf`."""
    return Change(("spec", section, key), value)


def field_of(path: Path) -> str:
    """A path as a finding's field has it: `spec.volumes[2].emptyDir.sizeLimit`."""
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path).lstrip(".")


def below(finding: Finding, prefix: str) -> Finding:
    """The finding of an application's spec for a document that has it at `prefix`, such as
    `spec.template`."""
    parts = tuple(prefix.split("."))
    head, _, rest = finding.field.partition("spec")
    field = f"{prefix}{rest}" if not head else finding.field
    changes = tuple(
        replace(one, path=(*parts, *one.path[1:])) if one.path[0] == "spec" else one
        for one in finding.changes
    )
    return replace(finding, field=field, changes=changes)


def brief(value: Any) -> str:
    """A value on one line, cut if it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
    return text if len(text) <= 100 else f"{text[:97]}..."


def applied(document: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """A copy of the document with the changes made. What is in the way of a path is replaced."""
    copy: dict[str, Any] = json.loads(json.dumps(document, default=str))
    for one in changes:
        _apply(copy, one)
    return copy


def _apply(target: Any, change: Change) -> None:
    """Changes the document in place, unless its path leads to an item that a list does not have."""
    *above, last = change.path
    for key, following in zip(above, change.path[1:], strict=True):
        kind = list if isinstance(following, int) else dict
        if isinstance(target, list):
            if not isinstance(key, int) or key >= len(target):
                return
        elif not isinstance(target.get(key), kind):
            if change.value is ABSENT or kind is list:
                return
            target[key] = {}
        target = target[key]
    if isinstance(target, list):
        if isinstance(last, int) and last < len(target):
            target[last : last + 1] = [] if change.value is ABSENT else [change.value]
    elif change.value is ABSENT:
        target.pop(last, None)
    else:
        target[last] = change.value
