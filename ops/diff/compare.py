"""Compares two values: which property paths differ, and how."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops.plan.paths import Path, text


class _Absent:
    def __repr__(self) -> str:
        return "-"


ABSENT: Any = _Absent()


@dataclass(frozen=True)
class Change:
    """One property that differs; `ABSENT` on the side that does not have it.

    A path into a text that holds JSON goes on inside braces: `policy{Statement[0].Action}`.
    """

    path: str
    old: Any
    new: Any


def changes(old: Any, new: Any) -> list[Change]:
    """Returns what differs between two values, by path."""
    return [Change(path, left, right) for path, left, right in _changes(old, new, ())]


def _changes(old: Any, new: Any, path: Path) -> Iterator[tuple[str, Any, Any]]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _changes(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(old, new, path)
    elif isinstance(old, str) and isinstance(new, str):
        yield from _text_changes(old, new, path)
    else:
        yield text(path), old, new


def _list_changes(old: list[Any], new: list[Any], path: Path) -> Iterator[tuple[str, Any, Any]]:
    # Skips equal items at both ends, so that one new item is one change.
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    for offset in range(max(len(left), len(right))):
        before = left[offset] if offset < len(left) else ABSENT
        after = right[offset] if offset < len(right) else ABSENT
        yield from _changes(before, after, (*path, start + offset))


def _text_changes(old: str, new: str, path: Path) -> Iterator[tuple[str, Any, Any]]:
    left, right = _json(old), _json(new)
    if left is not None and right is not None:
        for below, before, after in _changes(left, right, ()):
            yield f"{text(path)}{{{below}}}", before, after
        return
    yield text(path), readable(old), readable(new)


def readable(value: str) -> str:
    """Returns the text, decoded if it is base64 (user data)."""
    if len(value) < 16 or len(value) % 4 or " " in value:
        return value
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value
    return decoded if decoded.replace("\n", "").replace("\t", "").isprintable() else value


def _json(value: str) -> Any:
    if value[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None
