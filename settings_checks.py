"""Checks that span components: combinations that no single setting can see."""

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from components.instances import series_of
from components.pools import DRIVERS, Pool
from components.spark.checks import Found, teams

if TYPE_CHECKING:
    from settings import StackSettings

_BUCKET_NAME_LIMIT = 63
_ACCOUNT_LENGTH = 12
_ADDRESSES_PER_NODE = 33
"""One for the node, and two /28 prefixes: one in use and one warm (WARM_PREFIX_TARGET)."""


class Problem(NamedTuple):
    """What is wrong with one key of a stack file."""

    key: str
    text: str


def cross_checks(settings: "StackSettings", region: str) -> list[Problem]:
    """Every combination in the settings that cannot work, with the way out."""
    found = (
        *_given_things(settings),
        *_pools(settings),
        *_mount(settings),
        *_autoscaler(settings),
        *_safety(settings),
        *_bucket_names(settings, region),
        *_addresses(settings),
        *teams(settings),
    )
    return [Problem(f"spark-on-eks:{key}", text) for key, text in found]


def _given_things(settings: "StackSettings") -> Found:
    network, cluster = settings.network, settings.cluster
    if network.existing is not None:
        for key in sorted(network.model_fields_set - {"existing"}):
            yield f"network.{key}", "has no effect beside network.existing; remove one of them"
    if cluster.existing and network.existing is None:
        yield "cluster.existing", "true needs network.existing: the cluster has a VPC already"
    if cluster.existing:
        allowed = {"name", "existing", "oidc_provider_arn"}
        for key in sorted(cluster.model_fields_set - allowed):
            alias = type(cluster).model_fields[key].alias
            yield f"cluster.{alias}", "has no effect on a given cluster; remove it"
    elif cluster.oidc_provider_arn is not None:
        yield "cluster.oidcProviderArn", "is for a given cluster only (cluster.existing: true)"
    if settings.system_nodes.create is False and not cluster.existing:
        yield "systemNodes.create", "false leaves the new cluster without a node for CoreDNS"


def _pools(settings: "StackSettings") -> Found:
    names = Counter(pool.name for pool in settings.pools)
    for index, pool in enumerate(settings.pools):
        key = f"pools[{index}]"
        if names[pool.name] > 1:
            yield f"{key}.name", f"'{pool.name}' is used twice"
        if pool.name in (DRIVERS, "system") or pool.name.endswith(f"-{DRIVERS}"):
            yield f"{key}.name", f"'{pool.name}' is the name of nodes that are not executors'"
        if not pool.tiers:
            yield f"{key}.families", "leave no rung of the ladder"
        if pool.smallest_vcpus > pool.limits.cpu:
            yield f"{key}.limits.cpu", f"{pool.limits.cpu} is below the smallest size's vCPU"
    zone = settings.drivers.zone
    if zone is not None and zone not in settings.network.zone_letters:
        zones = ", ".join(settings.network.zone_letters)
        yield "drivers.zone", f"'{zone}' is not one of the network's zones {zones}"
    if settings.autoscaler != "none" and not settings.pools:
        yield "pools", "is empty; set autoscaler: none where Spark runs on given nodes"


def _mount(settings: "StackSettings") -> Found:
    mount = settings.jar_mount
    if mount.level != "node":
        return
    shapes = {f"pools[{index}]": pool for index, pool in enumerate(settings.pools)}
    way_out = "use al2023, or jarMount.level: pod"
    if settings.autoscaler != "none":
        for key, shape in {**shapes, "drivers": settings.drivers}.items():
            if shape.os == "bottlerocket":
                yield f"{key}.os", f"'bottlerocket' cannot mount JARs at node level; {way_out}"
            if mount.cache_mi_b > shape.disk_gi_b * 1024 // 2:
                text = f"{mount.cache_mi_b} is over half of {key}.diskGiB ({shape.disk_gi_b} GiB)"
                yield "jarMount.cacheMiB", text
    if mount.method == "daemonset":
        for key, pool in shapes.items():
            if pool.jar_bucket is not None:
                text = "needs jarMount.level: pod or method: userdata; a DaemonSet mounts one set"
                yield f"{key}.jarBucket", text
    elif settings.autoscaler == "none":
        yield "jarMount.method", "'userdata' reaches no given node; use daemonset or level: pod"


def _autoscaler(settings: "StackSettings") -> Found:
    if settings.autoscaler == "none":
        if settings.pools:
            yield "pools", "have no effect with autoscaler: none; set pools: []"
        return
    if not settings.system_nodes.create:
        yield "systemNodes.create", f"false leaves {settings.autoscaler} without nodes to run on"
    if settings.autoscaler != "cluster-autoscaler":
        return
    shapes = {f"pools[{index}]": pool for index, pool in enumerate(settings.pools)}
    for key, shape in {**shapes, "drivers": settings.drivers}.items():
        if len(shape.sizes) > 1:
            text = "must be one size with cluster-autoscaler: it reckons with the first type only"
            yield f"{key}.sizes", text
        if len({series_of(family) for family in shape.families}) > 1:
            text = "must be of one series (m, r, c) with cluster-autoscaler, for one memory a vCPU"
            yield f"{key}.families", text


def _safety(settings: "StackSettings") -> Found:
    if not settings.cluster.deletion_protection:
        return
    buckets = {"jarBucket": settings.jar_bucket}
    for index, pool in enumerate(settings.pools):
        if pool.jar_bucket is not None:
            buckets[f"pools[{index}].jarBucket"] = pool.jar_bucket
    for key, bucket in buckets.items():
        if bucket.force_destroy:
            yield f"{key}.forceDestroy", "true contradicts cluster.deletionProtection: true"


def _bucket_names(settings: "StackSettings", region: str) -> Found:
    around = len(settings.cluster.name) + _ACCOUNT_LENGTH + len(region) + 3
    buckets = {"jarBucket": (settings.jar_bucket, "jars")}
    for index, pool in enumerate(settings.pools):
        if pool.jar_bucket is not None:
            buckets[f"pools[{index}].jarBucket"] = (pool.jar_bucket, pool.jars)
    for key, (bucket, label) in buckets.items():
        length = around + len(label)
        if bucket.name is None and length > _BUCKET_NAME_LIMIT:
            text = f"is not set, and <cluster>-{label}-<account>-<region> has {length} characters"
            yield f"{key}.name", f"{text}; S3 allows {_BUCKET_NAME_LIMIT}"


def _addresses(settings: "StackSettings") -> Found:
    if settings.network.existing is not None or settings.autoscaler == "none":
        return
    nodes = settings.system_nodes.max_size
    # A pool with a bucket of its own has drivers of its own, with the same limits.
    driver_pools = len({pool.driver_pool for pool in settings.pools})
    nodes += driver_pools * (settings.drivers.limits.cpu // settings.drivers.smallest_vcpus)
    nodes += sum(_most_nodes(pool) for pool in settings.pools)
    needed, there = nodes * _ADDRESSES_PER_NODE, settings.network.private_addresses()
    if needed > there:
        yield (
            "pools",
            f"limits allow {nodes} nodes, which need {needed} addresses; the private subnets of "
            f"network.cidr {settings.network.cidr} hold {there}. Lower limits.cpu, drop the "
            "smallest sizes, or take a larger block",
        )


def _most_nodes(pool: Pool) -> int:
    return len(pool.tiers) * (pool.limits.cpu // pool.smallest_vcpus)
