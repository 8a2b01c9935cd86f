"""Fields of an event, of which nothing is certain: a log may be damaged, or of another program."""

from collections.abc import Mapping, Sequence
from typing import Any

from ops.plan.values import mapping, mappings

_LARGEST = 2**53
"""Bytes, nanoseconds or numbers: anything above is a mistake."""
_LONGEST = 120


class Numbers:
    """Reads numbers, and counts those that cannot be meant."""

    def __init__(self) -> None:
        self.refused = 0

    def of(self, event: Mapping[str, Any], key: str) -> float:
        """The number of a key; 0 if it is missing, or not between 0 and 2^53."""
        found = self.maybe(event, key)
        return 0.0 if found is None else found

    def maybe(self, event: Mapping[str, Any], key: str) -> float | None:
        """The same, None in place of 0."""
        found = event.get(key)
        if found is None:
            return None
        # A NaN is not in any range.
        if (
            isinstance(found, bool)
            or not isinstance(found, int | float)
            or not 0 <= found <= _LARGEST
        ):
            self.refused += 1
            return None
        return float(found)


def mapped(event: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object of a key, empty without one."""
    return mapping(event.get(key))


def listed(event: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    """The objects of a key."""
    return mappings(event.get(key))


def text(event: Mapping[str, Any], key: str) -> str:
    """A short text that may be printed; empty without one."""
    found = event.get(key)
    return printable(found) if isinstance(found, str) else ""


def printable(given: str, longest: int = _LONGEST) -> str:
    """The text in one line of characters that a terminal only shows."""
    short = given[: longest * 4]
    line = " ".join("".join(one if one.isprintable() else " " for one in short).split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
