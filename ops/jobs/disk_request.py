"""A request for what a pod may write to its node's disk: the scheduler and Karpenter count it.

Spark has no key for it: only a pod template can request `ephemeral-storage`, which spark-submit
keeps beside its own requests (BasicDriverFeatureStep, BasicExecutorFeatureStep of Spark 4.0.4).
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ops.jobs.pods import CONTAINERS
from ops.jobs.spark_conf import ROLES
from ops.plan.local_disk import margin
from ops.plan.platform_pods import size_limits
from ops.plan.quantity import MIB

RESOURCE = "ephemeral-storage"
_TEMPLATES_SINCE = 3
"""First major version of Spark with pod templates."""


def amount(local: Fraction, cores: int) -> str:
    """The request for volumes that may hold `local` bytes."""
    return f"{math.ceil((local + margin(cores)) / MIB)}Mi"


def mounted(volumes: Sequence[Mapping[str, Any]], mounts: Sequence[Mapping[str, Any]]) -> Fraction:
    """Bytes that the local disks among the mounted volumes may hold."""
    names = {one["name"] for one in mounts}
    return size_limits({"volumes": [one for one in volumes if one["name"] in names]})


def container(role: str, request: str) -> dict[str, Any]:
    """Spark's container in a pod template of the role. A request and no limit: the volumes have
    limits, and a long log is no reason to evict an executor."""
    return {"name": CONTAINERS[role], "resources": {"requests": {RESOURCE: request}}}


def is_possible(spec: Mapping[str, Any]) -> bool:
    """Whether the pods of this application can have the request.

    Not below Spark 3, which has no pod templates; the operator's webhook takes no version for an
    old one. Nor in a gang: the operator's placeholders have CPU and memory only, and YuniKorn gives
    up a placeholder that is smaller than its pod (application.go of yunikorn-core 1.8.0).
    """
    version = str(spec.get("sparkVersion", "")).partition(".")[0]
    new = version.isdecimal() and int(version) >= _TEMPLATES_SINCE
    return new and spec.get("batchScheduler") != "yunikorn"


def add(spec: dict[str, Any]) -> None:
    """Gives both roles of an application's spec the request; it has its volumes already."""
    if not is_possible(spec):
        return
    for role in ROLES:
        mounts = spec[role]["volumeMounts"]
        request = amount(mounted(spec["volumes"], mounts), spec[role]["cores"])
        spec[role]["template"] = {"spec": {"containers": [container(role, request)]}}
