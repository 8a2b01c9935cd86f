"""Changes and their values as short lines of text."""

import difflib
import json
from collections.abc import Iterable
from typing import Any

from ops.diff.compare import ABSENT, Change

_WIDTH = 90
_TEXT_LINES = 12


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
