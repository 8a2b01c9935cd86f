"""One piece of advice."""

from dataclasses import dataclass
from enum import StrEnum

from ops.plan.quantity import GIB, MIB


class Confidence(StrEnum):
    """How sure it is that a change helps."""

    high = "high"
    medium = "medium"
    low = "low"


@dataclass(frozen=True)
class Advice:
    """A setting to change. `to` is empty where the log does not tell a value."""

    key: str
    """Spark's key; or what else is to be changed."""
    now: str
    to: str
    confidence: Confidence
    evidence: str
    """The figures."""
    why: str
    job_key: str = ""
    """The key of a job's file that sets it."""


def gib(amount: float) -> str:
    """Bytes for people: `512 MiB`, `1.5 GiB`."""
    if amount < MIB:
        return f"{amount:,.0f} B" if amount < 1024 else f"{amount / 1024:,.0f} KiB"
    return f"{amount / MIB:,.0f} MiB" if amount < GIB else f"{amount / GIB:,.1f} GiB"


def percent(part: float) -> str:
    """`7 %`; below 1 one decimal."""
    return (
        f"{part:.1%}".replace("%", " %") if 0 < part < 0.0095 else f"{part:.0%}".replace("%", " %")
    )


def seconds(value: float) -> str:
    """Seconds for people: `45 s`, `12 min`, `3.5 h`."""
    if value < 120:
        return f"{value:,.0f} s" if value >= 10 else f"{value:,.1f} s"
    return f"{value / 60:,.0f} min" if value < 7200 else f"{value / 3600:,.1f} h"
