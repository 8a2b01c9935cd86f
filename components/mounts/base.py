"""Base of all mounts: requirements on nodes, and the volume of a claim.

A job does not depend on the mount: it uses the claim `spark-jars` of its namespace, mounts it at
`/mnt/s3`, and finds `/mnt/s3/jars/<release>/x.jar`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.identity import Statement
from components.jar_bucket import JarBucket
from components.mounts.settings import JarMountSettings
from components.names import JARS_LABEL, NODE_JARS_PATH


@dataclass(frozen=True)
class Taint:
    """A start-up taint: a node has it until something on it is ready."""

    key: str
    effect: Literal["NoSchedule", "NoExecute"]


EBS_TAINT = Taint("ebs.csi.aws.com/agent-not-ready", "NoExecute")
"""The EBS driver removes it from a node once it serves volumes there: a pod that comes before waits
for a volume that cannot be attached."""


@dataclass(frozen=True)
class NodePart:
    """What a mount needs of a Spark node: pure data, known before any node exists."""

    scripts: Sequence[pulumi.Output[str]] = ()
    """Shell scripts for the node's user data."""
    startup_taints: Sequence[Taint] = ()
    statements: Sequence[Statement] = ()
    """Permissions of the node's role."""
    labels: Mapping[str, str] = field(default_factory=dict)
    metadata_hop_limit: int = 1
    """Hops to the instance metadata service. With 1 pods cannot use the node's role; the mount runs
    on the host or has its own role."""

    def awaiting(self, taint: Taint | None) -> "NodePart":
        """The same with one more start-up taint, if there is one."""
        return replace(self, startup_taints=[*self.startup_taints, taint]) if taint else self


@dataclass(frozen=True)
class Volume:
    """Source of a PersistentVolume over one set of JARs."""

    csi_driver: str | None = None
    host_path: k8s.core.v1.HostPathVolumeSourceArgsDict | None = None
    """The volume's source is one of the two."""
    attributes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """For the CSI driver."""
    mount_options: Sequence[pulumi.Input[str]] = ()
    node_labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the nodes that have the volume; empty: all nodes."""


class Mount(pulumi.ComponentResource):
    """One way to mount the JARs, in two parts: pure data for nodes, which exist first, and what
    `install` creates in the cluster once it has system nodes."""

    mode: ClassVar[str] = "node"
    """Part of the volumes' names: another level creates other volumes."""

    def __init__(
        self,
        kind: str,
        name: str,
        settings: JarMountSettings,
        jars: Mapping[str, JarBucket],
        *,
        region: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`jars` are all sets of JARs of the stack, by name."""
        super().__init__(f"spark-on-eks:mounts:{kind}", name, None, opts)
        self._name = name
        self.settings = settings
        self.jars = jars
        self.region = region
        self.more_taints: Sequence[Taint] = ()
        """Start-up taints of what pods need on a node besides the JARs."""

    def node_part(self, jar_set: str) -> NodePart:
        """Requirements on nodes whose pods claim this set of JARs."""
        bucket = self.jars[jar_set]
        return NodePart(
            startup_taints=self.more_taints,
            statements=bucket.read_statements(bucket.jars_prefix),
            labels={JARS_LABEL: jar_set},
        )

    def install(self, context: Context) -> None:
        """Creates the part in the cluster, which volumes depend on. Call it once."""
        self.register_outputs({"nodeCacheMiB": self.settings.cache_mib})

    def volume(self, jar_set: str) -> Volume:
        """The volume over one set of JARs.

        Here it is the node's folder. kubelet checks that the folder exists and keeps the pod
        waiting until it does: pkg/volume/hostpath of Kubernetes.
        """
        return Volume(
            host_path={"path": NODE_JARS_PATH, "type": "Directory"},
            node_labels={JARS_LABEL: jar_set},
        )
