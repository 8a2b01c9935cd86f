"""EC2 instance families and sizes: which exist, processor, instance store, vCPU."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from components.formats import Text

Arch = Literal["arm64", "amd64"]

_FAMILY = re.compile(r"^(?P<series>[a-z]+)(?P<generation>[0-9]+)(?P<attributes>[a-z]*(-flex)?)$")
_VCPUS = {"medium": 1, "large": 2, "xlarge": 4}
_INSTANCE_STORE_SERIES = ("d", "h", "i", "im", "is")


def _match(family: str) -> re.Match[str]:
    match = _FAMILY.match(family)
    if match is None:
        raise ValueError(f"{family!r} is not an instance family such as m7g or r6id")
    return match


def arch_of(family: str) -> Arch:
    """The processor of a family: `g` after the generation is Graviton, as is the whole of a1.

    Source: docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html.
    Raises ValueError when it is not a family's name.
    """
    match = _match(family)
    return "arm64" if family == "a1" or "g" in match["attributes"].split("-")[0] else "amd64"


def has_instance_store(family: str) -> bool:
    """True if every size of the family has NVMe instance store (`d`, or the I, D, H series).

    Source: docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html.
    """
    match = _match(family)
    return "d" in match["attributes"].split("-")[0] or match["series"] in _INSTANCE_STORE_SERIES


def series_of(family: str) -> str:
    """The series of a family, the letters before the generation: `m` of m7gd. All families of a
    series have the same memory per vCPU."""
    return _match(family)["series"]


def vcpus_of(size: str) -> int:
    """vCPU of a size (2 for large, 4 for xlarge, 4n for n-xlarge).

    Raises ValueError for metal sizes and unknown words.
    """
    if size in _VCPUS:
        return _VCPUS[size]
    match = re.fullmatch(r"([0-9]+)xlarge", size)
    if match is None:
        raise ValueError(f"{size!r} is not a size such as large, xlarge or 4xlarge")
    return 4 * int(match[1])


def _load() -> tuple[dict[str, list[str]], dict[str, frozenset[str]]]:
    """Sizes by family, and the families of other kinds."""
    sizes: dict[str, list[str]] = {}
    others: dict[str, frozenset[str]] = {}
    for line in (Path(__file__).parent / "instance_types.txt").read_text("utf-8").splitlines():
        left, _, right = line.partition(": ")
        if left in ("accelerated", "unsuited"):
            others[left] = frozenset(right.split())
        elif not line.startswith("#"):
            sizes |= dict.fromkeys(left.split(), right.split())
    return sizes, others


SIZES, _OTHERS = _load()
"""Sizes of each family, from EC2's figures; bare metal is left out."""


def _known_family(value: str) -> str:
    if value in _OTHERS["accelerated"]:
        raise ValueError(
            "has GPUs or other accelerators: the platform has no device plugin, so no pod could "
            "request one (docs/decisions.md)"
        )
    if value in _OTHERS["unsuited"]:
        raise ValueError("is a family that no node of the platform can be of")
    if value not in SIZES:
        raise ValueError("is not one of EC2's instance families, such as m7g or r6id")
    return value


def _known_size(value: str) -> str:
    if not any(value in sizes for sizes in SIZES.values()):
        raise ValueError("is not a size of an EC2 instance type, such as large, xlarge or 4xlarge")
    return value


def _known_type(value: str) -> str:
    family, dot, size = value.partition(".")
    if dot and family in (known for others in _OTHERS.values() for known in others):
        _known_family(family)
    if size not in SIZES.get(family, ()):
        raise ValueError("is not one of EC2's instance types, such as m7g.large (no bare metal)")
    return value


Family = Annotated[Text, AfterValidator(_known_family)]
Size = Annotated[Text, AfterValidator(_known_size)]
InstanceType = Annotated[Text, AfterValidator(_known_type)]
