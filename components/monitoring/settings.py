"""`observability`: metrics, alerts, dashboards, and where metrics are kept for long."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from components.base import Problems, Settings
from components.bucket_formats import KeyArn
from components.formats import LabelKey, LabelValue, Namespace, entries, text, whole
from components.helm_addon import HelmSettings
from components.logs.settings import LogsSettings
from components.monitoring.rules import ALERT_NAMES
from components.monitoring.workloads import PROMETHEUS_FIXED, VPA_FIXED

TopicArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}",
        "the ARN of a standard SNS topic: arn:aws:sns:<region>:<account>:<name>",
    ),
]
WorkspaceArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:aps:[a-z0-9-]+:[0-9]{12}:workspace/ws-[0-9a-f-]{36}",
        "the ARN of a workspace of Amazon Managed Service for Prometheus: "
        "arn:aws:aps:<region>:<account>:workspace/ws-<id>",
    ),
]


def _alert(value: Any) -> Any:
    if isinstance(value, str) and value not in ALERT_NAMES:
        raise ValueError("is not the name of an alert; docs/alerts.md lists them")
    return value


AlertName = Annotated[str, BeforeValidator(_alert)]
Seconds = Annotated[
    Literal[1, 5, 10, 30, 60],
    # To Python true is 1.
    BeforeValidator(lambda value: int(value) if str(value).isdecimal() else str(value)),
]
"""Borders of the API server's histogram that are kept: the share below one of them is exact."""


class MetricsSettings(HelmSettings):
    """`observability.metrics`: Prometheus, Alertmanager and Grafana, from kube-prometheus-stack."""

    fixed = PROMETHEUS_FIXED

    enabled: bool = False
    """Install it in the namespace `monitoring`, on the system nodes."""
    existing: bool = False
    """The cluster has a Prometheus operator, whose Prometheus runs in the namespace `monitoring`:
    only monitors, rules and dashboards are created."""
    labels: dict[LabelKey, LabelValue] = {}
    """With `existing: true`: labels by which the given Prometheus selects monitors and rules, for
    example `release: prometheus`."""
    retention_days: Annotated[int, whole(1, 365)] = 10
    """How long Prometheus keeps metrics, in days."""
    volume_gib: Annotated[int, whole(10, 16_384)] = 50
    """Size of Prometheus' gp3 volume, in GiB; it may grow only."""
    kms_key_arn: KeyArn | None = None
    """ARN of the KMS key of the volume; default: the account's key for EBS. A volume that exists
    keeps its key."""
    keep_volume: bool = False
    """Keep the volume when the stack is destroyed or `metrics` is disabled."""
    memory_mib: Annotated[int, whole(1024, 262_144)] = 3072
    """Memory of Prometheus, in MiB, request and limit; `make capacity` says what a stack needs."""
    clients: Annotated[list[Namespace], entries()] = []
    """Namespaces whose pods reach Grafana, for example an authenticating proxy. Default:
    `kubectl port-forward` only."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])
        elif self.existing:
            yield from self.without_effect(
                "beside existing: true", but=["enabled", "existing", "labels"]
            )
        elif self.labels:
            yield "labels", "has no effect without existing: true; remove it"


class AmpSettings(Settings):
    """`observability.amp`: Amazon Managed Service for Prometheus, which keeps metrics for long."""

    enabled: bool = False
    """Prometheus writes the metrics that rules and dashboards use to a workspace."""
    workspace_arn: WorkspaceArn | None = None
    """An existing workspace of the account; default: one of the stack."""
    retention_days: Annotated[int, whole(1, 1095)] = 150
    """How long the stack's workspace keeps metrics, in days."""
    encryption: Literal["aws", "kms"] = "aws"
    """Key of the stack's workspace: AWS' own, or one of the stack (or `kmsKeyArn`). A change
    replaces the workspace and its metrics."""
    kms_key_arn: KeyArn | None = None
    """An existing key, with `encryption: kms`."""
    alerts: bool = False
    """The workspace evaluates the rules and sends the alerts, and the Prometheus of the cluster
    does not: alerts then come once, also when the cluster is gone."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])
        if self.kms_key_arn and self.encryption != "kms":
            yield "", "kmsKeyArn needs encryption: kms"
        if self.workspace_arn:
            used = ["enabled", "workspace_arn", "alerts"]
            yield from self.without_effect("beside workspaceArn", but=used)


class VerticalSettings(HelmSettings):
    """`observability.verticalAutoscaling`: the Vertical Pod Autoscaler, for Prometheus' memory."""

    fixed = VPA_FIXED

    enabled: bool = False
    """Move Prometheus' memory request with its use."""
    max_memory_mib: Annotated[int, whole(1024, 262_144)] = 6144
    """The largest request, and Prometheus' memory limit, in MiB; a system node must hold it."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])


class SloSettings(Settings):
    """`observability.alerts.slo`: 99 % of the API server's requests end within so many seconds."""

    mutating_seconds: Seconds = 1
    """Requests that change one object."""
    resource_seconds: Seconds = 1
    """Requests that read one object."""
    namespace_seconds: Seconds = 5
    """Requests that list objects of a namespace."""
    cluster_seconds: Seconds = 30
    """Requests that list objects of the cluster."""


class AlertSettings(Settings):
    """`observability.alerts`: which alerts there are, and where they go."""

    topic_arn: TopicArn | None = None
    """An SNS topic in the stack's region that receives the alerts; default: they are on
    Alertmanager's own page only."""
    disabled: Annotated[list[AlertName], entries()] = []
    """Names of alerts to leave out."""
    executors_pending_minutes: Annotated[int, whole(1, 1440)] = 15
    """Executors that wait this long for a node raise SparkExecutorsPending."""
    drivers_pending_minutes: Annotated[int, whole(1, 1440)] = 10
    """Drivers that wait this long for a node raise SparkDriverPending."""
    slo: SloSettings = SloSettings()
    """The objectives of the API server."""


class ObservabilitySettings(Settings):
    """`observability`: metrics, alerts, dashboards, costs and logs; off by default."""

    metrics: MetricsSettings = MetricsSettings()
    """Prometheus in the cluster."""
    amp: AmpSettings = AmpSettings()
    """Remote write."""
    vertical_autoscaling: VerticalSettings = VerticalSettings()
    """Memory of Prometheus that follows its use."""
    alerts: AlertSettings = AlertSettings()
    """Alerts."""
    dashboards: bool = True
    """Dashboards for Grafana."""
    cost: bool = True
    """What jobs and teams cost, from Karpenter's prices."""
    logs: LogsSettings = LogsSettings()
    """Logs of pods, also without metrics."""

    def problems(self) -> Problems:
        metrics: Mapping[str, Any] = self.metrics.__dict__
        if not metrics.get("enabled"):
            yield from self.without_effect("without metrics.enabled: true", but=["metrics", "logs"])
            return
        if metrics.get("existing"):
            if self.amp.__dict__.get("enabled"):
                yield (
                    "amp.enabled",
                    "true needs a Prometheus of the stack: metrics.existing is true",
                )
            if self.vertical_autoscaling.__dict__.get("enabled"):
                yield (
                    "verticalAutoscaling.enabled",
                    "true needs a Prometheus of the stack: metrics.existing is true",
                )
            if self.alerts.__dict__.get("topic_arn"):
                yield (
                    "alerts.topicArn",
                    "has no effect beside metrics.existing: true: that Prometheus has an "
                    "Alertmanager of its own; remove it",
                )
        vertical, memory = self.vertical_autoscaling, metrics.get("memory_mib", 0)
        if vertical.enabled and vertical.max_memory_mib <= memory:
            yield (
                "verticalAutoscaling.maxMemoryMiB",
                f"{vertical.max_memory_mib} is not above metrics.memoryMiB {memory}, where it "
                "begins",
            )
