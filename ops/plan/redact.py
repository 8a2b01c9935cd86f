"""Keeps a secret out of what bears no mark: lookups, notes, refusals, made-up outputs."""

from collections.abc import Iterable, Mapping
from typing import Any

from ops.plan.protobuf import SECRET

_SHORTEST = 3
"""As the Pulumi CLI's own filter: less would take every "a" of a text for the secret."""


class Redactor:
    """Replaces every known secret inside texts; keys and the shape of data stay."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {text for text in secrets if len(text) >= _SHORTEST}
        # A secret may be part of another one: the longer goes first.
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
