"""Redacts secrets in texts that are not marked: lookups, notes, error messages, fake outputs."""

from collections.abc import Iterable, Mapping
from typing import Any

from ops.plan.protobuf import SECRET

_SHORTEST = 3
"""Same minimum as the Pulumi CLI's filter: a shorter secret would match in ordinary text."""


class Redactor:
    """Replaces every known secret inside texts; keys and the shape of data stay."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {text for text in secrets if len(text) >= _SHORTEST}
        # A secret may be part of another one: replace the longer one first.
        self._secrets = sorted(found, key=lambda text: (-len(text), text))

    def text(self, text: str) -> str:
        """Returns the text with `[secret]` for each secret in it."""
        for secret in self._secrets:
            text = text.replace(secret, SECRET)
        return text

    def data(self, value: Any) -> Any:
        """Returns plain data with `[secret]` for each secret in its texts."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.data(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(item) for item in value]
        return value
