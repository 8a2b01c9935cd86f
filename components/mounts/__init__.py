"""The three ways to mount JARs into pods; `create_mount` returns that of the stack."""

from collections.abc import Mapping, Sequence

import pulumi

from components.context import Context
from components.eks_addons import AddonVersions
from components.jar_bucket import JarBucket, JarBucketSettings
from components.mounts.base import Mount
from components.mounts.daemonset import NodeDaemonSet
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
    opts: pulumi.ResourceOptions | None = None,
) -> Mount:
    """The mount that `jarMount` selects."""
    if settings.level == "pod":
        return PodLevel(name, settings, jars, region=region, versions=versions, opts=opts)
    if settings.method == "daemonset":
        return NodeDaemonSet(name, settings, jars, region=region, opts=opts)
    return NodeUserData(name, settings, jars, region=region, opts=opts)


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
