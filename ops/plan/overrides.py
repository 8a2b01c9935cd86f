"""`--set path=value`: a key changed for one preview, as `pulumi config set --path` would."""

from dataclasses import dataclass
from typing import Any

from ops.plan import paths, yamlfile
from ops.plan.errors import UserError


@dataclass(frozen=True)
class Override:
    """One `--set`: the configuration key, the path below it and the new value."""

    source: str
    key: str
    path: paths.Path
    value: Any

    @classmethod
    def parse(cls, source: str) -> "Override":
        """Returns the override that `source` writes. Raises UserError when it is malformed."""
        left, separator, right = _split(source)
        if not separator or not left.strip():
            raise UserError(f"--set {source}: write it as key=value or key.path[0].name=value")
        try:
            path = paths.parse(left.strip())
        except ValueError as error:
            raise UserError(f"--set {source}: {error}") from None
        if not isinstance(path[0], str):
            raise UserError(f"--set {source}: starts with an index, not with a key")
        return cls(source, path[0], path[1:], yamlfile.parse(right, f"--set {source}"))


def set_path(value: Any, override: Override) -> Any:
    """Returns `value` with the override's value put at its path; `value` itself stays as it is.

    Objects and lists on the way are made when missing; an index may be at most one past the end.
    Raises UserError where the path leads through something else.
    """
    return _set(value, override.path, override, paths.text((override.key,)))


def _set(value: Any, path: paths.Path, override: Override, where: str) -> Any:
    if not path:
        return override.value
    part, rest = path[0], path[1:]
    below = where + (f"[{part}]" if isinstance(part, int) else f".{part}")
    if isinstance(part, int):
        items = [] if value is None else value
        if not isinstance(items, list):
            raise UserError(f"--set {override.source}: {where} is not a list")
        if part > len(items):
            raise UserError(f"--set {override.source}: {where} has only {len(items)} items")
        old = items[part] if part < len(items) else None
        return [*items[:part], _set(old, rest, override, below), *items[part + 1 :]]
    members = {} if value is None else value
    if not isinstance(members, dict):
        raise UserError(f"--set {override.source}: {where} is not an object")
    return {**members, part: _set(members.get(part), rest, override, below)}


def _split(source: str) -> tuple[str, str, str]:
    """Splits at the first `=` that is not inside quotes."""
    quote = ""
    for position, character in enumerate(source):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "=":
            return source[:position], "=", source[position + 1 :]
    return source, "", ""
