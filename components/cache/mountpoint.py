"""The cache of kind `mountpoint`: volumes of the Mountpoint CSI driver over folders of data.

The driver mounts with the role of the pod's own service account (`authenticationSource: pod`), so
that a team reads what its role allows, whichever bucket the volume names:
github.com/awslabs/mountpoint-s3-csi-driver, docs/CONFIGURATION.md.
"""

import pulumi

from components.cache.settings import CachedBucket, CacheSettings, DataVolume
from components.context import Context
from components.eks_addons import AddonVersions
from components.mounts.base import Volume
from components.mounts.driver import DRIVER, NOT_READY, create_driver


class MountpointCache(pulumi.ComponentResource):
    """The CSI driver, unless the JARs' mount has it. It has no permission of its own."""

    def __init__(
        self,
        name: str,
        settings: CacheSettings,
        context: Context,
        *,
        has_driver: bool,
        region: str,
        versions: AddonVersions,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:cache:Mountpoint", name, None, context.options(opts))
        self._settings, self._region = settings, region
        if not has_driver:
            create_driver(name, versions, context, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"startupTaints": [] if has_driver else [NOT_READY.key]})

    def volume(self, entry: CachedBucket) -> DataVolume:
        """A team's volume over a folder."""
        bucket, _, prefix = entry.folder.partition("/")
        source = Volume(
            csi_driver=DRIVER,
            attributes={
                "bucketName": bucket,
                "authenticationSource": "pod",
                "stsRegion": self._region,
                # The driver limits the cache to 95 % of this.
                "cache": "emptyDir",
                "cacheEmptyDirSizeLimit": f"{self._settings.capacity_gib}Gi",
            },
            mount_options=[
                "read-only",
                "allow-other",
                f"region {self._region}",
                *([f"prefix {prefix}"] if prefix else []),
                f"metadata-ttl {self._settings.refresh_seconds}",
                "negative-metadata-ttl minimal",
                "file-mode 0444",
                "dir-mode 0555",
            ],
        )
        return DataVolume(entry, source)
