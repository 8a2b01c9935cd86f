"""Checks of teams against the rest of a stack: names, pools, quotas, queues, buckets."""

from collections.abc import Sequence
from functools import partial

from components.base import Problems, below, names_of, sound
from components.jar_bucket import JarBucketSettings
from components.names import (
    CELEBORN_NAMESPACE,
    HISTORY_NAMESPACE,
    LUSTRE_NAMESPACE,
    MONITORING_NAMESPACE,
    MOUNT_NAMESPACE,
    NODE_AGENTS_NAMESPACE,
    SHARED_JARS,
    SPARK_OPERATOR_NAMESPACE,
    YUNIKORN_NAMESPACE,
)
from components.pools import Pool, default_pool
from components.spark.event_logs import LOGS
from components.spark.settings import SparkSettings
from components.spark.team import TeamSettings
from components.spark.team_access import BucketAccess, policy_count
from components.spark.team_limits import POD_MIB
from components.spark.team_rights import check_rights

_TAKEN = (
    *("default", "mount-s3", MOUNT_NAMESPACE, CELEBORN_NAMESPACE, LUSTRE_NAMESPACE),
    NODE_AGENTS_NAMESPACE,
    *(SPARK_OPERATOR_NAMESPACE, YUNIKORN_NAMESPACE, HISTORY_NAMESPACE, MONITORING_NAMESPACE),
)
"""Namespaces of Kubernetes and of the platform, beside those that begin with `kube-`."""
_CLOSED = frozenset({"mount-s3", *_TAKEN} - {"default", MONITORING_NAMESPACE})
"""Namespaces of the platform whose pods serve no job."""


def check_teams(
    spark: SparkSettings, pools: Sequence[Pool], *, admins: Sequence[str] = ()
) -> Problems:
    """Checks names, pools, quotas and queues of the teams, and what they open; `admins` are the
    cluster's."""
    for index, team in enumerate(spark.teams):
        checks = (
            partial(_name, team, spark.teams[:index]),
            partial(_pool, team, pools),
            partial(_quota, team),
            partial(_driver_quota, spark, team),
            partial(_queue, spark, team),
            partial(_doors, spark, team),
            partial(_submitters, spark, team, admins),
            partial(_rights, team, logs=spark.history_server.enabled),
        )
        for check in checks:
            yield from below(f"spark.teams[{index}]", sound(check))


def check_drain(spark: SparkSettings, *, stack: str, cluster_name: str) -> Problems:
    """A drained cluster does not send jobs to itself."""
    for index, name in enumerate(spark.submit_to):
        if name in (stack, cluster_name):
            text = f"'{name}' is this cluster, which takes no jobs; name another one"
            yield f"spark.submitTo[{index}]", text


def check_team_buckets(
    spark: SparkSettings, pools: Sequence[Pool], jar_bucket: JarBucketSettings, cluster_name: str
) -> Problems:
    """Teams' buckets: each once, and none that the platform has for itself."""
    jar_buckets = {SHARED_JARS: jar_bucket}
    jar_buckets |= {pool.jar_set: pool.jar_bucket for pool in pools if pool.jar_bucket}
    logs = spark.history_server.logs.name
    for index, team in enumerate(spark.teams):
        seen: set[tuple[str, str]] = set()
        for number, access in enumerate(team.buckets):
            check = partial(_bucket, access, seen, jar_buckets, cluster_name, logs)
            yield from below(f"spark.teams[{index}].buckets[{number}]", sound(check))


def _name(team: TeamSettings, before: Sequence[TeamSettings]) -> Problems:
    if team.name in _TAKEN or team.name.startswith("kube-"):
        yield "name", f"'{team.name}' is a namespace of the cluster's own"
    if team.name in names_of(before):
        yield "name", f"'{team.name}' is used twice"


def _bucket(
    access: BucketAccess,
    seen: set[tuple[str, str]],
    jar_buckets: dict[str, JarBucketSettings],
    cluster_name: str,
    logs: str | None,
) -> Problems:
    if (access.bucket, access.prefix) in seen:
        yield "name", f"'{access.bucket}' is listed twice with the same prefix"
    seen.add((access.bucket, access.prefix))
    if _holds_jars(access, jar_buckets, cluster_name):
        yield "name", f"'{access.bucket}' holds the JARs, which jobs read from the mount"
    if access.bucket == logs or access.bucket.startswith(f"{cluster_name}-{LOGS}-"):
        text = "holds event logs; a team has access to its own without listing the bucket"
        yield "name", f"'{access.bucket}' {text}"


def _pool(team: TeamSettings, pools: Sequence[Pool]) -> Problems:
    names = [pool.name for pool in pools]
    if team.pool is not None and team.pool not in names:
        yield "pool", f"'{team.pool}' is not one of {', '.join(names) or 'no pools'}"
    if team.pool is None and pools and not default_pool(pools):
        yield (
            "pool",
            "is not set, and none of several pools is called default; set it to one of "
            f"{', '.join(names)}",
        )


def _quota(team: TeamSettings) -> Problems:
    pods = team.max_executors + 1
    needs = {
        "cpu": (team.quota.cpu, pods, "vCPU"),
        "memoryGiB": (team.quota.memory_gib, -(-pods * POD_MIB // 1024), "GiB"),
        "pods": (team.quota.pods, pods, "pods"),
    }
    for name, (given, needed, unit) in needs.items():
        if given < needed:
            yield (
                f"quota.{name}",
                f"{given} is too small for a driver and maxExecutors ({team.max_executors}) of the "
                f"smallest size, {needed} {unit}; raise it or lower maxExecutors",
            )


def _doors(spark: SparkSettings, team: TeamSettings) -> Problems:
    teams = names_of(spark.teams)
    for field, found in (("services", team.services), ("clients", team.clients)):
        for index, one in enumerate(found):
            key = f"{field}[{index}].namespace"
            if one.namespace in teams:
                yield key, f"'{one.namespace}' is a team's: teams do not reach each other"
            elif one.namespace in _CLOSED or one.namespace.startswith("kube-"):
                yield key, f"'{one.namespace}' is a namespace of the cluster's own"


def _submitters(spark: SparkSettings, team: TeamSettings, admins: Sequence[str]) -> Problems:
    teams = names_of(spark.teams)
    for index, one in enumerate(team.submitters):
        if one.namespace in teams:
            text = "is a team's: its jobs run with its accounts"
            yield f"submitters[{index}].namespace", f"'{one.namespace}' {text}"
        if one.role_arn in admins:
            text = "is one of cluster.admins, and a principal has one access entry"
            yield f"submitters[{index}].roleArn", f"'{one.role_arn}' {text}"


def _rights(team: TeamSettings, *, logs: bool) -> Problems:
    others = policy_count(team.buckets, logs=logs)
    yield from below("rights", check_rights(team.rights, other_policies=others))
    if team.rights.kafka and not team.egress:
        yield "rights.kafka", "needs the brokers' port, 9098, in egress: it is closed"


def _driver_quota(spark: SparkSettings, team: TeamSettings) -> Problems:
    quota, given = team.quota, team.quota.drivers
    if spark.yunikorn.enabled:
        why = "with spark.yunikorn: its queue counts drivers alone"
        yield from below("quota.drivers", given.without_effect(why, but=["pods"]))
    limits = {
        "cpu": (given.cpu, quota.cpu, 1, "vCPU"),
        "memoryGiB": (given.memory_gib, quota.memory_gib, -(-POD_MIB // 1024), "GiB"),
        "pods": (given.pods, quota.pods, 1, "pods"),
    }
    for name, (drivers, all_pods, smallest, unit) in limits.items():
        if drivers is None:
            continue
        key = f"quota.drivers.{name}"
        if drivers < smallest:
            yield (
                key,
                f"{drivers} is too small for a driver of the smallest size, {smallest} {unit}",
            )
        elif drivers > all_pods - smallest:
            text = f"leaves no executor within quota.{name} ({all_pods})"
            yield key, f"{drivers} {text}; at most {all_pods - smallest} {unit}"


def _queue(spark: SparkSettings, team: TeamSettings) -> Problems:
    if team.queue is None:
        return
    if not spark.yunikorn.enabled:
        yield "queue", f"'{team.queue}' needs spark.yunikorn.enabled: true; or remove it"
    if team.queue.rpartition(".")[2] != team.name:
        text = f"'{team.queue}' must end with .{team.name}: a namespace leads to its own queue"
        yield "queue", text
    for other in spark.teams:
        if f"{team.queue}.".startswith(f"{other.queue_path}.") and other.name != team.name:
            yield "queue", f"'{team.queue}' is below the queue of team {other.name}"


def _holds_jars(
    access: BucketAccess, jar_buckets: dict[str, JarBucketSettings], cluster_name: str
) -> bool:
    for bucket in jar_buckets.values():
        ours, theirs = bucket.prefix, access.prefix
        apart = not (theirs.startswith(ours) or ours.startswith(theirs))
        # An existing bucket may also hold data.
        if access.bucket == bucket.name and not (bucket.existing and apart):
            return True
    # <cluster>-<set>-<account>-<region>; the account may not be known yet.
    return access.bucket.startswith(tuple(f"{cluster_name}-{name}-" for name in jar_buckets))
