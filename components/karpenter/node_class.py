"""EC2NodeClass: image, disks, role, network and user data of the nodes of one pool."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.cloud import Cloud
from components.cluster import Cluster
from components.mounts.contract import NodePart
from components.network import Network
from components.node_groups import NodeRole, disks
from components.pools import NodeShape
from userdata.render import mime
from versions import AL2023_RELEASE, BOTTLEROCKET_RELEASE

API_VERSION = "karpenter.k8s.aws/v1"
_MAX_PODS = 110
"""With prefix delegation a node's addresses bound nothing: Kubernetes' own advice does."""


def image_alias(shape: NodeShape) -> str:
    """The pinned image, one alias for both processors: `al2023@v20260724`."""
    release = AL2023_RELEASE if shape.os == "al2023" else BOTTLEROCKET_RELEASE
    return f"{shape.os}@{shape.ami_release or release}"


def node_class(
    name: str,
    class_name: str,
    shape: NodeShape,
    *,
    cloud: Cloud,
    cluster: Cluster,
    network: Network,
    role: NodeRole,
    node_part: NodePart,
    opts: pulumi.ResourceOptions,
) -> k8s.apiextensions.CustomResource:
    """The EC2NodeClass `class_name`. Any change in it replaces the nodes under their budget."""
    spec: dict[str, Any] = {
        "amiSelectorTerms": [{"alias": image_alias(shape)}],
        "role": role.name,
        # By id: a tag that somebody adds elsewhere brings no new subnet in.
        "subnetSelectorTerms": [{"id": subnet} for subnet in network.private_subnet_ids],
        "securityGroupSelectorTerms": [{"id": cluster.security_group_id}],
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
                },
            }
            for disk in disks(shape.os, shape.disk_gi_b)
        ],
        "kubelet": {"maxPods": _MAX_PODS},
        # Karpenter names what it launches after the cluster and the pool itself.
        "tags": dict(cloud.tags),
    }
    if shape.has_local_disks:
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
