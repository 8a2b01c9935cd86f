"""One rule's cases, in promtool's notation of series: `0+10x30` is 0, 10, ... 300, one a minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Series = Mapping[str, str]
"""Values by series; None in an override takes the series away."""


@dataclass(frozen=True)
class AlertCase:
    """An alert that fires with these series, and not with a change of them."""

    alert: str
    series: Series
    labels: str
    """Of the alert that fires, besides its severity."""
    at: int
    """Minute at which it fires."""
    value: float | None = None
    """What its text tells."""
    before: int | None = None
    """A minute at which it does not fire yet; None: it needs no time."""
    quiet: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """By reason, changes of the series with which it does not fire."""


@dataclass(frozen=True)
class RecordCase:
    """A recorded series and its values, at a minute."""

    record: str
    series: Series
    values: Mapping[str, float]
    """By labels."""
    at: int = 10
    none: Sequence[Mapping[str, str | None]] = ()
    """Changes of the series with which it has no value at all."""


def changed(series: Series, change: Mapping[str, str | None]) -> dict[str, str]:
    """The series with others in their place."""
    return {name: value for name, value in {**series, **change}.items() if value is not None}
