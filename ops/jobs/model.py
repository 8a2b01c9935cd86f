"""An application as the cluster would have it: its spec with the operator's defaults, Spark's
configuration, and its pods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ops.jobs.pods import pod_of
from ops.jobs.spark_conf import ROLES, BadValue, boolean, conf_of, whole
from ops.jobs.team import Rights, Team
from ops.plan.model import Plan
from ops.plan.values import at

_DYNAMIC = "spark.dynamicAllocation"
_DEFAULT_EXECUTORS = 2
"""Spark's own default of spark.executor.instances."""


@dataclass(frozen=True)
class Target:
    """Where the application is to run."""

    plan: Plan
    team: Team
    rights: Rights

    @property
    def where(self) -> str:
        """Words for messages."""
        return f"team {self.team.name} of stack {self.plan.stack}"


@dataclass(frozen=True)
class Pods:
    """The driver, or all executors."""

    role: str
    pod: Mapping[str, Any]
    count: int
    """The most that there are at once."""
    least: int
    """How many there are at the start: fewer, and the job waits."""

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.pod["spec"]

    @property
    def container(self) -> Mapping[str, Any]:
        """Spark's own."""
        return self.spec["containers"][0]

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """All of them, init containers last."""
        return [*self.spec["containers"], *self.spec.get("initContainers", [])]


@dataclass(frozen=True)
class Application:
    """An application in one of the two kinds. `spec` and `conf` have the types of their fields."""

    name: str
    given: Mapping[str, Any]
    """The spec as it was written, without what the CRD refuses."""
    beside: Sequence[Mapping[str, Any]]
    """The other documents of its file."""
    scheduled: bool = False
    status: Mapping[str, Any] | None = None

    @cached_property
    def spec(self) -> Mapping[str, Any]:
        """With the defaults of the operator's webhook."""
        return defaulted(self.given)

    @cached_property
    def conf(self) -> Mapping[str, str]:
        return conf_of(self.spec)

    @property
    def is_python(self) -> bool:
        return self.spec.get("type") == "Python"

    @property
    def version(self) -> tuple[int, ...]:
        """The version of Spark by `sparkVersion`; empty if it is none."""
        parts = str(self.spec.get("sparkVersion", "")).split("-")[0].split(".")
        return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()

    def pods(self, namespace: str) -> list[Pods]:
        """Driver and executors. Raises BadValue for a value that Spark cannot read."""
        most, least = self.executors()
        return [
            Pods(role, pod_of(role, self.name, namespace, self.spec, self.conf), *counts)
            for role, counts in zip(ROLES, ((1, 1), (most, least)), strict=True)
        ]

    def executors(self) -> tuple[int, int]:
        """How many executors at most, and at the start. Raises BadValue."""
        fixed = whole(self.conf, "spark.executor.instances")
        if not boolean(self.conf, f"{_DYNAMIC}.enabled"):
            count = _DEFAULT_EXECUTORS if fixed is None else fixed
            return count, count
        least = whole(self.conf, f"{_DYNAMIC}.minExecutors") or 0
        first = whole(self.conf, f"{_DYNAMIC}.initialExecutors")
        start = max(least if first is None else first, least, fixed or 0)
        most = whole(self.conf, f"{_DYNAMIC}.maxExecutors")
        return max(start, 2**31 - 1 if most is None else most), start

    def has_beside(self, kind: str, name: str) -> bool:
        """Whether its file creates an object of this kind and name."""
        return any(
            one.get("kind") == kind and at(one, "metadata.name") == name for one in self.beside
        )


def defaulted(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with the defaults of api/v1beta2/defaults.go of spark-operator 2.5.2."""
    conf = spec.get("sparkConf", {})
    made: dict[str, Any] = dict(spec)
    made["mode"] = made.get("mode") or "cluster"
    made["restartPolicy"] = {"type": "Never", **made.get("restartPolicy", {})}
    for role in ROLES:
        fields = {**made.get(role, {})}
        for field, value in (("cores", 1), ("memory", "1g")):
            if f"spark.{role}.{field}" not in conf:
                fields.setdefault(field, value)
        made[role] = fields
    # In sparkConf it reads another key than Spark's, so an executor is added.
    in_conf = conf.get("spark.dynamicallocation.enabled") in ("1", "t", "T", "true", "TRUE", "True")
    dynamic = made.get("dynamicAllocation", {"enabled": in_conf}).get("enabled", False)
    if not dynamic and not conf.get("spark.executor.instances"):
        made["executor"].setdefault("instances", 1)
    return made


__all__ = ["Application", "BadValue", "Pods", "Target", "defaulted"]
