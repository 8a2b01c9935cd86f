"""Pod level: the Mountpoint CSI driver as an EKS add-on, with a role of its own."""

from collections.abc import Sequence

import pulumi

from components.addons import addon, on_system_nodes
from components.base import child
from components.identity import ServiceAccountRole
from components.jar_bucket import JarBucket
from components.mounts.contract import ClusterParts, Mount, NodePart, Taint, Volume
from components.pools import NodeShape

ADDON = "aws-mountpoint-s3-csi-driver"
DRIVER = "s3.csi.aws.com"
NOT_READY = Taint(f"{DRIVER}/agent-not-ready", "NoExecute")
"""The driver takes this taint away once it serves the node
(github.com/awslabs/mountpoint-s3-csi-driver, from 2.1)."""


class PodLevel(Mount):
    """The S3 permission is the driver's, not the node's: one role, the JARs' prefixes only."""

    @property
    def mode(self) -> str:
        return "pod"

    def node_part(self, jars: JarBucket, set_name: str, shape: NodeShape) -> NodePart:
        return NodePart(startup_taints=[NOT_READY])

    def install(self, name: str, parts: ClusterParts) -> Sequence[pulumi.Resource]:
        driver = pulumi.ComponentResource(
            "spark-on-eks:mounts:PodLevel",
            name,
            opts=pulumi.ResourceOptions(providers=[parts.cloud.provider, parts.cluster.kubernetes]),
        )
        role = ServiceAccountRole(
            f"{name}-driver",
            namespace="kube-system",
            service_account="s3-csi-driver-sa",
            oidc=parts.cluster.oidc,
            cloud=parts.cloud,
            policies={
                "read-jars": [
                    statement
                    for jars in parts.jars
                    for statement in jars.read_statements(jars.prefix)
                ]
            },
            opts=child(driver),
        )
        installed = addon(
            f"{name}-{ADDON}",
            ADDON,
            cluster=parts.cluster,
            versions=parts.versions,
            role=role,
            configuration={
                "controller": on_system_nodes(),
                # Spark's nodes are tainted, and every one of them mounts.
                "node": {"tolerateAllTaints": True},
            },
            opts=child(driver, depends_on=[*parts.after, *role.grants]),
        )
        driver.register_outputs({})
        return [installed]

    def volume(self, jars: JarBucket, set_name: str, handle: str) -> Volume:
        return Volume(
            csi={
                "driver": DRIVER,
                "volume_handle": handle,
                "volume_attributes": {
                    "bucketName": jars.name,
                    "authenticationSource": "driver",
                    # The driver keeps the cache 5 % below this.
                    "cache": "emptyDir",
                    "cacheEmptyDirSizeLimit": f"{self.settings.cache_mi_b}Mi",
                },
            },
            mount_options=[
                "read-only",
                "allow-other",
                f"region {self.region}",
                f"prefix {jars.prefix}",
                pulumi.Output.concat("expected-bucket-owner ", jars.owner),
                # Releases never change, so what was read stays true; a release that is new is
                # seen at once, because what was missing is asked again.
                "metadata-ttl indefinite",
                "negative-metadata-ttl minimal",
                "file-mode 0444",
                "dir-mode 0555",
            ],
        )
