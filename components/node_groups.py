"""Managed node groups: the launch template all of them share, node roles, and the system group."""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator

from components.base import Settings, child
from components.cloud import Cloud
from components.cluster import Cluster
from components.identity import Statement, attach, service_trust
from components.instances import Arch, InstanceType, arch_of
from components.network import Network
from components.pools import POOL_LABEL, NodeOs

SYSTEM_LABELS: Mapping[str, str] = {POOL_LABEL: "system"}
SYSTEM_TAINT_KEY = "CriticalAddonsOnly"
"""Tolerated by EKS's own add-ons and by Karpenter as they come."""

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


class SystemNodesSettings(Settings):
    """`systemNodes`: On-Demand nodes where only the platform's own pods run."""

    create: bool = True
    """False where a given cluster has nodes for such pods, and nothing needs more of them."""
    os: NodeOs = "al2023"
    """Operating system."""
    instance_types: Annotated[list[InstanceType], Field(min_length=1)] = ["m7g.large", "m6g.large"]
    """Types of one processor, tried in this order."""
    min_size: Annotated[int, Field(ge=2)] = 2
    """At least two: Karpenter's and CoreDNS' replicas run on different nodes and zones."""
    max_size: Annotated[int, Field(ge=2)] = 4
    """At most."""
    disk_gi_b: Annotated[int, Field(ge=20, le=1024, alias="diskGiB")] = 50
    """Disk for images and pods, in GiB."""
    ami_release: str | None = None
    """Release of the node group's image (for example 1.35.2-20260724); without it the newest when
    the group is made, and no change after that."""

    @model_validator(mode="after")
    def _consistent(self) -> "SystemNodesSettings":
        if len({arch_of(kind.partition(".")[0]) for kind in self.instance_types}) > 1:
            raise ValueError("instanceTypes mixes arm64 and amd64: a group has one processor")
        if self.max_size < self.min_size:
            raise ValueError(f"maxSize {self.max_size} is below minSize {self.min_size}")
        return self


class NodeRole(pulumi.ComponentResource):
    """The IAM role of nodes: join the cluster, pull images, be reached by Session Manager.

    `statements` are what the mount asks for, and nothing else is added.
    """

    def __init__(
        self,
        name: str,
        *,
        cloud: Cloud,
        cluster_networking: bool,
        statements: Sequence[Statement] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:nodes:NodeRole", name, None, opts)
        role = aws.iam.Role(
            f"{name}-node",
            assume_role_policy=service_trust(f"ec2.{cloud.dns_suffix}"),
            opts=child(self),
        )
        networking = ("AmazonEKS_CNI_Policy",) if cluster_networking else ()
        self.grants: Sequence[pulumi.Resource] = attach(
            f"{name}-node",
            role,
            parent=self,
            cloud=cloud,
            policies={"read-jars": statements} if statements else {},
            managed_policies=[*_NODE_POLICIES, *networking],
        )
        self.arn: pulumi.Output[str] = role.arn
        self.name: pulumi.Output[str] = role.name
        self.register_outputs({"arn": self.arn})


def launch_template(
    name: str,
    *,
    parent: pulumi.Resource,
    cloud: Cloud,
    cluster: Cluster,
    os: NodeOs,
    disk_gib: int,
    metadata_hop_limit: int = 1,
    user_data: pulumi.Output[str] | None = None,
    node_name: str,
) -> aws.ec2.LaunchTemplate:
    """A template without an image: EKS chooses it and merges its own bootstrap part.

    Source: docs.aws.amazon.com/eks/latest/userguide/launch-templates.html.
    """
    tags = {**cloud.tags, "Name": f"{cluster.name}-{node_name}"}
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
                },
            }
            for disk in disks(os, disk_gib)
        ],
        # Default tags stop at the template: what it launches is tagged by the template itself.
        tag_specifications=[
            {"resource_type": kind, "tags": tags} for kind in ("instance", "volume")
        ],
        user_data=user_data.apply(lambda text: base64.b64encode(text.encode()).decode())
        if user_data is not None
        else None,
        opts=child(parent),
    )


class Disk(NamedTuple):
    """A node's volume: gp3, encrypted, gone with the instance."""

    device: str
    gib: int


def disks(os: NodeOs, disk_gib: int) -> list[Disk]:
    """The volumes of a node with `disk_gib` for images and pods.

    Bottlerocket keeps those on a second device, beside its own small one.
    """
    if os == "bottlerocket":
        return [Disk("/dev/xvda", 4), Disk("/dev/xvdb", disk_gib)]
    return [Disk("/dev/xvda", disk_gib)]


def ami_type(os: NodeOs, arch: Arch) -> str:
    """EKS' name for the image of this operating system and processor."""
    return _AMI_TYPES[os, arch]


class SystemNodes(pulumi.ComponentResource):
    """The system node group: On-Demand, tainted, spread over the network's zones."""

    def __init__(
        self,
        name: str,
        settings: SystemNodesSettings,
        *,
        cloud: Cloud,
        cluster: Cluster,
        network: Network,
        own_cluster: bool,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:nodes:SystemNodes", name, None, opts)
        role = NodeRole(name, cloud=cloud, cluster_networking=not own_cluster, opts=child(self))
        template = launch_template(
            name,
            parent=self,
            cloud=cloud,
            cluster=cluster,
            os=settings.os,
            disk_gib=settings.disk_gi_b,
            node_name="system",
        )
        family = settings.instance_types[0].partition(".")[0]
        group = aws.eks.NodeGroup(
            f"{name}-group",
            cluster_name=cluster.name,
            node_group_name_prefix="system-",
            node_role_arn=role.arn,
            subnet_ids=network.private_subnet_ids,
            ami_type=ami_type(settings.os, arch_of(family)),
            release_version=settings.ami_release,
            version=cluster.version,
            capacity_type="ON_DEMAND",
            instance_types=list(settings.instance_types),
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            labels=dict(SYSTEM_LABELS),
            taints=[{"key": SYSTEM_TAINT_KEY, "value": "true", "effect": "NO_SCHEDULE"}],
            scaling_config={
                "min_size": settings.min_size,
                "max_size": settings.max_size,
                "desired_size": settings.min_size,
            },
            update_config={"max_unavailable": 1},
            # Somebody may have scaled it by hand or by an autoscaler meanwhile.
            opts=child(
                self,
                depends_on=[cluster, *after, *network.egress, *role.grants],
                ignore_changes=["scalingConfig.desiredSize"],
            ),
        )
        self.ready: Sequence[pulumi.Resource] = [group]
        self.register_outputs({"nodeGroupName": group.node_group_name})
