"""Checks of teams against the rest of a stack: names, pools, quotas, queues, buckets."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.pools import SHARED_JARS
from components.spark.event_logs import LOGS
from components.spark.history_server import NAMESPACE as HISTORY_NAMESPACE
from components.spark.operator import NAMESPACE as OPERATOR_NAMESPACE
from components.spark.team import TeamSettings
from components.spark.team_access import BucketAccess
from components.spark.team_network import METRICS_NAMESPACE
from components.spark.yunikorn import NAMESPACE as YUNIKORN_NAMESPACE

if TYPE_CHECKING:
    from settings import StackSettings

Found = Iterator[tuple[str, str]]

_TAKEN = (
    *("default", "spark-jars", "mount-s3"),
    *(OPERATOR_NAMESPACE, YUNIKORN_NAMESPACE, HISTORY_NAMESPACE, METRICS_NAMESPACE),
)
"""Namespaces of Kubernetes and of the platform, beside those that begin with `kube-`."""
_POD_MIB = 1434
"""What the smallest pod of a Python job requests: 1 GiB of heap and 40 % beside it."""


def teams(settings: "StackSettings") -> Found:
    """What is wrong with the teams, as (key, text)."""
    names = Counter(team.name for team in settings.spark.teams)
    for index, team in enumerate(settings.spark.teams):
        key = f"spark.teams[{index}]"
        if names[team.name] > 1:
            yield f"{key}.name", f"'{team.name}' is used twice"
        if team.name in _TAKEN or team.name.startswith("kube-"):
            yield f"{key}.name", f"'{team.name}' is a namespace of the cluster's own"
        yield from _pool(settings, team, key)
        yield from _quota(team, key)
        yield from _queue(settings, team, key)
        yield from _buckets(settings, team, key)
    logs = settings.spark.history_server.logs
    if settings.cluster.deletion_protection and logs.force_destroy:
        text = "true contradicts cluster.deletionProtection: true"
        yield "spark.historyServer.logs.forceDestroy", text


def _pool(settings: "StackSettings", team: TeamSettings, key: str) -> Found:
    pools = [pool.name for pool in settings.pools]
    if team.pool is not None and team.pool not in pools:
        yield f"{key}.pool", f"'{team.pool}' is not one of {', '.join(pools) or 'no pools'}"
    if team.pool is None and pools and all(pool.jar_bucket for pool in settings.pools):
        yield f"{key}.pool", "is not set, and every pool has a bucket of its own"


def _quota(team: TeamSettings, key: str) -> Found:
    pods = team.max_executors + 1
    needs = {
        "cpu": (team.quota.cpu, pods, "vCPU"),
        "memoryGiB": (team.quota.memory_gi_b, -(-pods * _POD_MIB // 1024), "GiB"),
        "pods": (team.quota.pods, pods, "pods"),
    }
    for name, (given, needed, unit) in needs.items():
        if given < needed:
            yield (
                f"{key}.quota.{name}",
                f"{given} is too small for a driver and maxExecutors ({team.max_executors}) of the "
                f"smallest size, {needed} {unit}; raise it or lower maxExecutors",
            )


def _queue(settings: "StackSettings", team: TeamSettings, key: str) -> Found:
    if team.queue is None:
        return
    if not settings.spark.yunikorn.enabled:
        yield f"{key}.queue", f"'{team.queue}' needs spark.yunikorn.enabled: true; or remove it"
    if team.queue.rpartition(".")[2] != team.name:
        text = f"'{team.queue}' must end with .{team.name}: a namespace leads to its own queue"
        yield f"{key}.queue", text
    for other in settings.spark.teams:
        if f"{team.queue}.".startswith(f"{other.queue_path}.") and other.name != team.name:
            yield f"{key}.queue", f"'{team.queue}' is below the queue of team {other.name}"


def _buckets(settings: "StackSettings", team: TeamSettings, key: str) -> Found:
    seen = set()
    for number, access in enumerate(team.buckets):
        here = f"{key}.buckets[{number}]"
        if (access.bucket, access.prefix) in seen:
            yield f"{here}.name", f"'{access.bucket}' is listed twice with the same prefix"
        seen.add((access.bucket, access.prefix))
        if _holds_jars(settings, access):
            yield (
                f"{here}.name",
                f"'{access.bucket}' holds the JARs, which jobs read from the mount",
            )
        if _is_log_bucket(settings, access.bucket):
            text = "holds event logs; every team has its own folder there without being listed"
            yield f"{here}.name", f"'{access.bucket}' {text}"


def _holds_jars(settings: "StackSettings", access: BucketAccess) -> bool:
    sets = [settings.jar_bucket, *(pool.jar_bucket for pool in settings.pools if pool.jar_bucket)]
    for one in sets:
        apart = not (access.prefix.startswith(one.prefix) or one.prefix.startswith(access.prefix))
        # A given bucket may hold data, too.
        if access.bucket == one.name and not (one.existing and apart):
            return True
    # <cluster>-<set>-<account>-<region>; the account may not be known yet.
    own = {SHARED_JARS, *(pool.jars for pool in settings.pools)}
    return access.bucket.startswith(tuple(f"{settings.cluster.name}-{name}-" for name in own))


def _is_log_bucket(settings: "StackSettings", bucket: str) -> bool:
    name = settings.spark.history_server.logs.name
    return bucket == name or bucket.startswith(f"{settings.cluster.name}-{LOGS}-")
