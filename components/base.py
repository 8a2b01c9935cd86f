"""Shared by all components: the base class of settings, problems of settings, quantities."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

Problems = Iterator[tuple[str, str]]
"""Problems of a stack's settings: key without the project's namespace, and message."""


def _key(field: str) -> str:
    """The key of a field in a stack file: `disk_gib` is `diskGiB`."""
    return to_camel(field).replace("Gib", "GiB").replace("Mib", "MiB")


class Settings(BaseModel):
    """Settings of one component as a stack file has them: camelCase, no unknown keys."""

    model_config = ConfigDict(
        alias_generator=_key,
        extra="forbid",
        frozen=True,
        validate_default=True,
        use_attribute_docstrings=True,
    )


Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$")]
"""Name of a pool or team. At most 20 characters: names of nodes, roles and claims contain it."""

Duration = Annotated[str, StringConstraints(pattern=r"^([0-9]+(s|m|h))+$")]
"""A Go duration in hours, minutes and seconds, as Karpenter accepts it: `30s`, `1h30m`."""

DurationOrNever = Annotated[str, StringConstraints(pattern=r"^(([0-9]+(s|m|h))+|Never)$")]
"""A duration, or `Never`."""


def quantity(mebibytes: int) -> str:
    """Memory or storage in the form that Kubernetes returns: 2048 MiB are `2Gi`. Any other form
    shows as a change after each refresh."""
    units = ("Mi", "Gi", "Ti", "Pi")
    step = 0
    while step < len(units) - 1 and mebibytes and mebibytes % 1024 == 0:
        mebibytes, step = mebibytes // 1024, step + 1
    return f"{mebibytes}{units[step]}"


def count(number: int) -> str:
    """A number of vCPU or of objects in the form that Kubernetes returns: 2000 are `2k`."""
    return f"{number // 1000}k" if number and number % 1000 == 0 else str(number)
