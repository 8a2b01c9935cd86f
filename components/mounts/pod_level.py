"""Pod level: the Mountpoint CSI driver as an EKS add-on, with a role of its own."""

from collections.abc import Mapping

import pulumi

from components.context import Context
from components.eks_addons import AddonVersions, EksAddons, system_placement
from components.identity import ServiceAccountRole
from components.jar_bucket import JarBucket
from components.mounts.base import Mount, NodePart, Taint, Volume
from components.mounts.settings import JarMountSettings
from components.names import KUBE_SYSTEM
from components.workloads import Workload

ADDON = "aws-mountpoint-s3-csi-driver"
DRIVER = "s3.csi.aws.com"
NOT_READY = Taint(f"{DRIVER}/agent-not-ready", "NoExecute")
"""The driver removes this taint once it serves the node
(github.com/awslabs/mountpoint-s3-csi-driver, since 2.1)."""


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
        addons = EksAddons(
            "MountpointDriver",
            self._name,
            self._versions,
            cloud=context.cloud,
            cluster=context.cluster,
            opts=own,
        )
        addons.create_addon(
            ADDON,
            [
                Workload("controller", values="controller"),
                Workload(
                    "node",
                    kind="DaemonSet",
                    # Three containers of 10m and 40Mi (values.yaml of its chart).
                    cpu="30m",
                    memory="120Mi",
                    tolerate_all="node.tolerateAllTaints",
                    removes_taint=NOT_READY.key,
                ),
            ],
            role=role,
            configuration={
                "controller": system_placement(),
                # Spark's nodes are tainted, and the driver must run on all of them.
                "node": {"tolerateAllTaints": True},
            },
            provides=[f"csi:{DRIVER}"],
            depends_on=context.after,
        )
        addons.register()
        self.register_outputs({"startupTaints": [NOT_READY.key]})

    def volume(self, jar_set: str, handle: str) -> Volume:
        jars = self.jars[jar_set]
        return Volume(
            csi={
                "driver": DRIVER,
                "volume_handle": handle,
                "volume_attributes": {
                    "bucketName": jars.name,
                    "authenticationSource": "driver",
                    # The driver limits the cache to 95 % of this.
                    "cache": "emptyDir",
                    "cacheEmptyDirSizeLimit": f"{self.settings.cache_mib}Mi",
                },
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
