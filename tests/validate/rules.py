"""Rules that JSON Schema cannot say, as CEL expressions about one place of a document."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cel

from .messages import line


@dataclass(frozen=True)
class Rule:
    """A CEL expression over `self`, which must be true at every place that `path` names.

    A path is `spec.taints[].key`: `[]` is each item of a list, "." the whole document.
    """

    path: str
    rule: str
    message: str
    source: str


def _find(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found.group(0) if found else ""


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator)


@cache
def compiled(expression: str) -> cel.Program:
    """Return the program of an expression; raise ValueError if it is not CEL."""
    return cel.compile(expression)


def true_of(expression: str, value: Any, lists: dict[str, list[str]] | None = None) -> bool:
    """Return whether the expression holds. What cannot be evaluated does not hold.

    The API server takes it so as well: reading a field that is not there fails the rule.
    """
    # `find` and `split` are Kubernetes' own additions to CEL, so the library lacks them.
    context = cel.Context({"self": value, **(lists or {})}, {"find": _find, "split": _split})
    try:
        return compiled(expression).execute(context) is True
    except (KeyError, ValueError, TypeError, RuntimeError):
        return False


def places(document: Any, path: str) -> Iterator[tuple[list[str | int], Any]]:
    """Yield each existing (path, value) that a rule's path names."""
    steps = [] if path == "." else re.findall(r"\[\]|[^.\[\]]+", path)
    yield from _descend(document, steps, [])


def _descend(
    value: Any, steps: list[str], walked: list[str | int]
) -> Iterator[tuple[list[str | int], Any]]:
    if not steps:
        yield walked, value
    elif steps[0] == "[]" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _descend(item, steps[1:], [*walked, index])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _descend(value[steps[0]], steps[1:], [*walked, steps[0]])


def broken(rules: Iterable[Rule], document: Any, lists: dict[str, list[str]]) -> list[str]:
    """Return a line for each rule at each place where it does not hold."""
    return [
        line(path, value, rule.message)
        for rule in rules
        for path, value in places(document, rule.path)
        if not true_of(rule.rule, value, lists)
    ]
