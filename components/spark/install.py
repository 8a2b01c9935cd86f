"""Spark on the cluster, in its order: priorities, teams, and the operator over their namespaces."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.pools import Pool
from components.spark.operator import SparkOperator
from components.spark.priorities import Priorities
from components.spark.settings import SparkSettings
from components.spark.team import TeamGround, create_teams


def install_spark(
    settings: SparkSettings,
    pools: Sequence[Pool],
    ground: TeamGround,
    *,
    placement: Mapping[str, Any],
    after: Sequence[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> None:
    """Creates the teams and what runs their jobs.

    `placement` is where the platform's own pods run, `after` what they need there.
    """
    if not settings.teams:
        return
    Priorities("spark-priorities", opts=opts)
    teams = create_teams(settings.teams, pools, ground, opts)
    if settings.operator.enabled:
        SparkOperator(
            "spark-operator",
            settings.operator,
            job_namespaces=[team.name for team in settings.teams],
            placement=placement,
            batch_scheduler=None,
            after=[*after, *(team.namespace for team in teams)],
            opts=opts,
        )
