"""Cron expressions as Karpenter reads them: github.com/robfig/cron, ParseStandard."""

import calendar
import re

from components.formats import as_text

_SHORT = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {
    name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
}
_FIELDS = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(
    r"(?P<from>\*|\?|[0-9]+|[a-z]{3})(-(?P<to>[0-9]+|[a-z]{3}))?(/(?P<step>[0-9]+))?"
)


def check_cron(value: str) -> str:
    """The expression. Raises ValueError if it cannot be read or never comes."""
    value = as_text(value)
    if value in _SHORT:
        return value
    parts = value.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(
            "is not a cron expression: five fields such as `0 9 * * mon-fri`, or @daily"
        )
    minutes, hours, days, months, weekdays = (
        _numbers(part, *field) for part, field in zip(parts, _FIELDS, strict=True)
    )
    del minutes, hours
    # A day of the week matches without the day of the month, unless it is `*`.
    any_day = parts[4] not in ("*", "?") and len(weekdays) > 0
    longest = {month: 29 if month == 2 else calendar.monthrange(2026, month)[1] for month in months}
    if not any_day and all(min(days) > length for length in longest.values()):
        raise ValueError("never comes: none of its months has that day")
    return value


def _numbers(text: str, name: str, least: int, most: int, names: dict[str, int]) -> set[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        match = _PART.fullmatch(part)
        numbers = _range(match, least, most, names) if match else None
        if numbers is None:
            raise ValueError(
                f"has {part!r} as {name}; allowed are {least} to {most}, `*` and `,-/`"
            )
        found |= numbers
    return found


def _range(match: re.Match[str], least: int, most: int, names: dict[str, int]) -> set[int] | None:
    start, end, step = match["from"], match["to"], int(match["step"] or 1)
    if start in ("*", "?"):
        first, last = least, most
        if end:
            return None
    else:
        first = _number(start, names)
        last = _number(end, names) if end else (most if match["step"] else first)
    if not least <= first <= last <= most or step < 1:
        return None
    return set(range(first, last + 1, step))


def _number(text: str, names: dict[str, int]) -> int:
    return int(text) if text.isdecimal() else names.get(text, -1)
