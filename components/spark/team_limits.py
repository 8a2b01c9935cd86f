"""Limits of a team: ResourceQuotas of its namespace, and a LimitRange with defaults."""

from typing import Annotated, NamedTuple

import pulumi
import pulumi_kubernetes as k8s

from components.base import Settings, count, quantity
from components.formats import whole
from components.names import DRIVER_PRIORITY

QUOTA = "team"
DRIVER_QUOTA = "drivers"
POD_MIB = 1434
"""Request of the smallest pod of a Python job: 1 GiB of heap and 40 % overhead."""
SYSTEM_CLASSES = ("system-cluster-critical", "system-node-critical")

_CLAIM_GIB = 1
"""Size of each of the stack's own claims, on the JARs and on Lustre, which the quota counts."""


class DriverQuotaSettings(Settings):
    """`spark.teams[].quota.drivers`: the part of the quota that drivers may have. Without it many
    jobs fill the quota with drivers, which all wait for executors."""

    cpu: Annotated[int, whole(1, 1_000_000)] | None = None
    """vCPU requests of drivers; default: half of the quota, or less to leave `maxExecutors` of the
    smallest size."""
    memory_gib: Annotated[int, whole(1, 10_000_000)] | None = None
    """Memory of drivers, in GiB; default: as `cpu`."""
    pods: Annotated[int, whole(1, 150_000)] | None = None
    """Drivers, and so jobs at once; default: as `cpu`."""


class QuotaSettings(Settings):
    """`spark.teams[].quota`: limits of all pods of the team together."""

    cpu: Annotated[int, whole(1, 1_000_000)] = 64
    """vCPU requests."""
    memory_gib: Annotated[int, whole(1, 10_000_000)] = 256
    """Memory in GiB, requests and limits."""
    pods: Annotated[int, whole(2, 150_000)] = 100
    """Drivers and executors that have not terminated."""
    storage_gib: Annotated[int, whole(0, 100_000_000)] = 500
    """Storage requests of the executors' claims, in GiB."""
    drivers: DriverQuotaSettings = DriverQuotaSettings()
    """Limits of the team's drivers together."""

    def for_drivers(self, max_executors: int) -> "DriverQuota":
        """What drivers may have: as set, else half, or less to leave that many executors."""
        given = self.drivers
        memory = self.memory_gib * 1024
        return DriverQuota(
            cpu=given.cpu or _share(self.cpu, max_executors),
            memory_mib=(given.memory_gib or 0) * 1024 or _share(memory, max_executors * POD_MIB),
            pods=given.pods or _share(self.pods, max_executors),
        )


class DriverQuota(NamedTuple):
    """Limits of a team's drivers: vCPU, MiB, pods."""

    cpu: int
    memory_mib: int
    pods: int


def _share(quota: int, executors: int) -> int:
    # At least half for executors: each driver finds one of its own size.
    return max(1, min(quota // 2, quota - executors))


def create_limits(
    name: str,
    *,
    namespace: str,
    quota: QuotaSettings,
    max_executors: int,
    gangs: bool,
    claims: int,
    opts: pulumi.ResourceOptions,
) -> None:
    """The quota, that of drivers, a quota of zero for system PriorityClasses, default requests.

    `claims` are those that the stack itself makes in the namespace; the quota adds them.
    With `gangs` YuniKorn's queue enforces the quota, and the namespace's is twice that: for a
    moment an executor exists together with the placeholder that it replaces. The queue then also
    limits the drivers: placeholders have their driver's PriorityClass, so a quota counts them.
    """
    times = 2 if gangs else 1
    memory = quantity(quota.memory_gib * times * 1024)
    pods = quota.pods * times
    k8s.core.v1.ResourceQuota(
        f"{name}-quota",
        metadata={"name": QUOTA, "namespace": namespace},
        spec={
            "hard": {
                # No limits.cpu: a limit throttles an executor even on an idle node, and under
                # contention the requests decide.
                "requests.cpu": count(quota.cpu * times),
                "requests.memory": memory,
                "limits.memory": memory,
                "pods": count(pods),
                "requests.storage": quantity((quota.storage_gib + claims * _CLAIM_GIB) * 1024),
                "persistentvolumeclaims": count(quota.pods + claims),
                # A driver's Service is headless: no pod of a team is reachable from outside.
                "services.loadbalancers": "0",
                "services.nodeports": "0",
            }
        },
        opts=opts,
    )
    if not gangs:
        drivers = quota.for_drivers(max_executors)
        driver_memory = quantity(drivers.memory_mib)
        k8s.core.v1.ResourceQuota(
            f"{name}-driver-quota",
            metadata={"name": DRIVER_QUOTA, "namespace": namespace},
            spec={
                "hard": {
                    "requests.cpu": count(drivers.cpu),
                    "requests.memory": driver_memory,
                    "limits.memory": driver_memory,
                    "pods": count(drivers.pods),
                },
                "scope_selector": _of_priorities(DRIVER_PRIORITY),
            },
            opts=opts,
        )
    # Without a quota any namespace can use these classes, whose pods preempt all others:
    # kubernetes.io/docs/concepts/policy/resource-quotas.
    k8s.core.v1.ResourceQuota(
        f"{name}-system-priority",
        metadata={"name": "no-system-priority", "namespace": namespace},
        spec={
            "hard": {"pods": "0"},
            "scope_selector": _of_priorities(*SYSTEM_CLASSES),
        },
        opts=opts,
    )
    k8s.core.v1.LimitRange(
        f"{name}-limits",
        metadata={"name": QUOTA, "namespace": namespace},
        spec={
            "limits": [
                {
                    # For init containers and sidecars; Spark sets requests of its own. No default
                    # CPU limit: it would be below an executor's request.
                    "type": "Container",
                    "default_request": {"cpu": "100m", "memory": "256Mi"},
                    "default": {"memory": "256Mi"},
                }
            ]
        },
        opts=opts,
    )


def _of_priorities(*classes: str) -> k8s.core.v1.ScopeSelectorArgsDict:
    """Selects the pods of these PriorityClasses."""
    return {
        "match_expressions": [
            {"scope_name": "PriorityClass", "operator": "In", "values": list(classes)}
        ]
    }
