"""What a team may take: a quota of its namespace, and defaults for pods that ask for nothing."""

from collections.abc import Sequence
from typing import Annotated

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.base import Settings, child, count, quantity

QUOTA = "team"
SYSTEM_CLASSES = ("system-cluster-critical", "system-node-critical")

_CLAIM_GIB = 1
"""The claim on the JARs counts as this much, and as one claim."""


class QuotaSettings(Settings):
    """`spark.teams[].quota`: what all pods of the team may add up to."""

    cpu: Annotated[int, Field(ge=1)] = 64
    """vCPU that pods may request."""
    memory_gi_b: Annotated[int, Field(ge=1, alias="memoryGiB")] = 256
    """Memory in GiB, requested and as a limit."""
    pods: Annotated[int, Field(ge=2)] = 100
    """Pods that have not ended: drivers and executors."""
    storage_gi_b: Annotated[int, Field(ge=0, alias="storageGiB")] = 500
    """Volumes that executors may ask for, in GiB."""


def create_limits(
    name: str,
    parent: pulumi.Resource,
    *,
    namespace: str,
    quota: QuotaSettings,
    gangs: bool,
    after: Sequence[pulumi.Resource],
) -> None:
    """The quota, the refusal of the cluster's own priorities, and the defaults of a namespace.

    With `gangs` the queue holds the team to its quota, and the namespace's is twice that: an
    executor is there for a while together with the placeholder whose place it takes.
    """
    times = 2 if gangs else 1
    memory = quantity(quota.memory_gi_b * times * 1024)
    pods = quota.pods * times
    k8s.core.v1.ResourceQuota(
        f"{name}-quota",
        metadata={"name": QUOTA, "namespace": namespace},
        spec={
            "hard": {
                # No limits.cpu: a limit throttles an executor on a node that has time to spare,
                # and under contention the requests decide anyway.
                "requests.cpu": count(quota.cpu * times),
                "requests.memory": memory,
                "limits.memory": memory,
                "pods": count(pods),
                "requests.storage": quantity((quota.storage_gi_b + _CLAIM_GIB) * 1024),
                "persistentvolumeclaims": count(quota.pods + 1),
                # A driver's service is headless: nothing of a team is reachable from outside.
                "services.loadbalancers": "0",
                "services.nodeports": "0",
            }
        },
        opts=child(parent, depends_on=after),
    )
    # Any namespace may use these classes unless a quota says otherwise, and their pods push out
    # everybody else's: kubernetes.io/docs/concepts/policy/resource-quotas.
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
        opts=child(parent, depends_on=after),
    )
    k8s.core.v1.LimitRange(
        f"{name}-limits",
        metadata={"name": QUOTA, "namespace": namespace},
        spec={
            "limits": [
                {
                    # For init containers and helpers; Spark's own containers name all of it. No
                    # default for a CPU limit: it would be below what an executor requests.
                    "type": "Container",
                    "default_request": {"cpu": "100m", "memory": "256Mi"},
                    "default": {"memory": "256Mi"},
                }
            ]
        },
        opts=child(parent, depends_on=after),
    )
