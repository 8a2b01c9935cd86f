"""The contract of a mount: what it asks of nodes, what it puts in the cluster, how a claim binds.

A job never knows which mount it is on: it claims `spark-jars` of its namespace, mounts it at
`/mnt/s3`, and finds `/mnt/s3/jars/<release>/x.jar`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field, field_validator, model_validator

from components.addons import AddonVersions
from components.base import Settings
from components.cloud import Cloud
from components.cluster import Cluster
from components.identity import Statement
from components.jar_bucket import JarBucket
from components.pools import JARS_LABEL, NodeShape

CLAIM = "spark-jars"
"""Name of the claim in every team's namespace."""

NODE_PARENT = "/mnt/spark-jars"
"""Folder on a node that pods get; the JARs are mounted below it, at `jars`. On the node it is a
link that is there only while the mount answers."""

OS_LABEL = "kubernetes.io/os"
COMPUTE_LABEL, AUTO_MODE = "eks.amazonaws.com/compute-type", "auto"
"""Nodes of EKS Auto Mode: docs.aws.amazon.com/eks/latest/userguide/associate-workload.html."""

_FLAGS = (
    r"^--((dual-stack|force-path-style|log-metrics|requester-pays|debug)"
    r"|(endpoint-url|maximum-throughput-gbps|max-threads|read-part-size|otlp-endpoint"
    r"|otlp-export-interval|ca-bundle)=[\w.:/-]+)$"
)
"""Flags that may be set: those that the mount's promises do not depend on."""


class DaemonSetSettings(Settings):
    """`jarMount.daemonset`: the nodes that run already."""

    node_selector: dict[str, str] = {}
    """Labels of the given nodes that run Spark; without labels, every Linux node."""
    node_roles: list[Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,64}$")]] = []
    """Names of the given nodes' IAM roles: each gets the right to read the JARs' prefix."""
    check_seconds: Annotated[int, Field(ge=5, le=3600)] = 60
    """How often the mount is looked at."""

    @field_validator("node_selector")
    @classmethod
    def _nodes_that_can_mount(cls, value: dict[str, str]) -> dict[str, str]:
        for key, allowed, nodes in (
            (COMPUTE_LABEL, value.get(COMPUTE_LABEL) != AUTO_MODE, "EKS Auto Mode nodes"),
            (OS_LABEL, value.get(OS_LABEL, "linux") == "linux", "nodes that do not run Linux"),
        ):
            if not allowed:
                raise ValueError(
                    f"{key}: {value[key]} selects {nodes}, which cannot mount JARs at node level; "
                    "select others, or use jarMount.level: pod"
                )
        return value


class NodeMountSettings(Settings):
    """`jarMount.node`: mount-s3 on a node, by either method."""

    memory_mi_b: Annotated[int, Field(ge=1024, alias="memoryMiB")] = 1024
    """Memory that systemd allows mount-s3, in MiB; half of it is what mount-s3 aims at. 70 to
    590 MiB were measured."""
    fill_releases: Annotated[int, Field(ge=1, le=20)] = 2
    """The newest releases, which a node reads into its cache before a job asks for them."""
    fill_seconds: Annotated[int, Field(ge=10, le=1800)] = 120
    """How long reading one release may take."""
    mountpoint_version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")] | None = None
    """A release of Mountpoint, from its own site, its signature checked. Without it the package
    of the machine image's repository, which the image pins."""
    flags: list[Annotated[str, Field(pattern=_FLAGS)]] = []
    """Further flags of mount-s3, as --flag or --flag=value."""
    metrics_dir: Annotated[str, Field(pattern=r"^/[\w./-]+$")] = (
        "/var/lib/node_exporter/textfile_collector"
    )
    """Folder that node-exporter's textfile collector reads."""


class JarMountSettings(Settings):
    """`jarMount`: where the JARs are mounted."""

    level: Literal["pod", "node"] = "pod"
    """By the Mountpoint CSI driver for pods, or once on each node."""
    method: Literal["userdata", "daemonset"] = "userdata"
    """In node level: at boot from user data, or by a DaemonSet on nodes that run already."""
    cache_mi_b: Annotated[int, Field(ge=512, alias="cacheMiB")] = 10240
    """Disk for the cache, in MiB. Take 1.25 times the JARs in use, twice that while two releases
    are live: a cache that is too small reads everything again for each start."""
    wait_seconds: Annotated[int, Field(ge=30, le=1800)] = 300
    """How long a booting node waits for its mount before it is given up."""
    daemonset: DaemonSetSettings = DaemonSetSettings()
    """With `method: daemonset`."""
    node: NodeMountSettings = NodeMountSettings()
    """With `level: node`."""

    @model_validator(mode="after")
    def _pods_need_no_node(self) -> "JarMountSettings":
        if self.node != NodeMountSettings() and self.level != "node":
            raise ValueError("node has an effect only with level: node")
        return self

    @model_validator(mode="after")
    def _given_nodes_need_daemonset(self) -> "JarMountSettings":
        if self.daemonset != DaemonSetSettings() and not (
            self.level == "node" and self.method == "daemonset"
        ):
            raise ValueError("daemonset has an effect only with level: node, method: daemonset")
        return self


@dataclass(frozen=True)
class Taint:
    """A taint that a node carries until something on it is ready."""

    key: str
    effect: Literal["NoSchedule", "NoExecute"]


@dataclass(frozen=True)
class NodePart:
    """What a mount asks of a node that runs Spark; pure data, known before any node exists."""

    scripts: Sequence[pulumi.Output[str]] = ()
    """Shell scripts for the node's user data."""
    startup_taints: Sequence[Taint] = ()
    statements: Sequence[Statement] = ()
    """Rights of the node's role."""
    labels: Mapping[str, str] = field(default_factory=dict)
    metadata_hop_limit: int = 1
    """Hops to the instance metadata service. 1: no pod reaches the node's role; what mounts
    either runs on the host itself or has a role of its own."""


@dataclass(frozen=True)
class Volume:
    """What a persistent volume over one set of JARs is made of."""

    csi: k8s.core.v1.CSIPersistentVolumeSourceArgsDict | None = None
    host_path: k8s.core.v1.HostPathVolumeSourceArgsDict | None = None
    """The volume's source is one of the two."""
    mount_options: Sequence[pulumi.Input[str]] = ()
    node_labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the nodes where the volume is; none means everywhere."""


@dataclass(frozen=True)
class ClusterParts:
    """What the mount's part in the cluster stands on."""

    cloud: Cloud
    cluster: Cluster
    versions: AddonVersions
    jars: Sequence[JarBucket]
    """Every set of JARs of the stack."""
    after: Sequence[pulumi.Resource]
    """What must run before a pod of the mount can."""


class Mount(ABC):
    """One way to mount the JARs."""

    def __init__(self, settings: JarMountSettings, region: str) -> None:
        self.settings = settings
        self.region = region

    @property
    @abstractmethod
    def mode(self) -> str:
        """Part of the volumes' names: another level makes other volumes."""

    @abstractmethod
    def node_part(self, jars: JarBucket, set_name: str, shape: NodeShape) -> NodePart:
        """What nodes ask that run pods which claim this set of JARs."""

    @abstractmethod
    def install(self, name: str, parts: ClusterParts) -> Sequence[pulumi.Resource]:
        """Puts the mount's part in the cluster; returns what volumes depend on."""

    @abstractmethod
    def volume(self, jars: JarBucket, set_name: str, handle: str) -> Volume:
        """The volume over one set of JARs; `handle` is unique in the cluster."""


def node_volume(labels: Mapping[str, str]) -> Volume:
    """The volume over the node's folder. kubelet looks whether it is there (following the link) and
    keeps the pod waiting until it is: pkg/volume/hostpath of Kubernetes."""
    return Volume(
        host_path={"path": NODE_PARENT, "type": "Directory"},
        node_labels=labels,
    )


def jars_label(set_name: str) -> dict[str, str]:
    """The label of nodes that mount this set of JARs."""
    return {JARS_LABEL: set_name}
