"""One stack's configuration: every component's settings, and their checks.

No other module reads configuration. All problems are reported together, by key, before any resource
is registered.
"""

import contextlib
import json
import re
from typing import Annotated, Any, NamedTuple

import pulumi
from pydantic import Field, ValidationError

from components.addons import AddonsSettings
from components.autoscaler import AutoscalerKind, check_autoscaler
from components.base import Problems, Settings
from components.cloud import Cloud
from components.cluster import ClusterSettings, check_cluster
from components.cluster_autoscaler import ClusterAutoscalerSettings
from components.eks_addons import AddonVersions
from components.jar_bucket import JarBucketSettings
from components.karpenter import KarpenterSettings
from components.mounts import JarMountSettings
from components.mounts.settings import check_mount
from components.names import SHARED_JARS
from components.network import NetworkSettings, check_network
from components.node_groups import SystemNodesSettings, check_system_nodes
from components.pools import DriverPool, Pool, check_addresses, check_pools, named_shapes
from components.private_bucket import BucketSettings, check_buckets
from components.running_cluster import check_changes, find_running_cluster
from components.spark.checks import check_teams
from components.spark.event_logs import LOGS
from components.spark.settings import SparkSettings

PROJECT = "spark-on-eks"

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


class StackSettings(Settings):
    """The keys of a stack file, without the namespace `spark-on-eks:`."""

    account: Annotated[str, Field(pattern=r"^([0-9]{12})?$")] = ""
    """AWS account of the stack, in quotes; any other account is an error. Empty: the account of the
    credentials."""
    tags: dict[str, str] = {}
    """Tags of all AWS resources, instances and volumes included."""
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
    spark: SparkSettings = SparkSettings()
    addons: AddonsSettings = AddonsSettings()
    """Optional add-ons, off by default."""

    def problems(self, region: str) -> Problems:
        """Reports combinations that cannot work, and what to change."""
        network, cluster = self.network, self.cluster
        shapes = named_shapes(self.pools, self.drivers)
        yield from check_network(network)
        yield from check_cluster(
            cluster, network_given=network.existing is not None, zones=network.zone_letters
        )
        yield from check_system_nodes(self.system_nodes, cluster_given=cluster.existing)
        yield from check_pools(self.pools, self.drivers, network.zone_letters)
        yield from check_mount(self.jar_mount, shapes, autoscaler=self.autoscaler)
        yield from check_autoscaler(
            self.autoscaler,
            karpenter=self.karpenter,
            cluster_autoscaler=self.cluster_autoscaler,
            pools=self.pools,
            shapes=shapes,
            system_nodes=self.system_nodes.create,
        )
        yield from check_buckets(
            self._buckets(),
            cluster_name=cluster.name,
            region=region,
            protected=cluster.deletion_protection,
        )
        if network.existing is None and self.autoscaler != "none":
            yield from check_addresses(
                self.pools,
                self.drivers,
                system_nodes=self.system_nodes.max_size,
                cidr=network.cidr,
                addresses=network.private_addresses(),
            )
        yield from check_teams(self.spark, self.pools, self.jar_bucket, cluster.name)

    def _buckets(self) -> dict[str, tuple[BucketSettings, str]]:
        """Every bucket by key, with its purpose."""
        found: dict[str, tuple[BucketSettings, str]] = {"jarBucket": (self.jar_bucket, SHARED_JARS)}
        for index, pool in enumerate(self.pools):
            if pool.jar_bucket is not None:
                found[f"pools[{index}].jarBucket"] = (pool.jar_bucket, pool.jar_set)
        found["spark.historyServer.logs"] = (self.spark.history_server.logs, LOGS)
        return found


class Problem(NamedTuple):
    """A problem with one key of a stack file."""

    key: str
    text: str


class Stack(Settings):
    """A stack's settings with its name and region."""

    name: str
    region: str
    settings: StackSettings

    @property
    def tags(self) -> dict[str, str]:
        """The stack's tags, with project and stack."""
        return {"project": PROJECT, "stack": self.name, **self.settings.tags}

    def refuse_changes(self, cloud: Cloud) -> None:
        """Compares the settings with the stack's running cluster, if there is one. Raises
        pulumi.RunError with every change that EKS refuses, by key."""
        cluster = self.settings.cluster
        running = None if cluster.existing else find_running_cluster(cluster.name, cloud)
        found = check_changes(running, cluster, self.settings.network) if running else ()
        problems = [Problem(f"{PROJECT}:{key}", text) for key, text in found]
        if problems:
            raise pulumi.RunError(_message(self.name, problems))


def load() -> Stack:
    """The settings of the current stack. Raises pulumi.RunError with every problem, by key."""
    stack = pulumi.get_stack()
    raw = {key: _value(text) for key, text in _configured().items()}
    region = pulumi.Config("aws").get("region")
    if isinstance(raw.get("cluster", {}), dict):
        cluster = raw["cluster"] = dict(raw.get("cluster", {}))
        if not cluster.get("existing"):
            cluster.setdefault("name", f"spark-{stack}")
    problems = [
        # It would be in plain text in AWS, in the state and in every preview.
        Problem(f"{PROJECT}:{key}", "is encrypted (`secure:`), and no setting here takes a secret")
        for key in sorted(raw)
        if f"{PROJECT}:{key}" in _encrypted()
    ]
    if problems:
        # No further message: it could quote the value.
        raise pulumi.RunError(_message(stack, problems))
    if region is None:
        problems.append(Problem("aws:region", "is not set; for example us-west-2"))
    elif not _REGION.fullmatch(region):
        problems.append(Problem("aws:region", f"{region!r} is not a region such as us-west-2"))
    try:
        settings = StackSettings.model_validate(raw)
        found = settings.problems(region or "us-west-2")
        problems += [Problem(f"{PROJECT}:{key}", text) for key, text in found]
        if region is not None and not problems:
            return Stack(name=stack, region=region, settings=settings)
    except ValidationError as error:
        problems += [_problem(details, raw) for details in error.errors()]
    raise pulumi.RunError(_message(stack, problems))


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
        with contextlib.suppress(json.JSONDecodeError):
            return json.loads(text)
    return text


def _problem(details: Any, raw: dict[str, Any]) -> Problem:
    path = ""
    value: Any = raw
    for part in details["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
        value = _at(value, part)
    key = f"{PROJECT}:{path.removeprefix('.')}"
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(key, f"{value!r}: there is no such key")
    if kind == "missing":
        return Problem(key, "is not set")
    if kind == "literal_error":
        allowed = context["expected"].replace("'", "").replace(" or ", ", ")
        return Problem(key, f"{value!r} is not one of {allowed}")
    if kind == "string_pattern_mismatch":
        return Problem(key, f"{value!r} does not match {context['pattern']}")
    if kind == "value_error":
        text = str(context["error"])
        shown = "" if isinstance(value, dict | list) or repr(value) in text else f"{value!r} "
        return Problem(key, f"{shown}{text}")
    shown = json.dumps(value) if isinstance(value, dict | list) else repr(value)
    return Problem(key, f"{shown}: {details['msg'][0].lower()}{details['msg'][1:]}")


def _at(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def _message(stack: str, problems: list[Problem]) -> str:
    lines = [f"  {problem.key}: {problem.text}" for problem in problems]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return "\n".join([f"{count} in stacks/Pulumi.{stack}.yaml:", *lines])
