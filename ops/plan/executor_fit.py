"""How many executors fit on a node, beside the node's own pods."""

import math
from dataclasses import dataclass

from components.names import JARS_CLAIM
from ops.plan.instances import InstanceType
from ops.plan.model import Plan
from ops.plan.node_capacity import NodeCapacity
from ops.plan.platform_pods import CPU, MEMORY, PODS, Amounts, agents
from ops.plan.quantity import GIB
from ops.plan.values import at

_DAEMON_CPU, _DAEMON_GIB = 0.25, 0.5
"""Assumed requests of a node's own pods: networking, kube-proxy, drivers of volumes."""
_WITH_ADDRESS, _ON_HOST = 1, 2
"""The EBS driver's pod; aws-node and kube-proxy are on the node's own network."""
_CSI_DRIVER = "s3.csi.aws.com"


@dataclass(frozen=True)
class OwnPods:
    """A node's own pods: how many have an address, how many there are, and what they request."""

    with_address: int
    count: int
    cpu: float
    memory_gib: float


def own_pods(agents: Amounts, *, by_claim: bool, claims: int) -> OwnPods:
    """Returns a node's own pods: `agents` are the stack's DaemonSets. `by_claim`: JARs are mounted
    by Mountpoint's CSI driver, which has a pod, and one for each of `claims`."""
    mounts = 1 + claims if by_claim else 0
    with_address = _WITH_ADDRESS + int(agents.get(PODS, 0)) + mounts
    return OwnPods(
        with_address,
        with_address + _ON_HOST,
        _DAEMON_CPU + float(agents.get(CPU, 0)),
        _DAEMON_GIB + float(agents.get(MEMORY, 0)) / GIB,
    )


def own_pods_of(plan: Plan, claims: int = 1) -> OwnPods:
    """Returns the own pods of a plan's nodes, with so many claims of JARs in use."""
    return own_pods(agent_amounts(plan), by_claim=bool(mounts_by_claim(plan)), claims=claims)


def agent_amounts(plan: Plan) -> Amounts:
    """Returns what the stack's own DaemonSets request on each node; nothing without one."""
    found = agents(plan)
    return found.amounts if found else {}


def room(nodes: NodeCapacity, of: InstanceType, own: OwnPods) -> tuple[float, float]:
    """vCPU and GiB of memory that a node has for executors."""
    memory = of.free_memory_gib(nodes.max_pods(of))
    return of.free_cpu() - own.cpu, memory - own.memory_gib


def fitting(
    nodes: NodeCapacity,
    of: InstanceType,
    own: OwnPods,
    *,
    cpu: float,
    memory_gib: float,
    disk_bytes: float,
) -> int:
    """How many executors of this size fit on one node: by vCPU, by memory, by its limit of pods,
    and by its disk where that is known."""
    free_cpu, free_gib = room(nodes, of, own)
    bounds = [
        math.floor(free_cpu / cpu),
        math.floor(free_gib / memory_gib),
        nodes.max_pods(of) - own.count,
    ]
    if disk := float(nodes.usable_disk(of)):
        bounds.append(math.floor(disk / disk_bytes))
    return max(0, min(bounds))


def mounts_by_claim(plan: Plan) -> bool | None:
    """Whether JARs are mounted by Mountpoint's CSI driver, for each claim; None without JARs."""
    volumes = [
        one.inputs["spec"]
        for one in plan.of_kind("PersistentVolume")
        if at(one.inputs, "spec.claimRef.name") == JARS_CLAIM
    ]
    if any(at(one, "csi.driver") == _CSI_DRIVER for one in volumes):
        return True
    return False if any("hostPath" in one for one in volumes) else None
