"""Taints and requirements of labels, as Kubernetes, Karpenter and EKS write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ops.plan.values import mappings, sequence

_EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}
"""A taint's effect in the EKS API, and in Kubernetes."""


@dataclass(frozen=True)
class Taint:
    """A taint, its effect as Kubernetes writes it."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        value = f"={self.value}" if self.value else ""
        return f"{self.key}{value}:{self.effect}"


@dataclass(frozen=True)
class Requirement:
    """A requirement on a label, `key in (values)`: of a NodePool, a node selector or an
    affinity."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def accepts(self, value: str | None) -> bool:
        """Whether a label of this value matches; None stands for a node without the label."""
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
            case "Gt" | "Lt" if value is not None and value.isdecimal():
                bound = int(self.values[0])
                return int(value) > bound if self.operator == "Gt" else int(value) < bound
        return False


def requirements_of(items: Any) -> tuple[Requirement, ...]:
    """Node selector requirements as Kubernetes and Karpenter write them."""
    return tuple(
        Requirement(
            str(item.get("key")),
            str(item.get("operator")),
            tuple(str(value) for value in sequence(item.get("values"))),
        )
        for item in mappings(items)
    )


def listed(requirements: Sequence[Requirement], key: str) -> tuple[str, ...]:
    """The values that requirements list for a label; empty if they list none."""
    about = [one for one in requirements if one.key == key]
    values = next((one.values for one in about if one.operator == "In"), ())
    return tuple(value for value in values if all(one.accepts(value) for one in about))


def taints_of(items: Any) -> tuple[Taint, ...]:
    """Taints of a NodePool or of a node group."""
    return tuple(
        Taint(
            str(item.get("key")),
            str(item.get("value") or ""),
            _EFFECTS.get(str(item.get("effect")), str(item.get("effect", ""))),
        )
        for item in mappings(items)
    )
