"""How many executors fit on a node, beside the node's own pods."""

import math

from ops.plan.instances import InstanceType
from ops.plan.model import Plan
from ops.plan.node_capacity import NodeCapacity
from ops.plan.values import at
from ops.plan.workloads import pods

DAEMON_CPU, DAEMON_GIB = 0.25, 0.5
"""Assumed requests of a node's own pods: networking, kube-proxy, drivers of volumes."""
DAEMONS_WITH_ADDRESS, DAEMONS_ON_HOST = 1, 2
"""The EBS driver's pod; aws-node and kube-proxy are on the node's own network."""
_CSI_DRIVER = "s3.csi.aws.com"


def room(nodes: NodeCapacity, of: InstanceType) -> tuple[float, float]:
    """vCPU and GiB of memory that a node has for executors."""
    memory = of.free_memory_gib(nodes.max_pods(of))
    return of.free_cpu() - DAEMON_CPU, memory - DAEMON_GIB


def fitting(
    nodes: NodeCapacity,
    of: InstanceType,
    *,
    cpu: float,
    memory_gib: float,
    disk_bytes: float,
    daemons: int,
) -> int:
    """How many executors of this size fit on one node: by vCPU, by memory, by its limit of pods,
    and by its disk where that is known. `daemons` are the node's own pods."""
    free_cpu, free_gib = room(nodes, of)
    bounds = [
        math.floor(free_cpu / cpu),
        math.floor(free_gib / memory_gib),
        nodes.max_pods(of) - daemons,
    ]
    if disk := float(nodes.usable_disk(of)):
        bounds.append(math.floor(disk / disk_bytes))
    return max(0, min(bounds))


def mounts_by_claim(plan: Plan) -> bool | None:
    """Whether JARs are mounted by Mountpoint's CSI driver, for each claim; None without JARs."""
    volumes = [one.inputs["spec"] for one in plan.of_kind("PersistentVolume")]
    if any(at(one, "csi.driver") == _CSI_DRIVER for one in volumes):
        return True
    return False if any("hostPath" in one for one in volumes) else None


def mount_pods(by_claim: bool | None, has_daemon: bool, claims: int) -> int:
    """Pods of a node that mount JARs for `claims`: the driver's and Mountpoint's own for each
    claim, or a DaemonSet's."""
    return 1 + claims if by_claim else int(has_daemon)


def has_mount_daemon(plan: Plan) -> bool:
    """Whether a DaemonSet of the stack mounts JARs."""
    return any(pod.kind == "DaemonSet" for pod in pods(plan))


def daemon_pods(plan: Plan, claims: int = 1) -> int:
    """A node's own pods, with JARs for so many claims."""
    mounts = mount_pods(mounts_by_claim(plan), has_mount_daemon(plan), claims)
    return DAEMONS_WITH_ADDRESS + DAEMONS_ON_HOST + mounts
