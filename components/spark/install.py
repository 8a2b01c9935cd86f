"""Spark on the cluster, in its order: logs, priorities, scheduler, teams, operator, history."""

from collections.abc import Mapping, Sequence

import pulumi

from components.cache.settings import Cache
from components.context import Context
from components.logs.store import LogStore
from components.mounts import Mount
from components.names import SHARED_JARS
from components.pools import Pool, default_pool
from components.spark.admission import Drain, create_policies
from components.spark.event_logs import EventLogs
from components.spark.history_server import HistoryServers
from components.spark.operator import SparkOperator
from components.spark.priorities import Priorities
from components.spark.settings import SparkSettings
from components.spark.submitters import SubmitterEntries, roles_of
from components.spark.team import Team
from components.spark.yunikorn import Yunikorn
from components.storage.services import ShuffleServices


def install_spark(
    settings: SparkSettings,
    context: Context,
    *,
    pools: Sequence[Pool],
    mount: Mount,
    nodes: Mapping[str, Sequence[pulumi.Resource]],
    services: ShuffleServices,
    data: Cache,
    pod_logs: LogStore | None,
) -> EventLogs | None:
    """Creates the teams and what runs their jobs; returns the event logs, if enabled.

    `nodes` are, by pool, what pods on that pool depend on, `services` are those that hold teams'
    shuffle files, `data` is the cache of data, `pod_logs` is where logs of pods go, if anywhere. A
    stack without teams gets nothing else.
    """
    names = [team.name for team in settings.teams]
    logs = None
    if settings.history_server.enabled:
        logs = EventLogs(
            "event-logs",
            settings.history_server.logs,
            context,
            teams=names,
            fallback=settings.shuffle_fallback,
        )
    if not names:
        return logs
    Priorities("spark-priorities", context)
    gangs = settings.yunikorn.enabled
    before_teams = create_policies(context, gangs=gangs)
    if not settings.accept_jobs:
        Drain(
            "spark-drain",
            context,
            submit_to=settings.submit_to,
            exempt_group=settings.exempt_group,
        )
    if gangs:
        before_teams.append(Yunikorn("yunikorn", settings.yunikorn, context, teams=settings.teams))
    by_name = {pool.name: pool for pool in pools}
    teams: dict[str, pulumi.Resource] = {}
    for team in settings.teams:
        pool = by_name.get(team.pool or default_pool(pools))
        used = [pool.name, pool.driver_pool] if pool else []
        after = [*before_teams, mount, *(one for name in used for one in nodes.get(name, []))]
        if team.shuffle in services.by_kind:
            after.append(services.by_kind[team.shuffle])
        volumes = data.volumes.get(team.name, [])
        after += data.first if volumes else []
        teams[team.name] = Team(
            f"team-{team.name}",
            team,
            context.only(after),
            mount=mount,
            pool=pool,
            gangs=gangs,
            logs=logs,
            pod_logs=pod_logs,
            shuffle_volume=services.volumes.get(team.name),
            data=volumes,
        ).namespace
    submitters = {team.name: team.submitters for team in settings.teams}
    if any(roles_of(found) for found in submitters.values()):
        SubmitterEntries("spark-submitters", context, teams=submitters)
    if settings.operator.enabled:
        SparkOperator(
            "spark-operator",
            settings.operator,
            context,
            namespaces=teams,
            batch_scheduler="yunikorn" if gangs else None,
        )
    if logs is not None:
        HistoryServers(
            "spark-history",
            settings.history_server,
            context,
            teams=names,
            image=settings.image,
            logs=logs,
            pod_logs=pod_logs,
            jars=mount.jars[SHARED_JARS],
        )
    return logs
