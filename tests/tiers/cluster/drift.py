"""Compares live objects with applied manifests: any difference shows in every refresh."""

from collections.abc import Mapping
from typing import Any


def changed_by_server(sent: Any, live: Any, path: str = "") -> list[str]:
    """A line for each applied field that the server returns changed or not at all.

    Fields that the server adds, such as defaults and status, do not count; a list must have the
    same entries in the same order.
    """
    if isinstance(sent, Mapping) and isinstance(live, Mapping):
        lines = []
        for key, value in sent.items():
            place = f"{path}.{key}" if path else str(key)
            if key in live:
                lines += changed_by_server(value, live[key], place)
            else:
                lines.append(f"{place}: {value!r} was sent and is not there")
        return lines
    if isinstance(sent, list) and isinstance(live, list) and len(sent) == len(live):
        pairs = enumerate(zip(sent, live, strict=True))
        return [line for i, pair in pairs for line in changed_by_server(*pair, f"{path}[{i}]")]
    if type(sent) is not type(live) or sent != live:
        return [f"{path}: {sent!r} was sent, {live!r} came back"]
    return []
