"""Node level by user data: mount-s3 under systemd, mounted before kubelet starts."""

from collections.abc import Sequence

import pulumi

from components.jar_bucket import JarBucket
from components.mounts.contract import (
    NODE_PARENT,
    ClusterParts,
    JarMountSettings,
    Mount,
    NodePart,
    Volume,
    jars_label,
    node_volume,
)
from components.pools import NodeShape
from userdata.render import MountFiles, MountLimits, MountSource, boot_script, mount_files


class NodeUserData(Mount):
    """The S3 permission is the node role's: read-only, the JARs' prefix only."""

    @property
    def mode(self) -> str:
        return "node"

    def node_part(self, jars: JarBucket, set_name: str, shape: NodeShape) -> NodePart:
        ((key, value),) = jars_label(set_name).items()
        label = f"{key}={value}"
        return NodePart(
            scripts=[files_of(jars, self.settings, self.region, fence=label).apply(boot_script)],
            statements=jars.read_statements(jars.jars_prefix),
            labels=jars_label(set_name),
        )

    def install(self, name: str, parts: ClusterParts) -> Sequence[pulumi.Resource]:
        return []

    def volume(self, jars: JarBucket, set_name: str, handle: str) -> Volume:
        return node_volume(jars_label(set_name))


def files_of(
    jars: JarBucket, settings: JarMountSettings, region: str, *, fence: str = ""
) -> pulumi.Output[MountFiles]:
    """The files that mount one set of JARs on a node, whichever door they come in by."""
    node = settings.node
    limits = MountLimits(
        cache_mib=settings.cache_mi_b,
        wait_seconds=settings.wait_seconds,
        memory_mib=node.memory_mi_b,
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
            source, limits, parent=NODE_PARENT, metrics_dir=node.metrics_dir, fence=fence
        )

    return pulumi.Output.all(jars.name, jars.owner).apply(render)
