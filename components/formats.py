"""Formats of settings: types that refuse a value with a few words on what is allowed.

A message completes "'x' ..." for the person who edits the stack file: no regular expression.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ValidationError, WrapValidator

Handler = Callable[[Any], Any]


def text(pattern: str, says: str) -> WrapValidator:
    """Annotation of a text that matches the whole pattern. `says` completes "is not ..."."""
    allowed = re.compile(pattern, re.ASCII)

    def check(value: Any, handler: Handler) -> str:
        value = handler(as_text(value))
        if not allowed.fullmatch(value):
            raise ValueError(f"is not {says}")
        return value

    return WrapValidator(check)


def as_text(value: Any) -> Any:
    """A whole number as text; YAML has read any other scalar, and its text may be lost (1.10)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, bool | float):
        raise ValueError("is not text; put it in quotes")
    return value


def whole(least: int, most: int) -> WrapValidator:
    """Annotation of a whole number within limits."""
    return _number(least, most, "a whole number")


def number(least: float, most: float) -> WrapValidator:
    """Annotation of a number within limits."""
    return _number(least, most, "a number")


def _number(least: float, most: float, kind: str) -> WrapValidator:
    def check(value: Any, handler: Handler) -> Any:
        says = f"is not {kind} from {least} to {most}"
        try:
            found = handler(value)
        except ValidationError:
            raise ValueError(says) from None
        if isinstance(value, bool) or not least <= found <= most:
            raise ValueError(says)
        return found

    return WrapValidator(check)


def _distinct(values: list[Any]) -> list[Any]:
    for index, value in enumerate(values):
        if value in values[:index]:
            shown = repr(value) if isinstance(value, str | int) else "an entry"
            raise ValueError(f"lists {shown} twice")
    return values


def entries(least: int = 0, most: int | None = None) -> AfterValidator:
    """Annotation of a list without duplicates, with so many entries."""

    def check(values: list[Any]) -> list[Any]:
        if len(values) < least:
            raise ValueError("is empty" if not values else f"needs at least {least} entries")
        if most is not None and len(values) > most:
            raise ValueError(f"has {len(values)} entries; at most {most} are allowed")
        return _distinct(values)

    return AfterValidator(check)


def ipv4_block(value: str) -> ipaddress.IPv4Network:
    """The CIDR block. Raises ValueError for an address without a mask, IPv6, or host bits."""
    example = "an IPv4 block with a mask, such as 203.0.113.0/24"
    address, _, mask = value.partition("/")
    if not re.fullmatch(r"[0-9]{1,2}", mask, re.ASCII):
        raise ValueError(f"is not {example}")
    try:
        block = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        raise ValueError(f"is not {example}") from None
    if str(block.network_address) != address:
        raise ValueError(f"has bits set after its mask; the block is {block}")
    return block


def _block(value: str) -> str:
    ipv4_block(value)
    return value


def within(block: ipaddress.IPv4Network, others: Sequence[str]) -> bool:
    """Whether the block is inside one of the others."""
    return any(block.subnet_of(ipaddress.IPv4Network(other)) for other in others)


Text = Annotated[str, BeforeValidator(as_text)]
Cidr = Annotated[Text, AfterValidator(_block)]

Name = Annotated[
    str,
    text(
        r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?",
        "a name of at most 20 lower-case letters, digits and hyphens that begins with a letter and "
        "does not end with a hyphen",
    ),
]
"""Name of a pool or team. At most 20 characters: names of nodes, roles and claims contain it."""

Namespace = Annotated[
    str,
    text(
        r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        "the name of a namespace: at most 63 lower-case letters, digits and hyphens",
    ),
]

ZoneLetter = Literal["a", "b", "c", "d", "e", "f"]
"""Letter of an Availability Zone: no region has more than six."""
Zones = Annotated[list[ZoneLetter], entries(2, 6), AfterValidator(sorted)]

RetentionDays = Annotated[
    Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365],
    BeforeValidator(lambda value: int(value) if str(value).isdecimal() else value),
]
"""Retention of a log group, one of the numbers that CloudWatch Logs has."""

LabelKey = Annotated[
    str,
    text(
        r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?",
        "the key of a Kubernetes label, such as workload or example.com/workload",
    ),
]
LabelValue = Annotated[
    str,
    text(
        r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?",
        "the value of a Kubernetes label: at most 63 letters, digits and -_.",
    ),
]
Folder = Annotated[
    str, text(r"(/(?!\.\.?(/|$))[\w.-]+)+/?", "an absolute path of a folder, without . and ..")
]
RoleName = Annotated[
    str, text(r"[\w+=,.@-]{1,64}", "the name of an IAM role (not its ARN, and without a path)")
]

_UNITS = {"h": 3600, "m": 60, "s": 1}
_LONGEST = 10 * 365 * 24 * 3600
"""Ten years. Go's durations end at 292 years, and a controller that cannot read one stops."""


def seconds(duration: str) -> int:
    """Seconds of a duration such as `1h30m`."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", duration))


def duration(least: str = "0s", *, never: bool = False) -> WrapValidator:
    """Annotation of a Go duration in hours, minutes and seconds, as Karpenter accepts it."""
    says = f"is not a duration such as {least if least != '0s' else '30s'} or 1h30m" + (
        ", or Never" if never else ""
    )

    def check(value: Any, handler: Handler) -> str:
        value = handler(value) if isinstance(value, str) else ""
        if never and value == "Never":
            return value
        if not re.fullmatch(r"([0-9]{1,9}[hms])+", value, re.ASCII):
            raise ValueError(says)
        if not seconds(least) <= seconds(value) <= _LONGEST:
            raise ValueError(f"is not from {least} to ten years")
        return value

    return WrapValidator(check)
