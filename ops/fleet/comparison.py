"""Runs of two members compared: how many failed, how soon they started, what one cost."""

import math

from ops.fleet.live import Ended

RUNS = 20
"""Runs that must have ended on each of the two members before they are compared."""
CHANCE = 0.05
"""More failed runs than this probability explains are taken for a difference."""
MORE = 1.25
"""Times as long a start, or as high a cost of a run, that is accepted."""

Seen = tuple[bool | None, str]
"""Whether the new member is as good, None where that is not known, and the figures."""


def ratio(amount: float | None, runs: int) -> float | None:
    """Returns the amount of one run, None where either is not known."""
    return amount / runs if amount is not None and runs else None


def failures(old: Ended, new: Ended, hours: int) -> Seen:
    """Returns whether chance alone explains that more runs failed on the new member."""
    text = (
        f"{new.failed} of {new.runs} failed, on the old one {old.failed} of {old.runs}, in {hours} "
        "hours"
    )
    if new.runs < RUNS or old.runs < RUNS:
        return None, f"{text}; {RUNS} on each are needed"
    return by_chance(old, new) >= CHANCE, text


def by_chance(old: Ended, new: Ended) -> float:
    """Returns the probability that at least so many of the failed runs are among the new member's,
    if both fail alike (Fisher's exact test, one side)."""
    failed, runs = old.failed + new.failed, old.runs + new.runs
    ways = sum(
        math.comb(failed, k) * math.comb(runs - failed, new.runs - k)
        for k in range(new.failed, min(failed, new.runs) + 1)
    )
    return ways / math.comb(runs, new.runs)


def not_more(old: float | None, new: float | None, text: str) -> Seen:
    """Returns whether the new value is at most MORE times the old one; `text` has a place for
    each."""
    if old is None or new is None:
        return None, "Prometheus has no value of " + ("either" if old == new else "one of them")
    return new <= MORE * old, f"{text.format(new)}, on the old one {text.format(old)}"
