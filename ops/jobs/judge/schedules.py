"""The fields of a ScheduledSparkApplication: when it runs, and what runs at once."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from ops.jobs.findings import ABSENT, Change, Finding, error, warning

_POLICIES = ("Allow", "Forbid", "Replace")
_DESCRIPTOR = re.compile(
    r"@(yearly|annually|monthly|weekly|daily|midnight|hourly"
    r"|every ([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)"
)
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    {name: number for number, name in enumerate(_MONTHS, start=1)},
    {name: number for number, name in enumerate(_DAYS)},
)


def findings(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Schedules that the operator cannot parse, with which nothing runs."""
    schedule = spec.get("schedule")
    if isinstance(schedule, str) and not is_cron(schedule):
        yield error(
            "spec.schedule",
            "is no cron expression of five fields that the operator reads: nothing runs",
            "0 3 * * *",
            schedule,
        )
    zone = spec.get("timeZone")
    if isinstance(zone, str) and zone not in ("", "Local") and zone not in available_timezones():
        yield error(
            "spec.timeZone", "is no time zone such as Europe/Berlin: nothing runs", "", zone
        )
    policy = spec.get("concurrencyPolicy")
    if policy is not None and policy not in _POLICIES:
        yield error(
            "spec.concurrencyPolicy",
            f"must be one of {', '.join(_POLICIES)}",
            "Forbid",
            policy,
            [Change(("spec", "concurrencyPolicy"), "Forbid")],
        )
    if policy is None or policy == "Allow":
        yield warning(
            "spec.concurrencyPolicy",
            "runs may overlap, and write to the same folder",
            "Forbid",
            policy if policy is not None else ABSENT,
            [Change(("spec", "concurrencyPolicy"), "Forbid")],
        )


def is_cron(text: str) -> bool:
    """Whether robfig/cron's standard parser, which the operator uses, reads it."""
    text = re.sub(r"^(CRON_)?TZ=\S+\s+", "", text.strip())
    if text.startswith("@"):
        return bool(_DESCRIPTOR.fullmatch(text))
    fields = text.split()
    return len(fields) == 5 and all(
        _is_field(one.lower(), *bounds, names)
        for one, bounds, names in zip(fields, _BOUNDS, _NAMES, strict=True)
    )


def _is_field(text: str, least: int, most: int, names: Mapping[str, int]) -> bool:
    for part in text.split(","):
        span, _, step = part.partition("/")
        if "/" in part and not (step.isdecimal() and int(step) > 0):
            return False
        if span in ("*", "?"):
            continue
        ends = [names.get(one, int(one) if one.isdecimal() else -1) for one in span.split("-")]
        if len(ends) > 2 or not all(least <= one <= most for one in ends) or ends[0] > ends[-1]:
            return False
    return True
