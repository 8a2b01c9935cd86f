"""A drill as text and JSON."""

import json
from dataclasses import asdict

from ops.drill.drill import Drill


def text(drill: Drill) -> str:
    """The parts below their headings; commands can be copied."""
    lines = [drill.title]
    for heading, found in (
        ("interrupts", drill.interrupts),
        ("expected", drill.expected),
        ("before", drill.before),
        ("start", drill.start),
        ("watch", drill.watch),
        ("stop", drill.stop),
        ("alerts (docs/alerts.md)", (", ".join(drill.alerts),)),
    ):
        lines += ["", heading, *(f"  {one}" for one in found)]
    return "\n".join(lines) + "\n"


def as_json(drill: Drill) -> str:
    """The same as one object."""
    return json.dumps(asdict(drill), indent=1, ensure_ascii=False) + "\n"
