"""Limits of a team: ResourceQuotas of its namespace, and a LimitRange with defaults."""

from typing import Annotated

import pulumi
import pulumi_kubernetes as k8s

from components.base import Settings, count, quantity
from components.formats import whole

QUOTA = "team"
SYSTEM_CLASSES = ("system-cluster-critical", "system-node-critical")

_CLAIM_GIB = 1
"""Size of the claim on the JARs, which the quota counts."""


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


def create_limits(
    name: str,
    *,
    namespace: str,
    quota: QuotaSettings,
    gangs: bool,
    opts: pulumi.ResourceOptions,
) -> None:
    """The quota, a quota of zero for system PriorityClasses, and default requests.

    With `gangs` YuniKorn's queue enforces the quota, and the namespace's is twice that: for a
    moment an executor exists together with the placeholder that it replaces.
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
                "requests.storage": quantity((quota.storage_gib + _CLAIM_GIB) * 1024),
                "persistentvolumeclaims": count(quota.pods + 1),
                # A driver's Service is headless: no pod of a team is reachable from outside.
                "services.loadbalancers": "0",
                "services.nodeports": "0",
            }
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
            "scope_selector": {
                "match_expressions": [
                    {
                        "scope_name": "PriorityClass",
                        "operator": "In",
                        "values": list(SYSTEM_CLASSES),
                    }
                ]
            },
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
