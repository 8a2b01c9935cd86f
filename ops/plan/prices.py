"""On-Demand list prices of instance types, as of a date and a region.

Spot prices change by the hour and are not public in a file: they are the user's to give.
"""

import re
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("on_demand_prices.txt")
_HEAD = re.compile(r"# (On-Demand, Linux, (\S+), ([0-9-]+))")


@cache
def on_demand() -> dict[str, float]:
    """USD an hour by instance type."""
    rows = (line.split() for line in _text().splitlines() if not line.startswith("#"))
    return {name: float(price) for name, price in rows}


def basis() -> str:
    """What the prices are: `On-Demand, Linux, us-east-1, 2026-07-06`."""
    found = _HEAD.match(_text())
    assert found is not None
    return found[1]


@cache
def _text() -> str:
    return _FILE.read_text(encoding="utf-8")
