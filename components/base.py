"""What every component shares: the shape of its settings and small typed helpers."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import pulumi
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

T = TypeVar("T")


class Settings(BaseModel):
    """Knobs of one component as they stand in a stack file: camelCase, no unknown keys."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        validate_default=True,
        use_attribute_docstrings=True,
    )


Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$")]
"""A pool's or team's name: it ends up in node, role and claim names, so 20 characters at most."""

Duration = Annotated[str, StringConstraints(pattern=r"^([0-9]+(s|m|h))+$")]
"""A Go duration in hours, minutes and seconds, as Karpenter takes it: `30s`, `1h30m`."""

DurationOrNever = Annotated[str, StringConstraints(pattern=r"^(([0-9]+(s|m|h))+|Never)$")]
"""A duration, or `Never`."""


def child(
    parent: pulumi.Resource,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
    protect: bool = False,
    retain_on_delete: bool = False,
    delete_before_replace: bool = False,
    ignore_changes: Sequence[str] = (),
    replace_on_changes: Sequence[str] = (),
    provider: pulumi.ProviderResource | None = None,
) -> pulumi.ResourceOptions:
    """Options of a resource inside a component: the parent, and what must exist before it."""
    return pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(depends_on),
        protect=protect or None,
        retain_on_delete=retain_on_delete or None,
        delete_before_replace=delete_before_replace or None,
        ignore_changes=list(ignore_changes) or None,
        replace_on_changes=list(replace_on_changes) or None,
        providers=[provider] if provider else None,
    )


def quantity(mebibytes: int) -> str:
    """Memory or storage as Kubernetes writes it back: 2048 MiB are `2Gi`. Written otherwise, each
    refresh would show a change."""
    units = ("Mi", "Gi", "Ti", "Pi")
    step = 0
    while step < len(units) - 1 and mebibytes and mebibytes % 1024 == 0:
        mebibytes, step = mebibytes // 1024, step + 1
    return f"{mebibytes}{units[step]}"


def count(number: int) -> str:
    """A number of vCPU or of objects as Kubernetes writes it back: 2000 are `2k`."""
    return f"{number // 1000}k" if number and number % 1000 == 0 else str(number)
