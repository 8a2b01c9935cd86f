"""One stack's configuration: every component's settings, and their checks.

No other module reads configuration. All problems are reported together, by key, before any resource
is registered.
"""

import contextlib
import json
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import pulumi
import pulumi_aws as aws

from components.addon_pins import check_pins
from components.addons import AddonsSettings
from components.arns import check_arns
from components.autoscaler import AutoscalerKind, check_autoscaler, check_releases
from components.base import Problems, Settings, below, sound
from components.bucket_checks import check_default_name, check_deletion, check_names, check_replica
from components.cache.checks import check_cache
from components.cache.settings import CacheSettings
from components.cloud import Cloud
from components.cluster import ClusterSettings, check_cluster, check_cluster_zones
from components.cluster_autoscaler import ClusterAutoscalerSettings
from components.cluster_creator import check_creator, find_creator
from components.eks_addons import AddonVersions
from components.formats import text
from components.images import ImagesSettings, check_images
from components.jar_bucket import JarBucketSettings
from components.karpenter import KarpenterSettings
from components.karpenter.spot_drill import check_spot_drill
from components.logs.checks import check_logs
from components.logs.settings import POD_LOGS
from components.monitoring.checks import check_observability
from components.monitoring.settings import ObservabilitySettings
from components.mounts import JarMountSettings
from components.mounts.checks import check_effects
from components.mounts.settings import check_mount
from components.names import SHARED_JARS
from components.network import NetworkSettings
from components.node_groups import (
    SystemNodesSettings,
    check_system_nodes,
    check_system_release,
    disks,
)
from components.pool_checks import check_addresses, check_pool_zones, check_pools, check_zone
from components.pools import DriverPool, Pool, named_shapes
from components.private_bucket import BucketSettings
from components.running_cluster import check_changes, is_there, read_running_cluster
from components.spark.checks import check_drain, check_team_buckets, check_teams
from components.spark.event_logs import LOGS
from components.spark.settings import SparkSettings
from components.storage import StorageSettings
from components.storage.checks import check_storage
from components.tags import TagKey, TagValue, check_tags
from components.validation import Problem, is_deep, message, validate

PROJECT = "spark-on-eks"

_REGIONS = frozenset(region.value for region in aws.Region)


class StackSettings(Settings):
    """The keys of a stack file, without the namespace `spark-on-eks:`."""

    account: Annotated[str, text(r"([0-9]{12})?", "the twelve digits of an account")] = ""
    """AWS account of the stack, in quotes; any other account is an error. Empty: the account of the
    credentials."""
    tags: dict[TagKey, TagValue] = {}
    """Tags of all AWS resources, instances and volumes included, objects in S3 left out."""
    network: NetworkSettings = NetworkSettings()
    cluster: ClusterSettings
    addon_versions: AddonVersions = AddonVersions.model_validate({})
    system_nodes: SystemNodesSettings = SystemNodesSettings()
    autoscaler: AutoscalerKind = "karpenter"
    """The autoscaler that adds and removes Spark's nodes."""
    karpenter: KarpenterSettings = KarpenterSettings()
    cluster_autoscaler: ClusterAutoscalerSettings = ClusterAutoscalerSettings()
    pools: list[Pool] = [Pool.model_validate({"name": "default"})]
    """Pools of executors."""
    drivers: DriverPool = DriverPool()
    jar_bucket: JarBucketSettings = JarBucketSettings()
    jar_mount: JarMountSettings = JarMountSettings()
    storage: StorageSettings = StorageSettings()
    cache: CacheSettings = CacheSettings()
    images: ImagesSettings = ImagesSettings()
    spark: SparkSettings = SparkSettings()
    observability: ObservabilitySettings = ObservabilitySettings()
    """Metrics, alerts, dashboards, costs and logs, off by default."""
    addons: AddonsSettings = AddonsSettings()
    """Optional add-ons, off by default."""

    def combinations(self, stack: str, region: str) -> Problems:
        """Reports combinations that cannot work, and what to change."""
        for check in self._checks(stack, region):
            yield from sound(check)

    def _checks(self, stack: str, region: str) -> list[Callable[[], Problems]]:
        return [
            lambda: check_tags(self.tags, own_tags(stack)),
            lambda: check_cluster(self.cluster, network_given=self.network.existing is not None),
            lambda: check_cluster_zones(self.cluster, self.network.zone_letters),
            lambda: check_pins(
                self.addon_versions,
                kubernetes=self._kubernetes,
                creates_cluster=not self.cluster.existing,
                mounts_pods=self.jar_mount.level == "pod" or self.cache.kind == "mountpoint",
                mounts_lustre=any(
                    team.__dict__.get("shuffle") == "lustre" for team in self.spark.teams
                ),
            ),
            lambda: check_system_nodes(
                self.system_nodes,
                cluster_given=self.cluster.existing,
                autoscaler=self.autoscaler,
            ),
            lambda: check_system_release(self.system_nodes, self._kubernetes),
            lambda: check_pools(self.pools, self.drivers),
            lambda: check_zone(self.drivers, self.network.zone_letters),
            lambda: check_pool_zones(self.pools, self.network.zone_letters),
            lambda: check_effects(self.jar_mount),
            lambda: check_mount(self.jar_mount, self._shapes, autoscaler=self.autoscaler),
            lambda: check_autoscaler(
                self.autoscaler,
                karpenter=self.karpenter,
                cluster_autoscaler=self.cluster_autoscaler,
                pools=self.pools,
                shapes=self._shapes,
            ),
            lambda: check_spot_drill(self.karpenter.spot_drill, self.pools, region),
            lambda: check_releases(self.autoscaler, self._shapes, self._kubernetes),
            lambda: self._check_buckets(region),
            self._check_addresses,
            lambda: check_storage(
                self.storage,
                self.spark.teams,
                self.pools,
                created=not self.cluster.existing,
                driver_zone=self.driver_zone,
                karpenter=self.autoscaler == "karpenter",
            ),
            lambda: check_teams(
                self.spark,
                self.pools,
                admins=self.cluster.__dict__.get("admins", ()),
                pod_logs=self.observability.logs.enabled,
            ),
            lambda: check_cache(self.cache, self.spark.teams, self._shapes),
            lambda: check_drain(self.spark, stack=stack, cluster_name=self.cluster.name),
            lambda: check_team_buckets(self.spark, self.pools, self.jar_bucket, self.cluster.name),
            lambda: check_images(
                self.images,
                region=region,
                cluster_name=self.cluster.name,
                spark_image=self.spark.image,
                nodes_given=self.autoscaler == "none" or not self.system_nodes.create,
            ),
            lambda: check_observability(self.observability, autoscaler=self.autoscaler),
            lambda: check_logs(self.observability.logs, self.spark.teams, self.cluster.name),
            lambda: check_arns(
                self.cluster,
                self._buckets(),
                self.spark,
                self.images,
                self.storage,
                observability=self.observability,
                karpenter=self.karpenter,
                region=region,
                account=self.account,
            ),
        ]

    @property
    def _kubernetes(self) -> str | None:
        """The cluster's version, None for an existing one."""
        return None if self.cluster.existing else self.cluster.version

    @property
    def _shapes(self) -> dict[str, Pool | DriverPool]:
        return named_shapes(self.pools, self.drivers)

    @property
    def driver_zone(self) -> str:
        """The letter of the drivers' zone; default: the network's first."""
        return self.drivers.zone or min(self.network.zone_letters, default="")

    @property
    def most_volumes(self) -> int:
        """The largest number of EBS volumes that a node has by itself."""
        systems = [self.system_nodes.os, *(shape.os for shape in self._shapes.values())]
        return max(len(disks(os, disk_gib=20)) for os in systems)

    def _check_buckets(self, region: str) -> Problems:
        buckets = self._buckets()
        yield from check_names({key: bucket for key, (bucket, _) in buckets.items()})
        for key, found in buckets.items():
            for check in (self._check_bucket_name, self._check_deletion, check_replica):
                yield from below(key, sound(partial(check, *found, region)))

    def _check_bucket_name(self, bucket: BucketSettings, purpose: str, region: str) -> Problems:
        yield from check_default_name(bucket, purpose, self.cluster.name, region)

    def _check_deletion(self, bucket: BucketSettings, *_: str) -> Problems:
        yield from check_deletion(bucket, protected=self.cluster.deletion_protection)

    def _check_addresses(self) -> Problems:
        if self.network.existing is None and self.autoscaler != "none":
            yield from check_addresses(
                self.pools,
                self.drivers,
                system_nodes=self.system_nodes.max_size,
                cidr=self.network.cidr,
                addresses=self.network.private_addresses(),
            )

    def _buckets(self) -> dict[str, tuple[BucketSettings, str]]:
        """Every bucket by key, with its purpose."""
        found: dict[str, tuple[BucketSettings, str]] = {"jarBucket": (self.jar_bucket, SHARED_JARS)}
        for index, pool in enumerate(self.pools):
            if pool.jar_bucket is not None:
                found[f"pools[{index}].jarBucket"] = (pool.jar_bucket, pool.jar_set)
        found["spark.historyServer.logs"] = (self.spark.history_server.logs, LOGS)
        logs = self.observability.__dict__.get("logs")
        if logs is not None and logs.__dict__.get("destination") == "s3":
            found["observability.logs.bucket"] = (logs.bucket, POD_LOGS)
        return found


class Stack(Settings):
    """A stack's settings with its name and region."""

    name: str
    region: str
    settings: StackSettings

    @property
    def tags(self) -> dict[str, str]:
        """The stack's tags, with project and stack."""
        return {**own_tags(self.name), **self.settings.tags}

    def refuse_changes(self, cloud: Cloud) -> None:
        """Compares the settings with the stack's running cluster, if there is one, else with who
        creates it. Raises pulumi.RunError with everything that EKS refuses, by key."""
        cluster = self.settings.cluster
        if cluster.existing:
            return
        exists, found = is_there(cluster.name, cloud), iter(())
        if exists and (running := read_running_cluster(cluster.name, cloud)):
            found = check_changes(running, cluster, self.settings.network)
        elif exists is False and cluster.admins:
            found = check_creator(cluster.admins, find_creator(cloud))
        problems = [Problem(f"{PROJECT}:{key}", text) for key, text in found]
        if problems:
            raise pulumi.RunError(message(self.name, problems))


def own_tags(stack: str) -> dict[str, str]:
    """The tags that every stack has."""
    return {"project": PROJECT, "stack": stack}


def load() -> Stack:
    """The settings of the current stack. Raises pulumi.RunError with every problem, by key."""
    stack = pulumi.get_stack()
    raw = {key: _value(text) for key, text in _configured().items()}
    region = pulumi.Config("aws").get("region")
    if isinstance(raw.get("cluster", {}), dict):
        cluster = raw["cluster"] = dict(raw.get("cluster", {}))
        if cluster.get("existing") not in (True, "true"):
            cluster.setdefault("name", f"spark-{stack}")
    problems = [
        # It would be in plain text in AWS, in the state and in every preview.
        Problem(f"{PROJECT}:{key}", "is encrypted (`secure:`), and no setting here takes a secret")
        for key in sorted(raw)
        if f"{PROJECT}:{key}" in _encrypted()
    ]
    if problems:
        # No further message: it could quote the value.
        raise pulumi.RunError(message(stack, problems))
    settings, problems = validate(StackSettings, raw)
    problems += [Problem(*found) for found in settings.combinations(stack, region or "us-west-2")]
    problems = [Problem(f"{PROJECT}:{key}", text) for key, text in problems]
    if region is None:
        problems.insert(0, Problem("aws:region", "is not set; for example us-west-2"))
    elif region not in _REGIONS:
        problems.insert(0, Problem("aws:region", f"{region!r} is not a region such as us-west-2"))
    elif not problems:
        return Stack(name=stack, region=region, settings=settings)
    raise pulumi.RunError(message(stack, problems))


def _configured() -> dict[str, str]:
    """Every key that the stack sets in the project's namespace, mistyped ones included."""
    given = {**pulumi.runtime.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    return {
        key.removeprefix(f"{PROJECT}:"): text
        for key, text in given.items()
        if key.startswith(f"{PROJECT}:")
    }


def _encrypted() -> set[str]:
    """Full keys that have an encrypted value, or one inside."""
    given = pulumi.runtime.config
    return {*given.get_config_secret_keys_env(), *given._SECRET_KEYS.get()}


def _value(text: Any) -> Any:
    """Objects and lists arrive as JSON, a scalar as the text in the stack file."""
    if isinstance(text, str) and text.startswith(("{", "[")):
        # ValueError: a number of more digits than Python reads.
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(text)
            return text if is_deep(value) else value
    return text
