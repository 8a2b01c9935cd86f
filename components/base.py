"""Shared by all components: the base class of settings, problems of settings, quantities."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Problems = Iterator[tuple[str, str]]
"""Problems of a stack's settings: key without the project's namespace, and message."""


def _key(field: str) -> str:
    """The key of a field in a stack file: `disk_gib` is `diskGiB`."""
    return to_camel(field).replace("Gib", "GiB").replace("Mib", "MiB")


class InvalidField(Exception):
    """A check reads a field whose value is refused already."""


class Settings(BaseModel):
    """Settings of one component as a stack file has them: camelCase, no unknown keys.

    Where a stack file has problems, an object may lack the fields that have one
    (components/validation.py): to read one of these raises InvalidField.
    """

    model_config = ConfigDict(
        alias_generator=_key,
        extra="forbid",
        frozen=True,
        validate_default=True,
        use_attribute_docstrings=True,
    )

    def problems(self) -> Problems:
        """Problems of this object's keys with each other, by key below this object."""
        yield from ()

    def without_effect(self, why: str, *, but: Iterable[str] = ()) -> Problems:
        """A problem for each key that is set, but those of the fields `but`."""
        for field in sorted(self.model_fields_set - set(but)):
            yield key_of(type(self), field), f"has no effect {why}; remove it"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise InvalidField(name)
            return super().__getattr__(name)


def key_of(model: type[BaseModel], field: str) -> str:
    """The key of a field in a stack file."""
    return model.model_fields[field].alias or field


def below(key: str, problems: Problems) -> Problems:
    """The problems of an object at this key; a problem of the object itself has the key `""`."""
    for found, text in problems:
        yield (f"{key}.{found}" if found else key), text


def sound(check: Callable[[], Problems]) -> Problems:
    """The problems that a check finds before it reads a field that is refused already."""
    with contextlib.suppress(InvalidField):
        yield from check()


def names_of(named: Iterable[Any]) -> set[str]:
    """The names of pools or teams, without those that are refused already."""
    return {one.__dict__["name"] for one in named if "name" in one.__dict__}


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
