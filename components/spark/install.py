"""Spark on the cluster, in its order: logs, priorities, scheduler, teams, operator, history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.pools import SHARED_JARS, Pool
from components.spark.event_logs import EventLogs
from components.spark.executor_limit import ExecutorLimit
from components.spark.history_server import HistoryServers
from components.spark.operator import SparkOperator
from components.spark.pod_security import RestrictedButPlaceholders
from components.spark.priorities import Priorities
from components.spark.settings import SparkSettings
from components.spark.team import TeamGround, TeamRules, create_teams
from components.spark.yunikorn import Yunikorn


@dataclass(frozen=True)
class SystemPods:
    """Where and after what the platform's own pods run."""

    placement: Mapping[str, Any]
    """Node selector and tolerations, as Helm charts take them; empty in a given cluster."""
    after: Sequence[pulumi.Resource]


def install_spark(
    settings: SparkSettings,
    pools: Sequence[Pool],
    ground: TeamGround,
    *,
    system: SystemPods,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> EventLogs | None:
    """Creates the teams and what runs their jobs; returns where event logs go, if they do.

    Without a team there is nothing else. `protect` is for the logs.
    """
    names = [team.name for team in settings.teams]
    logs = None
    if settings.history_server.enabled:
        logs = EventLogs(
            "event-logs",
            settings.history_server.logs,
            cloud=ground.cloud,
            cluster_name=ground.cluster.name,
            teams=names,
            protect=protect,
            opts=opts,
        )
    if not names:
        return logs
    Priorities("spark-priorities", opts=opts)
    ExecutorLimit("spark-max-executors", opts=opts)
    scheduler: list[pulumi.Resource] = []
    if settings.yunikorn.enabled:
        yunikorn = Yunikorn(
            "yunikorn",
            settings.yunikorn,
            teams=settings.teams,
            placement=system.placement,
            after=system.after,
            opts=opts,
        )
        held = RestrictedButPlaceholders("pod-security", opts=opts)
        scheduler = [*yunikorn.ready, *held.ready]
    teams = create_teams(
        settings.teams,
        pools,
        ground,
        TeamRules(gangs=settings.yunikorn.enabled, logs=logs, after=scheduler),
        opts,
    )
    if settings.operator.enabled:
        SparkOperator(
            "spark-operator",
            settings.operator,
            job_namespaces=names,
            placement=system.placement,
            batch_scheduler="yunikorn" if settings.yunikorn.enabled else None,
            after=[*system.after, *(team.namespace for team in teams)],
            opts=opts,
        )
    if logs is not None:
        HistoryServers(
            "spark-history",
            settings.history_server,
            teams=names,
            image=settings.image,
            logs=logs,
            jars=ground.jars[SHARED_JARS],
            cloud=ground.cloud,
            cluster=ground.cluster,
            placement=system.placement,
            after=system.after,
            opts=opts,
        )
    return logs
