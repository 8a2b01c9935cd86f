"""`--set path=value`: keys changed for one command, as `pulumi config set --path` would."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.plan import paths, yamlfile
from ops.plan.errors import UserError

_SCALAR = str | bool | int | float
_NEXT = re.compile(r"""\s+(?=[A-Za-z_$][\w$:-]*(?:\.[^\s.\[\]"'=]+|\[[^\]]*\])*=)""")
"""The blanks before a word that looks like `path=`."""


@dataclass(frozen=True)
class Override:
    """A configuration key, the path below it and the new value.

    `source` names the override in a message; `text` is the value with every scalar as written.
    """

    source: str
    key: str
    path: paths.Path
    value: Any
    text: Any

    @classmethod
    def parse(cls, path: str, value: Any, text: Any, source: str) -> "Override":
        """Returns the override of a property path. Raises UserError when the path is malformed."""
        try:
            key, *below = paths.parse(path.strip())
        except ValueError as error:
            raise UserError(f"{source}: {error}") from None
        if not isinstance(key, str):
            raise UserError(f"{source}: starts with an index, not with a key")
        return cls(source, key, tuple(below), value, text)


def parse_all(sources: Iterable[str]) -> list[Override]:
    """Returns the overrides that `sources` write.

    Each is one or more of `path=value`, separated by blanks, or `@file`: a YAML mapping of property
    paths to values. Raises UserError when one is malformed.
    """
    return [override for source in sources for override in _parsed(source)]


def absolute(source: str) -> str:
    """Returns the override so that it means the same in another working directory."""
    return f"@{Path(source[1:]).resolve()}" if source.startswith("@") else source


def set_path(value: Any, override: Override) -> Any:
    """Returns `value` with the override's value put at its path; `value` itself stays as it is.

    Missing objects and lists on the path are created; an index may be at most one past the end.
    Raises UserError if the path leads through a scalar.
    """
    return _set(value, override.path, override, paths.text((override.key,)))


def _parsed(source: str) -> Iterator[Override]:
    if source.startswith("@"):
        path = Path(source[1:])
        values = yamlfile.read(path, yamlfile.SettingLoader)
        texts = yamlfile.read(path, yamlfile.TextLoader)
        for key, text in zip(values, texts, strict=True):
            yield Override.parse(text, values[key], texts[text], f"{path}: {text}")
        return
    for assignment in _split(source.strip()):
        where = f"--set {assignment}"
        left, separator, right = _partition(assignment)
        if not separator or not left.strip():
            raise UserError(f"{where}: write it as key=value or key.path[0].name=value")
        value = yamlfile.parse(right, where, yamlfile.SettingLoader)
        yield Override.parse(left, value, yamlfile.parse(right, where, yamlfile.TextLoader), where)


def _set(value: Any, path: paths.Path, override: Override, where: str) -> Any:
    if not path:
        # A setting that is text in the stack file stays text: `"1"` becomes `"2"`.
        as_text = isinstance(value, str) and isinstance(override.value, _SCALAR)
        return override.text if as_text else override.value
    part, rest = path[0], path[1:]
    below = where + (f"[{part}]" if isinstance(part, int) else f".{part}")
    if isinstance(part, int):
        items = [] if value is None else value
        if not isinstance(items, list):
            raise UserError(f"{override.source}: {where} is not a list")
        if part > len(items):
            raise UserError(f"{override.source}: {where} has only {len(items)} items")
        old = items[part] if part < len(items) else None
        return [*items[:part], _set(old, rest, override, below), *items[part + 1 :]]
    members = {} if value is None else value
    if not isinstance(members, dict):
        raise UserError(f"{override.source}: {where} is not an object")
    return {**members, part: _set(members.get(part), rest, override, below)}


def _split(source: str) -> Iterator[str]:
    """Yields each `path=value`: blanks inside quotes, brackets and braces separate nothing."""
    start = 0
    for position in _outside(source):
        found = _NEXT.match(source, position)
        if found and position > start:
            yield source[start:position].strip()
            start = found.end()
    yield source[start:].strip()


def _partition(assignment: str) -> tuple[str, str, str]:
    """Splits at the first `=` outside quotes and brackets."""
    for position in _outside(assignment):
        if assignment[position] == "=":
            return assignment[:position], "=", assignment[position + 1 :]
    return assignment, "", ""


def _outside(text: str) -> Iterator[int]:
    """Yields the positions that are outside quotes, brackets and braces."""
    quote, depth, before = "", 0, ""
    for position, character in enumerate(text):
        if quote:
            closes = character == quote and not (quote == '"' and before == "\\")
            quote = "" if closes else quote
        elif character in "\"'" and (not before or before in "=[{,:" or before.isspace()):
            # Elsewhere it is part of a word: tags.owner=O'Brien.
            quote = character
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        elif not depth:
            yield position
        before = character
