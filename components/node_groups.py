"""Managed node groups: launch template, node role, and the system node group."""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import pulumi
import pulumi_aws as aws

from components.ami_release import check_group_release
from components.base import Problems, Settings, below
from components.cloud import Cloud
from components.cluster import Cluster
from components.context import Context
from components.formats import Text, entries, whole
from components.identity import IamRole, Statement, service_trust
from components.instances import Arch, InstanceType, arch_of
from components.names import POOL_LABEL, SYSTEM_POOL, SYSTEM_TAINT
from components.pools import NodeOs

_NODE_POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
)
_AMI_TYPES: Mapping[tuple[NodeOs, Arch], str] = {
    ("al2023", "arm64"): "AL2023_ARM_64_STANDARD",
    ("al2023", "amd64"): "AL2023_x86_64_STANDARD",
    ("bottlerocket", "arm64"): "BOTTLEROCKET_ARM_64",
    ("bottlerocket", "amd64"): "BOTTLEROCKET_x86_64",
}

GROUP_TYPES = 20
"""Instance types of a node group: docs.aws.amazon.com/eks/latest/APIReference/
API_CreateNodegroup.html."""
GROUP_NODES = 450
"""Nodes that EKS allows in one managed node group, unless AWS raised the quota:
docs.aws.amazon.com/eks/latest/userguide/service-quotas.html."""


class SystemNodesSettings(Settings):
    """`systemNodes`: On-Demand nodes for the platform's own pods only."""

    create: bool = True
    """False if an existing cluster has nodes for these pods."""
    os: NodeOs = "al2023"
    """Operating system."""
    instance_types: Annotated[list[InstanceType], entries(1, GROUP_TYPES)] = [
        "r7g.large",
        "r6g.large",
    ]
    """Types of one processor, in order of preference; each must hold the platform's pods."""
    min_size: Annotated[int, whole(2, GROUP_NODES)] = 2
    """At least two: replicas of Karpenter and CoreDNS run on different nodes and zones."""
    max_size: Annotated[int, whole(2, GROUP_NODES)] = 4
    """Largest size that the group can be given by hand; the next change of its size ends it."""
    disk_gib: Annotated[int, whole(20, 1024)] = 50
    """Disk for images and pods, in GiB."""
    ami_release: Text | None = None
    """Release of the node group's image (for example 1.35.2-20260724); default: the newest when
    the group is created, without later changes."""

    def problems(self) -> Problems:
        if not self.create:
            yield from self.without_effect("with create: false", but=["create"])
        if self.max_size < self.min_size:
            yield "maxSize", f"{self.max_size} is below minSize {self.min_size}"
        if len({arch_of(kind.partition(".")[0]) for kind in self.instance_types}) > 1:
            yield "instanceTypes", "mixes arm64 and amd64: a group has one processor"


class NodeRole(IamRole):
    """The IAM role of nodes: join the cluster, pull images, Session Manager.

    `statements` are the permissions that the mount needs, `pulls` those to fill the cache of
    images. In an existing cluster pod networking may
    use the nodes' role, so the role gets its permissions, too.
    """

    def __init__(
        self,
        name: str,
        *,
        cloud: Cloud,
        cluster: Cluster,
        statements: Sequence[Statement] = (),
        pulls: Sequence[Statement] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        policies = {"read-jars": statements, "fill-cache": pulls}
        networking = () if cluster.created else ("AmazonEKS_CNI_Policy",)
        super().__init__(
            f"{name}-node",
            trust=service_trust(f"ec2.{cloud.dns_suffix}"),
            cloud=cloud,
            policies={short: found for short, found in policies.items() if found},
            managed_policies=[*_NODE_POLICIES, *networking],
            kind="NodeRole",
            opts=opts,
        )


def create_launch_template(
    name: str,
    *,
    context: Context,
    os: NodeOs,
    disk_gib: int,
    disk_speed: Mapping[str, int] | None = None,
    metadata_hop_limit: int = 1,
    user_data: pulumi.Output[str] | None = None,
    node_name: str,
    opts: pulumi.ResourceOptions,
) -> aws.ec2.LaunchTemplate:
    """A template without an image id: EKS selects the image and merges its own user data.

    Source: docs.aws.amazon.com/eks/latest/userguide/launch-templates.html.
    """
    tags = {**context.cloud.tags, "Name": f"{context.cluster.name}-{node_name}"}
    return aws.ec2.LaunchTemplate(
        f"{name}-template",
        update_default_version=True,
        metadata_options={
            "http_tokens": "required",
            "http_endpoint": "enabled",
            "http_put_response_hop_limit": metadata_hop_limit,
        },
        block_device_mappings=[
            {
                "device_name": disk.device,
                "ebs": {
                    "volume_size": disk.gib,
                    "volume_type": "gp3",
                    "encrypted": "true",
                    "delete_on_termination": "true",
                    **((disk_speed or {}) if disk.holds_pods else {}),
                },
            }
            for disk in disks(os, disk_gib)
        ],
        # The provider's default tags do not apply to instances that the template launches.
        tag_specifications=[
            {"resource_type": kind, "tags": tags} for kind in ("instance", "volume")
        ],
        user_data=user_data.apply(lambda text: base64.b64encode(text.encode()).decode())
        if user_data is not None
        else None,
        opts=opts,
    )


class Disk(NamedTuple):
    """A node's volume: gp3, encrypted, deleted with the instance."""

    device: str
    gib: int
    holds_pods: bool = True
    """Whether images and pods are on it, not the system alone."""


def disks(os: NodeOs, disk_gib: int) -> list[Disk]:
    """The volumes of a node with `disk_gib` for images and pods.

    Bottlerocket has them on a second device.
    """
    if os == "bottlerocket":
        return [Disk("/dev/xvda", 4, holds_pods=False), Disk("/dev/xvdb", disk_gib)]
    return [Disk("/dev/xvda", disk_gib)]


def ami_type(os: NodeOs, arch: Arch) -> str:
    """EKS AMI type of this operating system and processor."""
    return _AMI_TYPES[os, arch]


class SystemNodes(pulumi.ComponentResource):
    """The system node group: On-Demand, tainted, in all zones of the network."""

    def __init__(
        self,
        name: str,
        settings: SystemNodesSettings,
        context: Context,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:nodes:SystemNodes", name, None, context.options(opts))
        own = pulumi.ResourceOptions(parent=self)
        role = NodeRole(
            name,
            cloud=context.cloud,
            cluster=context.cluster,
            pulls=context.images.node_statements,
            opts=own,
        )
        template = create_launch_template(
            name,
            context=context,
            os=settings.os,
            disk_gib=settings.disk_gib,
            node_name="system",
            opts=own,
        )
        family = settings.instance_types[0].partition(".")[0]
        group = aws.eks.NodeGroup(
            f"{name}-group",
            cluster_name=context.cluster.name,
            node_group_name_prefix="system-",
            node_role_arn=role.arn,
            subnet_ids=context.network.private_subnet_ids,
            ami_type=ami_type(settings.os, arch_of(family)),
            release_version=settings.ami_release,
            version=context.cluster.version,
            capacity_type="ON_DEMAND",
            instance_types=list(settings.instance_types),
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            labels={POOL_LABEL: SYSTEM_POOL},
            taints=[{"key": SYSTEM_TAINT, "value": "true", "effect": "NO_SCHEDULE"}],
            scaling_config={
                "min_size": settings.min_size,
                "max_size": settings.max_size,
                "desired_size": settings.min_size,
            },
            update_config={"max_unavailable": 1},
            # No autoscaler sizes this group, so that its size follows `minSize`: EKS refuses a
            # minimum above the size that runs.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[context.cluster, *context.after, context.network, role],
            ),
        )
        self.register_outputs({"nodeGroupName": group.node_group_name})


def check_system_nodes(
    settings: SystemNodesSettings, *, cluster_given: bool, autoscaler: str
) -> Problems:
    """A new cluster and an autoscaler need system nodes."""
    if settings.create:
        return
    if not cluster_given:
        yield "systemNodes.create", "false leaves the new cluster without a node for CoreDNS"
    if autoscaler != "none":
        yield "systemNodes.create", f"false leaves {autoscaler} without nodes to run on"


def check_system_release(settings: SystemNodesSettings, version: str | None) -> Problems:
    """The release of the system nodes' image; `version` is the cluster's, None if not known."""
    if settings.create:
        release = check_group_release(settings.ami_release, settings.os, version)
        yield from below("systemNodes", release)
