"""Parses names of EC2 instance families and sizes: processor, instance store, vCPU."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

Arch = Literal["arm64", "amd64"]

_FAMILY = re.compile(r"^(?P<series>[a-z]+)(?P<generation>[0-9]+)(?P<attributes>[a-z]*(-flex)?)$")
_SIZES = {"medium": 1, "large": 2, "xlarge": 4}
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
    if size in _SIZES:
        return _SIZES[size]
    match = re.fullmatch(r"([0-9]+)xlarge", size)
    if match is None:
        raise ValueError(f"{size!r} is not a size such as large, xlarge or 4xlarge")
    return 4 * int(match[1])


def _family(value: str) -> str:
    _match(value)
    return value


def _size(value: str) -> str:
    vcpus_of(value)
    return value


def _instance_type(value: str) -> str:
    family, dot, size = value.partition(".")
    if not dot:
        raise ValueError(f"{value!r} is not an instance type such as m7g.large")
    _match(family)
    vcpus_of(size)
    return value


Family = Annotated[str, AfterValidator(_family)]
Size = Annotated[str, AfterValidator(_size)]
InstanceType = Annotated[str, AfterValidator(_instance_type)]
