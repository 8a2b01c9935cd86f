"""The three ways to mount JARs into pods; `create_mount` returns that of the stack."""

from collections.abc import Mapping, Sequence

import pulumi

from components.context import Context
from components.eks_addons import AddonVersions
from components.jar_bucket import JarBucket, JarBucketSettings
from components.mounts.base import Mount
from components.mounts.daemonset import NodeDaemonSet
from components.mounts.driver import NOT_READY
from components.mounts.pod_level import PodLevel
from components.mounts.settings import JarMountSettings
from components.mounts.userdata import NodeUserData
from components.names import SHARED_JARS
from components.pools import Pool

__all__ = ["JarMountSettings", "Mount", "create_jar_buckets", "create_mount"]


def create_mount(
    name: str,
    settings: JarMountSettings,
    jars: Mapping[str, JarBucket],
    *,
    region: str,
    versions: AddonVersions,
    awaits_driver: bool = False,
    opts: pulumi.ResourceOptions | None = None,
) -> Mount:
    """The mount that `jarMount` selects. With `awaits_driver` pods have volumes of Mountpoint's CSI
    driver also at node level: nodes wait for it."""
    if settings.level == "pod":
        return PodLevel(name, settings, jars, region=region, versions=versions, opts=opts)
    kind = NodeDaemonSet if settings.method == "daemonset" else NodeUserData
    mount = kind(name, settings, jars, region=region, opts=opts)
    mount.more_taints = [NOT_READY] if awaits_driver else []
    return mount


def create_jar_buckets(
    pools: Sequence[Pool], shared: JarBucketSettings, context: Context
) -> dict[str, JarBucket]:
    """Every set of JARs by name: the shared one, and one per pool with a bucket of its own."""
    buckets = {SHARED_JARS: shared}
    buckets |= {pool.jar_set: pool.jar_bucket for pool in pools if pool.jar_bucket is not None}
    return {
        name: JarBucket(
            name,
            settings,
            cloud=context.cloud,
            cluster_name=context.cluster.name,
            protect=context.protect,
            opts=context.options(),
        )
        for name, settings in buckets.items()
    }
