"""Monitoring on the cluster, in its order: workspace, Prometheus, its memory, monitors, rules."""

from collections.abc import Sequence

from components.autoscaler import AutoscalerKind
from components.context import Context
from components.monitoring.amp import AmpWorkspace
from components.monitoring.budget import BYTES_PER_SERIES, OWN_MIB, series_limit
from components.monitoring.fluent_bit import log_monitor
from components.monitoring.monitors import monitors
from components.monitoring.objects import DASHBOARDS, MonitoringObjects
from components.monitoring.prometheus import PrometheusStack, Receivers
from components.monitoring.remote import written
from components.monitoring.rules import Alert, Inputs, Record, groups, only
from components.monitoring.rules.model import Objectives
from components.monitoring.settings import ObservabilitySettings
from components.monitoring.vertical import PrometheusMemory, VerticalPodAutoscaler
from components.mounts import JarMountSettings
from components.pools import DriverPool, Pool
from components.spark.settings import SparkSettings


def install_monitoring(
    settings: ObservabilitySettings,
    context: Context,
    *,
    autoscaler: AutoscalerKind,
    spark: SparkSettings,
    pools: Sequence[Pool],
    drivers: DriverPool,
    jar_mount: JarMountSettings,
) -> None:
    """Creates what `observability` asks for; nothing while metrics are disabled."""
    metrics, amp, vertical = settings.metrics, settings.amp, settings.vertical_autoscaling
    if not metrics.enabled:
        return
    karpenter = autoscaler == "karpenter"
    on_nodes = jar_mount.level == "node"
    limits = settings.alerts
    operator = bool(spark.teams) and spark.operator.enabled
    yunikorn = bool(spark.teams) and spark.yunikorn.enabled
    found = groups(
        Inputs(
            karpenter=karpenter,
            yunikorn=yunikorn,
            history=bool(spark.teams) and spark.history_server.enabled,
            node_mount=on_nodes,
            amp=amp.enabled,
            amp_alerts=amp.enabled and amp.alerts,
            operator=operator,
            exporter=not metrics.existing,
            cost=settings.cost,
            logs=settings.logs.enabled,
            executors_pending_minutes=limits.executors_pending_minutes,
            drivers_pending_minutes=limits.drivers_pending_minutes,
            series_limit=series_limit(metrics.memory_mib),
            objectives=Objectives(
                limits.slo.mutating_seconds,
                limits.slo.resource_seconds,
                limits.slo.namespace_seconds,
                limits.slo.cluster_seconds,
            ),
        ),
        limits.disabled,
    )
    evaluated = found
    if not metrics.existing:
        receivers = Receivers(topic_arn=limits.topic_arn)
        if amp.enabled:
            workspace = AmpWorkspace(
                "metrics-workspace",
                amp,
                context,
                alerts=only(Alert, found) if amp.alerts else [],
                topic_arn=limits.topic_arn,
            )
            receivers = Receivers(
                workspace.remote_write(written(found)),
                workspace.writer,
                workspace.writer.arn,
                limits.topic_arn,
                alerts_elsewhere=amp.alerts,
            )
            evaluated = only(Record, found) if amp.alerts else found
        stack = PrometheusStack(
            "prometheus",
            metrics,
            context,
            receivers=receivers,
            metrics_dir=jar_mount.node.metrics_dir if on_nodes else None,
            memory_limit_mib=vertical.max_memory_mib if vertical.enabled else metrics.memory_mib,
        )
        context = context.then(stack)
        if vertical.enabled:
            context = context.then(VerticalPodAutoscaler("vpa", vertical, context))
            PrometheusMemory(
                "prometheus-memory",
                context,
                least_mib=metrics.memory_mib,
                most_mib=vertical.max_memory_mib,
            )
    families = {family for pool in (*pools, drivers) for family in pool.families}
    MonitoringObjects(
        "monitoring",
        context,
        monitors=[
            *monitors(
                teams=[team.name for team in spark.teams],
                most_executors=max((team.max_executors for team in spark.teams), default=0),
                operator=operator,
                families=sorted(families) if karpenter else [],
                yunikorn=yunikorn,
            ),
            *([log_monitor()] if settings.logs.enabled else []),
        ],
        rules=evaluated,
        dashboards=sorted(DASHBOARDS.glob("*.json")) if settings.dashboards else [],
        labels=metrics.labels,
        given=metrics.existing,
        budget={"bytesPerSeries": BYTES_PER_SERIES, "ownMiB": OWN_MIB},
    )
