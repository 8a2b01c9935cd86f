"""Pod level: the Mountpoint CSI driver as an EKS add-on, with a role of its own."""

from collections.abc import Mapping

import pulumi

from components.context import Context
from components.eks_addons import AddonVersions
from components.identity import ServiceAccountRole
from components.jar_bucket import JarBucket
from components.mounts.base import Mount, NodePart, Volume
from components.mounts.driver import DRIVER, NOT_READY, create_driver
from components.mounts.settings import JarMountSettings
from components.names import KUBE_SYSTEM


class PodLevel(Mount):
    """The driver has the S3 permission, not the node: one role, the JARs' prefixes only."""

    mode = "pod"

    def __init__(
        self,
        name: str,
        settings: JarMountSettings,
        jars: Mapping[str, JarBucket],
        *,
        region: str,
        versions: AddonVersions,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("PodLevel", name, settings, jars, region=region, opts=opts)
        self._versions = versions

    def node_part(self, jar_set: str) -> NodePart:
        return NodePart(startup_taints=[NOT_READY])

    def install(self, context: Context) -> None:
        own = pulumi.ResourceOptions(parent=self)
        role = ServiceAccountRole(
            f"{self._name}-driver",
            namespace=KUBE_SYSTEM,
            service_account="s3-csi-driver-sa",
            oidc=context.cluster.oidc,
            cloud=context.cloud,
            policies={
                "read-jars": [
                    statement
                    for jars in self.jars.values()
                    for statement in jars.read_statements(jars.prefix)
                ]
            },
            opts=own,
        )
        create_driver(self._name, self._versions, context, role=role, opts=own)
        self.register_outputs({"startupTaints": [NOT_READY.key]})

    def volume(self, jar_set: str) -> Volume:
        jars = self.jars[jar_set]
        return Volume(
            csi_driver=DRIVER,
            attributes={
                "bucketName": jars.name,
                "authenticationSource": "driver",
                # The driver limits the cache to 95 % of this.
                "cache": "emptyDir",
                "cacheEmptyDirSizeLimit": f"{self.settings.cache_mib}Mi",
            },
            mount_options=[
                "read-only",
                "allow-other",
                f"region {self.region}",
                f"prefix {jars.prefix}",
                pulumi.Output.concat("expected-bucket-owner ", jars.owner),
                # A release never changes, so its metadata stays valid; a new release is visible at
                # once, because negative results are not cached.
                "metadata-ttl indefinite",
                "negative-metadata-ttl minimal",
                "file-mode 0444",
                "dir-mode 0555",
            ],
        )
