"""Node level by user data: mount-s3 under systemd, mounted before kubelet starts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi

from components.jar_bucket import JarBucket
from components.mounts.base import Mount, NodePart
from components.mounts.settings import JarMountSettings
from components.names import JARS_LABEL, NODE_JARS_PATH
from userdata.render import MountFiles, MountLimits, MountSource, boot_script, mount_files


class NodeUserData(Mount):
    """The node role has the S3 permission: read-only, the JARs' prefix only."""

    def __init__(
        self,
        name: str,
        settings: JarMountSettings,
        jars: Mapping[str, JarBucket],
        *,
        region: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("NodeUserData", name, settings, jars, region=region, opts=opts)

    def node_part(self, jar_set: str) -> NodePart:
        files = node_files(
            self.jars[jar_set], self.settings, self.region, fence=f"{JARS_LABEL}={jar_set}"
        )
        return replace(super().node_part(jar_set), scripts=[files.apply(boot_script)])


def node_files(
    jars: JarBucket, settings: JarMountSettings, region: str, *, fence: str = ""
) -> pulumi.Output[MountFiles]:
    """The files that mount one set of JARs on a node, by user data or by the DaemonSet.

    `fence` is the node label that a failed mount removes.
    """
    node = settings.node
    limits = MountLimits(
        cache_mib=settings.cache_mib,
        wait_seconds=settings.wait_seconds,
        memory_mib=node.memory_mib,
        fill_seconds=node.fill_seconds,
        fill_releases=node.fill_releases,
    )

    def render(known: Sequence[str]) -> MountFiles:
        bucket, owner = known
        source = MountSource(
            bucket=bucket,
            prefix=jars.jars_prefix,
            region=region,
            owner=owner,
            version=node.mountpoint_version or "",
            flags=node.flags,
        )
        return mount_files(
            source, limits, parent=NODE_JARS_PATH, metrics_dir=node.metrics_dir, fence=fence
        )

    return pulumi.Output.all(jars.name, jars.owner).apply(render)
