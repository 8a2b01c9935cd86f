"""Guards that nobody misses when they are dropped, and why that is so."""

from collections.abc import Mapping

REASONS: Mapping[str, str] = {}
"""File and guard, as `make mutate` prints them, to the reason."""
