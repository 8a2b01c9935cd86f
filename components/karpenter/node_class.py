"""EC2NodeClass: image, disks, role, network and user data of the nodes of one pool."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.mounts.base import NodePart
from components.node_groups import NodeRole, disks
from components.pools import NodeShape
from userdata.render import mime
from versions import AL2023_RELEASE, BOTTLEROCKET_RELEASE

API_VERSION = "karpenter.k8s.aws/v1"
_MAX_PODS = 110
"""Kubernetes' recommended maximum; with prefix delegation addresses are no limit."""


def image_alias(shape: NodeShape) -> str:
    """The pinned image as an alias that covers both processors: `al2023@v20260724`."""
    release = AL2023_RELEASE if shape.os == "al2023" else BOTTLEROCKET_RELEASE
    return f"{shape.os}@{shape.ami_release or release}"


def create_node_class(
    name: str,
    class_name: str,
    shape: NodeShape,
    *,
    context: Context,
    role: NodeRole,
    node_part: NodePart,
    opts: pulumi.ResourceOptions,
) -> k8s.apiextensions.CustomResource:
    """The EC2NodeClass `class_name`. Any change drifts its nodes, within their budgets."""
    spec: dict[str, Any] = {
        "amiSelectorTerms": [{"alias": image_alias(shape)}],
        "role": role.role_name,
        # By id: a tag on another subnet or security group selects nothing.
        "subnetSelectorTerms": [{"id": subnet} for subnet in context.network.private_subnet_ids],
        "securityGroupSelectorTerms": [{"id": context.cluster.security_group_id}],
        "associatePublicIPAddress": False,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": node_part.metadata_hop_limit,
            "httpTokens": "required",
        },
        "blockDeviceMappings": [
            {
                "deviceName": disk.device,
                "ebs": {
                    "volumeSize": f"{disk.gib}Gi",
                    "volumeType": "gp3",
                    "encrypted": True,
                    "deleteOnTermination": True,
                    **(shape.disk_speed if disk.holds_pods else {}),
                },
            }
            for disk in disks(shape.os, shape.disk_gib)
        ],
        "kubelet": {"maxPods": _MAX_PODS},
        # Karpenter itself adds names of cluster and NodePool.
        "tags": dict(context.cloud.tags),
    }
    if shape.uses_instance_store:
        spec["instanceStorePolicy"] = "RAID0"
    if node_part.scripts:
        spec["userData"] = pulumi.Output.all(*node_part.scripts).apply(mime)
    return k8s.apiextensions.CustomResource(
        name,
        api_version=API_VERSION,
        kind="EC2NodeClass",
        metadata={"name": class_name},
        spec=spec,
        opts=opts,
    )
