"""Property paths: `spec.template[0].labels["app.kubernetes.io/name"]`, as Pulumi writes them."""

import re
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$-]*\Z")
_SEGMENT = re.compile(
    r"""\.?(?P<key>[^.\[\]"'=]+) | \[(?P<index>\d+)\] | \["(?P<double>(?:[^"\\]|\\.)*)"\] """
    r"""| \['(?P<single>[^']*)'\]""",
    re.VERBOSE,
)


def text(path: Path) -> str:
    """Returns the path as text; keys that are not plain words are quoted in brackets."""
    parts: list[str] = []
    for part in path:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        elif _PLAIN_KEY.match(part):
            parts.append(f".{part}" if parts else part)
        else:
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'["{escaped}"]')
    return "".join(parts)


def parse(source: str) -> Path:
    """Returns the path that `source` writes. Raises ValueError when it is not one."""
    path: list[str | int] = []
    position = 0
    while position < len(source):
        found = _SEGMENT.match(source, position)
        if not found or (found["key"] and bool(path) != source.startswith(".", position)):
            raise ValueError(f"{source!r} is not a property path (at {source[position:]!r})")
        if found["index"] is not None:
            path.append(int(found["index"]))
        elif found["key"] is not None:
            path.append(found["key"])
        elif found["double"] is not None:
            path.append(re.sub(r"\\(.)", r"\1", found["double"]))
        else:
            path.append(found["single"])
        position = found.end()
    if not path:
        raise ValueError("the property path is empty")
    return tuple(path)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yields every scalar, empty list and empty object below `value` with its path."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def get(value: Any, path: Path) -> Any:
    """Returns the value at `path` below `value`, None if there is none."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def covers(prefix: str, path: str) -> bool:
    """Returns whether `path` is `prefix` or lies below it; `*` is everything."""
    if prefix in ("*", path):
        return True
    return path.startswith(prefix) and path[len(prefix)] in ".[{"
