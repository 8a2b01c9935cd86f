"""Compares two values: which property paths differ, and how; changes as short lines of text."""

import base64
import difflib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ops.plan.paths import Path, text


class _Absent:
    def __repr__(self) -> str:
        return "-"


ABSENT: Any = _Absent()
_WIDTH = 90
_TEXT_LINES = 12


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
    return list(_changes(old, new, ()))


def _changes(old: Any, new: Any, path: Path) -> Iterator[Change]:
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
        yield Change(text(path), old, new)


def _list_changes(old: list[Any], new: list[Any], path: Path) -> Iterator[Change]:
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


def _text_changes(old: str, new: str, path: Path) -> Iterator[Change]:
    left, right = _json(old), _json(new)
    if left is not None and right is not None:
        for below in _changes(left, right, ()):
            yield replace(below, path=f"{text(path)}{{{below.path}}}")
        return
    yield Change(text(path), readable(old), readable(new))


def readable(value: str) -> str:
    """Returns the text, decoded if it is base64 (user data)."""
    if len(value) < 16 or len(value) % 4 or " " in value:
        return value
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except ValueError:  # Not base64, or other text than UTF-8.
        return value
    return decoded if decoded.replace("\n", "").replace("\t", "").isprintable() else value


def _json(value: str) -> Any:
    if value[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def change_lines(change: Change) -> list[str]:
    """Returns one line for most changes; for texts of several lines, the lines that differ."""
    if change.old is ABSENT:
        return [f"{change.path}: + {value(change.new)}"]
    if change.new is ABSENT:
        return [f"{change.path}: - {value(change.old)}"]
    if _is_long_text(change.old) and _is_long_text(change.new):
        return [f"{change.path}:", *_unified(change.old, change.new)]
    return [f"{change.path}: {value(change.old)} -> {value(change.new)}"]


def change_line(change: Change) -> str:
    """Returns one line; for texts of several lines only that they differ."""
    first, *rest = change_lines(change)
    return f"{first} {len(rest)} lines differ" if rest else first


def value(found: Any) -> str:
    """Returns a value on one line of at most 90 characters."""
    if _is_long_text(found):
        return f"{short(found.strip().splitlines()[0])} ... ({len(found.splitlines())} lines)"
    return short(json.dumps(found, ensure_ascii=False, sort_keys=True))


def short(text: str) -> str:
    """Returns the text, cut at 90 characters."""
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def names(found: Iterable[str], most: int = 6) -> str:
    """Returns `a, b and c`; past `most` of them `a, b, c and 4 more`."""
    listed = list(found)
    if len(listed) > most:
        return f"{', '.join(listed[: most - 1])} and {len(listed) - most + 1} more"
    *first, last = listed
    return f"{', '.join(first)} and {last}" if first else last


def _is_long_text(found: Any) -> bool:
    return isinstance(found, str) and "\n" in found.strip()


def _unified(old: str, new: str) -> Iterable[str]:
    found = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))[2:]
    shown = [f"  {short(line)}" for line in found[:_TEXT_LINES]]
    left = len(found) - len(shown)
    return [*shown, f"  ... {left} more lines"] if left else shown
