"""The platform's own pods on system nodes, from charts, add-ons and manifests of a plan."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ops.plan import quantity
from ops.plan.model import Plan, Resource
from ops.plan.nodes import NodeSet
from ops.plan.packages import Package, Workload, packages
from ops.plan.scheduling import can_run_on
from ops.plan.values import UNKNOWN, at, mapping, mappings
from ops.plan.workloads import Pod, pods

CPU, MEMORY, PODS, DISK = "vCPU", "memory", "pods", "disk"
Amounts = Mapping[str, Fraction]
"""vCPU, bytes of memory, pods, and bytes of `emptyDir` volumes at their size limits."""


@dataclass(frozen=True)
class PodGroup:
    """The equal pods of one workload."""

    name: str
    resource: Resource
    amounts: Amounts
    """Of one pod."""
    replicas: int
    every_node: bool = False
    """A DaemonSet: one pod on each node."""
    one_per_node: bool = False
    """Its replicas never share a node."""


@dataclass(frozen=True)
class ClusterSize:
    """Nodes of a cluster and their vCPU: what some add-ons scale with."""

    nodes: int
    vcpus: int


def platform_pods(plan: Plan, system: NodeSet, size: ClusterSize) -> list[PodGroup]:
    """The pods that run on a system node group, in a cluster of this size.

    Jobs are left out: they end. A request that no package and no value sets is 0, as it is for the
    scheduler.
    """
    found = [
        _of_package(package, workload, size)
        for package in packages(plan)
        for workload in package.workloads
        if package.values != UNKNOWN and workload.kind != "Job"
    ]
    return [*found, *_of_manifests(plan, system)]


def agents(plan: Plan) -> PodGroup | None:
    """The stack's own DaemonSets as one pod on each node: their number and requests; None without
    one. Those of packages are not among them."""
    found = [pod for pod in pods(plan) if pod.kind == "DaemonSet"]
    if not found:
        return None
    amounts = {
        CPU: sum((_requested(pod, "cpu") for pod in found), Fraction(0)),
        MEMORY: sum((_requested(pod, "memory") for pod in found), Fraction(0)),
        PODS: Fraction(len(found)),
    }
    return PodGroup("agents", found[0].resource, amounts, len(found), every_node=True)


def wanted_replicas(package: Package, workload: Workload, size: ClusterSize) -> int:
    """Replicas that a package asks for in a cluster of this size, without its own maximum."""
    least = _whole(package.at(workload.replicas)) if workload.replicas else 1
    if not workload.max_replicas:
        return least
    by_nodes = math.ceil(size.nodes / int(workload.nodes_per_replica))
    by_cores = math.ceil(size.vcpus / int(workload.cores_per_replica))
    return max(least, by_nodes, by_cores)


def _of_package(package: Package, workload: Workload, size: ClusterSize) -> PodGroup:
    replicas = wanted_replicas(package, workload, size)
    if workload.max_replicas:
        replicas = min(replicas, _whole(package.at(workload.max_replicas)))
    asked = [mapping(package.at(path), "requests") for path in workload.containers] or [{}]
    name = package.name if package.name == workload.name else f"{package.name} {workload.name}"
    return PodGroup(
        name=name,
        resource=package.resource,
        amounts={
            CPU: sum((_parsed(one.get("cpu", workload.cpu)) for one in asked), Fraction(0)),
            MEMORY: sum(
                (_parsed(one.get("memory", workload.memory)) for one in asked), Fraction(0)
            ),
            PODS: Fraction(1),
            DISK: Fraction(0),
        },
        replicas=replicas,
        every_node=workload.kind == "DaemonSet",
        one_per_node=bool(workload.one_per_node),
    )


def _of_manifests(plan: Plan, system: NodeSet) -> Iterator[PodGroup]:
    for pod in pods(plan):
        if pod.kind not in ("Job", "CronJob", "PodTemplate") and can_run_on(pod.spec, system):
            amounts = {
                CPU: _requested(pod, "cpu"),
                MEMORY: _requested(pod, "memory"),
                PODS: Fraction(1),
                DISK: size_limits(pod.spec),
            }
            every_node = pod.kind == "DaemonSet"
            yield PodGroup(pod.resource.name, pod.resource, amounts, pod.replicas, every_node)


def size_limits(spec: Mapping[str, Any]) -> Fraction:
    """Bytes of a pod's `emptyDir` volumes on disk, each at its size limit; one without is 0."""
    limits = [
        at(volume, "emptyDir.sizeLimit")
        for volume in mappings(spec.get("volumes"))
        if at(volume, "emptyDir.medium") != "Memory"
    ]
    return sum((_parsed(one) for one in limits), Fraction(0))


def _requested(pod: Pod, resource: str) -> Fraction:
    """The scheduler's amount: the sum of the containers, or the largest init container."""

    def amounts(key: str) -> list[Fraction]:
        containers = mappings(pod.spec.get(key))
        return [_parsed(at(one, f"resources.requests.{resource}")) for one in containers]

    return max(sum(amounts("containers"), Fraction(0)), *amounts("initContainers"), Fraction(0))


def _parsed(value: Any) -> Fraction:
    try:
        return quantity.parse(value or 0)
    except ValueError:
        # An engine's first preview does not know it.
        return Fraction(0)


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 1
