"""What starting N executors at once requires of nodes, network, EC2, S3 and the API server."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ops.capacity import quotas
from ops.capacity.dns import FORWARDED, QUERIES, ClusterDns
from ops.capacity.measured import Method, Per
from ops.capacity.network import PodNetworking
from ops.capacity.registries import Registry, pull_figures
from ops.plan.executor_fit import OwnPods, fitting, own_pods
from ops.plan.instances import InstanceType
from ops.plan.local_disk import margin
from ops.plan.node_capacity import NodeCapacity
from ops.plan.platform_pods import Amounts
from ops.plan.quantity import GIB

DOWNLOADS_AT_ONCE = 3
"""Layers of an image that containerd fetches at once (max_concurrent_downloads)."""
FLEET_BATCH = 1000
"""Nodes that Karpenter requests in one CreateFleet call, if needed within a second
(github.com/aws/karpenter-provider-aws pkg/batcher/createfleet.go)."""
OBJECTS_PER_NODE = 4
"""Node, Lease, CSINode and CNINode."""
OBJECTS_PER_APPLICATION = 5
"""SparkApplication, Service, EndpointSlice and the driver's two ConfigMaps."""


@dataclass(frozen=True)
class Executor:
    """What one executor requests of a node, overhead included; `disk_gib` limits its local disk,
    which is a volume of its own if it `claims` one."""

    cpu: float
    memory_gib: float
    disk_gib: float = 5
    claims: bool = False

    @property
    def local_gib(self) -> float:
        """What its volumes may take of the node's disk."""
        return 0 if self.claims else self.disk_gib

    @property
    def disk_bytes(self) -> float:
        """Its request of the node's disk, as `make job` writes it."""
        return self.local_gib * GIB + margin(math.ceil(self.cpu))


@dataclass(frozen=True)
class Platform:
    """The figures that are the same for all node types.

    `claims` is how many claims on JARs the executors of one node use at once; `nat` is 0 where the
    plan creates no NAT gateway, `dns` None where it creates no cluster DNS.
    """

    networking: PodNetworking
    method: Method | None
    agents: Amounts
    """What the stack's own DaemonSets ask for on each node."""
    claims: int
    nat: int
    karpenter: bool
    image_gib: float
    registry: Registry = Registry.other
    dns: ClusterDns | None = None
    cache_gib: float = 0
    """Size limit of one claim's JAR cache, in pod level."""
    node_cache_gib: float = 0
    """Of a node's copies of JARs and its cache, in node level."""
    reserved_attachments: int = 0
    """Attachments of each node that the EBS driver leaves free (storage.ebsCsi)."""


@dataclass(frozen=True)
class NodeFit:
    """Executors on nodes of one type, as many per node as fit."""

    nodes: NodeCapacity
    type: InstanceType
    per_node: int
    executor: Executor

    @property
    def name(self) -> str:
        return self.type.name


def node_pods(platform: Platform) -> OwnPods:
    """A node's own pods."""
    by_claim = platform.method is not None and platform.method.per is Per.claim
    return own_pods(platform.agents, by_claim=by_claim, claims=platform.claims)


def executors_per_node(
    nodes: NodeCapacity, of: InstanceType, executor: Executor, platform: Platform
) -> int:
    """How many executors fit on one node: by vCPU, by memory, by its limit of pods, by its disk
    where that is known, and by attachments if each claims a volume."""
    most = fitting(
        nodes,
        of,
        node_pods(platform),
        cpu=executor.cpu,
        memory_gib=executor.memory_gib,
        disk_bytes=executor.disk_bytes,
    )
    # More executors need more interfaces, which take attachments where both share them.
    while executor.claims and most and most > attachments(nodes, of, most, platform):
        most -= 1
    return most


def demand(executors: int, fit: NodeFit, platform: Platform) -> Mapping[str, float]:
    """What so many executors on this type need, by the key of its formula."""
    of, networking = fit.type, platform.networking
    nodes = math.ceil(executors / fit.per_node)
    own = node_pods(platform)
    with_address = fit.per_node + own.with_address
    pods = executors + 1 + nodes * own.count
    interfaces = networking.interfaces(of, with_address)
    # AssignPrivateIpAddresses: at least one call for each interface.
    calls = nodes * interfaces
    claims = platform.claims if platform.method and platform.method.per is Per.claim else 0
    found: dict[str, float] = {
        "nodes": nodes,
        "vcpus": nodes * of.vcpus,
        "pods": pods,
        "addresses": nodes * networking.addresses(of, with_address),
        "interfaces": nodes * interfaces,
        "usage-units": nodes * networking.usage_units(of, with_address),
        "volumes": nodes * len(fit.nodes.disks_gib),
        "disk-tib": nodes * sum(fit.nodes.disks_gib) / 1024,
        "launch-seconds": _beyond(nodes, quotas.LAUNCH_BURST.default, quotas.LAUNCH_REFILL),
        "address-calls": calls,
        "address-seconds": _beyond(
            calls, quotas.ADDRESS_CALLS.default, quotas.ADDRESS_CALLS_REFILL
        ),
        "objects": pods
        + nodes * (OBJECTS_PER_NODE + platform.karpenter + claims)
        + OBJECTS_PER_APPLICATION,
    }
    if fit.executor.claims:
        found["volumes"] += executors
        found["disk-tib"] += executors * fit.executor.disk_gib / 1024
        found["attach-seconds"] = executors / quotas.ATTACH_RATE
    if platform.karpenter:
        found["fleet-calls"] = math.ceil(nodes / FLEET_BATCH)
    if platform.method is not None:
        found |= s3(executors, nodes, platform.claims, platform.method)
    if platform.nat:
        found["nat-connections"] = math.ceil(nodes / platform.nat) * DOWNLOADS_AT_ONCE
        gib = nodes * platform.image_gib
        found["image-gib"] = gib
        found["nat-seconds"] = _seconds(gib, platform.nat * quotas.NAT_GBPS)
        found["nat-fastest-seconds"] = _seconds(gib, platform.nat * quotas.NAT_MOST_GBPS)
    found |= pull_figures(nodes, platform.registry, platform.nat, DOWNLOADS_AT_ONCE)
    if platform.dns is not None:
        found["dns-replicas"] = platform.dns.replicas(nodes, nodes * of.vcpus)
        found["dns-queries"] = executors * QUERIES
        found["dns-forwarded"] = executors * FORWARDED
    return found | disk(executors, fit, platform)


def disk(executors: int, fit: NodeFit, platform: Platform) -> dict[str, float]:
    """GiB that executors and caches may take of one node's disk, and the room; nothing where the
    disk is not known."""
    room = float(fit.nodes.usable_disk(fit.type) / GIB)
    if not room:
        return {}
    here = min(executors, fit.per_node)
    taken = (
        here * fit.executor.local_gib
        + platform.claims * platform.cache_gib
        + platform.node_cache_gib
    )
    return {"node-disk": taken, "node-disk-room": room}


def s3(executors: int, nodes: int, claims: int, method: Method) -> dict[str, float]:
    """Requests to S3 and their bytes when all executors start at the same moment."""
    starts = {Per.claim: nodes * claims, Per.node: nodes, Per.executor: executors}[method.per]
    requests = starts * method.requests
    return {
        "s3-requests": requests,
        "s3-rate": starts * method.rate,
        "s3-seconds": requests / quotas.S3_READS.default,
        "s3-gib": starts * method.megabytes * 1e6 / 2**30,
    }


def free_attachments(fit: NodeFit, platform: Platform) -> int:
    """Volumes that can still be attached to a node with as many executors as fit."""
    used = fit.per_node if fit.executor.claims else 0
    return attachments(fit.nodes, fit.type, fit.per_node, platform) - used


def attachments(nodes: NodeCapacity, of: InstanceType, executors: int, platform: Platform) -> int:
    """Volumes of claims that a node with so many executors takes: EC2's limit without the node's
    own volumes and, on types where both share it, without further network interfaces. EC2's figure
    already excludes the first interface and local disks.

    Source: docs.aws.amazon.com/AWSEC2/latest/UserGuide/volume_limits.html.
    """
    with_address = executors + node_pods(platform).with_address
    more = platform.networking.interfaces(of, with_address) - 1 if of.shared else 0
    own = max(len(nodes.disks_gib), platform.reserved_attachments)
    return max(0, of.attachments - own - more)


def _beyond(count: float, burst: float, refill: float) -> float:
    return max(0.0, count - burst) / refill


def _seconds(gib: float, gbps: float) -> float:
    return gib * 2**30 * 8 / (gbps * 1e9)
