"""Compares live objects with applied manifests: any difference shows in every refresh."""

from collections.abc import Iterator, Mapping
from typing import Any


def changed_by_server(sent: Any, live: Any, path: str = "") -> list[str]:
    """A line for each applied field that the server returns changed or not at all.

    Fields that the server adds, such as defaults and status, do not count; a list must have the
    same entries in the same order.
    """
    return list(_changes(sent, live, path))


def _changes(sent: Any, live: Any, path: str) -> Iterator[str]:
    if isinstance(sent, Mapping) and isinstance(live, Mapping):
        for key, value in sent.items():
            place = f"{path}.{key}" if path else str(key)
            if key not in live:
                yield f"{place}: {value!r} was sent and is not there"
            else:
                yield from _changes(value, live[key], place)
    elif isinstance(sent, list) and isinstance(live, list) and len(sent) == len(live):
        for number, (one, other) in enumerate(zip(sent, live, strict=True)):
            yield from _changes(one, other, f"{path}[{number}]")
    elif type(sent) is not type(live) or sent != live:
        yield f"{path}: {sent!r} was sent, {live!r} came back"
