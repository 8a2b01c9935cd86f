"""Kubernetes quantities and Spark's sizes, as exact numbers."""

import re
from fractions import Fraction

MIB, GIB = 1024**2, 1024**3

# An exponent has at most two digits: the API server caps a quantity at 2^63-1.
_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]{1,2}))?"
)
_SUFFIXES = {
    "n": Fraction(1, 1000**3),
    "u": Fraction(1, 1000**2),
    "m": Fraction(1, 1000),
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", start=1)},
}
_SPARK = re.compile(r"([0-9]+)(?:([kmgtp])b?|b)")
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def parse(text: str | float) -> Fraction:
    """A Kubernetes quantity as a number, of vCPU, bytes or objects: `500m`, `4Gi`, `2e3`.

    Source: k8s.io/apimachinery pkg/api/resource. Raises ValueError for anything else.
    """
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        raise ValueError(f"{text!r} is not a quantity such as 500m or 4Gi")
    number, suffix, exponent = match.groups()
    if exponent:
        return Fraction(number) * Fraction(10) ** int(exponent)
    return Fraction(number) * (_SUFFIXES[suffix] if suffix else 1)


def spark_bytes(text: str) -> int:
    """A size of Spark's configuration in bytes: `8g` and `8gb` are 8 GiB, in either case.

    Source: JavaUtils.byteStringAs of Spark. Raises ValueError for anything else, and for a size
    without a unit: its meaning depends on the key.
    """
    match = _SPARK.fullmatch(text.lower())
    if match is None:
        raise ValueError(f"{text!r} is not a size such as 512m or 8g")
    return int(match[1]) * 1024 ** _POWERS.get(match[2], 0)


def spark_mib(text: str) -> int:
    """A size in bytes for a key whose values without a unit are MiB. Raises ValueError."""
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return int(text) * MIB
    return spark_bytes(text)


def shown(resource: str, value: Fraction | int) -> str:
    """A readable amount of a resource: memory and storage in GiB, anything else as a number."""
    if "memory" in resource or "storage" in resource.rpartition(".")[2]:
        return f"{float(Fraction(value) / GIB):.1f} GiB"
    return f"{float(value):g}"
