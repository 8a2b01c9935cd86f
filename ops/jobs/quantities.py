"""Amounts of processor and memory, as Kubernetes and as Spark write them."""

import re
from fractions import Fraction

_KUBERNETES = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|[KMGTPE]i|[MGTPE])?")
_UNITS = {
    "": Fraction(1),
    "m": Fraction(1, 1000),
    "k": Fraction(10**3),
    **{letter: Fraction(1000**power) for power, letter in enumerate("MGTPE", start=2)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}
_SPARK = re.compile(r"([0-9]+)([kmgt])b?")
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}
_MIB = 1024**2


def amount(text: str | int | float) -> Fraction:
    """A Kubernetes quantity as a number: vCPU, or bytes. Raises ValueError for anything else."""
    match = _KUBERNETES.fullmatch(str(text))
    if match is None:
        raise ValueError(f"{text!r} is not a quantity such as 500m or 4Gi")
    return Fraction(match[1]) * _UNITS[match[2] or ""]


def spark_bytes(text: str) -> int:
    """A size as Spark reads it (`8g` is 8 GiB), in bytes. Raises ValueError for anything else."""
    match = _SPARK.fullmatch(text.lower())
    if match is None:
        raise ValueError(f"{text!r} is not a size such as 512m or 8g")
    return int(match[1]) * 1024 ** _POWERS[match[2]]


def shown(resource: str, value: Fraction | int) -> str:
    """The amount for people: memory in GiB, anything else as a number."""
    if "memory" in resource:
        return f"{float(Fraction(value) / _MIB / 1024):.1f} GiB"
    return f"{float(value):g}"
