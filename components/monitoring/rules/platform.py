"""Alerts on the platform's own programs, and on the monitoring itself."""

from collections.abc import Iterator

from components.monitoring.rules.model import Alert, Inputs
from components.names import (
    CELEBORN_NAMESPACE,
    KUBE_SYSTEM,
    LOG_AGENTS_NAMESPACE,
    MONITORING_NAMESPACE,
    MOUNT_NAMESPACE,
    NODE_AGENTS_NAMESPACE,
    SPARK_OPERATOR_NAMESPACE,
    VPA_NAMESPACE,
    YUNIKORN_NAMESPACE,
)

_NAMESPACES = (
    KUBE_SYSTEM,
    SPARK_OPERATOR_NAMESPACE,
    YUNIKORN_NAMESPACE,
    CELEBORN_NAMESPACE,
    MONITORING_NAMESPACE,
    NODE_AGENTS_NAMESPACE,
    LOG_AGENTS_NAMESPACE,
    VPA_NAMESPACE,
    MOUNT_NAMESPACE,
)


def platform_alerts(inputs: Inputs) -> Iterator[Alert]:
    """Alerts on each program that the stack runs."""
    if inputs.operator:
        yield _down("SparkOperatorDown", "spark-operator", "Applications are not submitted.")
    if inputs.karpenter:
        yield _down("KarpenterDown", "karpenter", "No node is launched, drained or replaced.")
    if inputs.yunikorn:
        yield _down("YunikornDown", "yunikorn", "Pods of the teams are not scheduled.", "app")
    yield Alert(
        "KubeStateMetricsDown",
        "absent(kube_pod_info)",
        10,
        "critical",
        "kube-state-metrics gives no metrics",
        "Most alerts on jobs cannot fire.",
        "`kubectl get pods -n monitoring`, and the target on Prometheus' own page.",
    )
    if inputs.history:
        yield Alert(
            "HistoryServerDown",
            """max by (deployment)
            (kube_deployment_status_replicas_available{namespace="spark-history"}) == 0""",
            10,
            "warning",
            "The History Server of {{ $labels.deployment }} is not available",
            "Event logs are written all the same; they cannot be looked at.",
            "`kubectl describe pod -n spark-history`: the release in "
            "`spark.historyServer.release` must be published.",
        )
    yield Alert(
        "PlatformPodFails",
        f"""max by (namespace, pod) (kube_pod_container_status_waiting_reason{{
        reason="CrashLoopBackOff",
        namespace=~"{"|".join(_NAMESPACES)}"}}) == 1""",
        10,
        "critical",
        "{{ $labels.namespace }}/{{ $labels.pod }} restarts again and again",
        "A part of the platform does not run.",
        "`kubectl logs --previous`.",
    )
    yield Alert(
        "VolumeAlmostFull",
        """min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes
        / (kubelet_volume_stats_capacity_bytes > 0)) < 0.1""",
        15,
        "warning",
        "{{ $value | humanizePercentage }} of the volume {{ $labels.namespace }}/"
        "{{ $labels.persistentvolumeclaim }} is free",
        "What writes there fails when it is full: shuffle files of an executor, Celeborn's, or "
        "metrics.",
        "An executor's: a larger claim in the job. Celeborn's: docs/shuffle.md. Prometheus': "
        "docs/observability.md, the row on its volume.",
    )
    yield Alert(
        "DnsErrors",
        """sum(rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m]))
        / sum(rate(coredns_dns_responses_total[5m])) > 0.01""",
        10,
        "warning",
        "{{ $value | humanizePercentage }} of DNS answers are SERVFAIL",
        "Names of S3, STS and drivers fail now and then: tasks are tried again.",
        "CoreDNS' log; `make capacity` says how many replicas the executors need.",
    )
    yield from _monitoring(inputs)


def _down(name: str, job: str, meaning: str, label: str = "app.kubernetes.io/name") -> Alert:
    """`label` has the job's name as its value on the program's pods."""
    return Alert(
        name,
        f'absent(up{{job="{job}"}} == 1)',
        5,
        "critical",
        f"No replica of {job} answers Prometheus",
        meaning,
        f"`kubectl get pods -A -l {label}={job}` and its log.",
    )


def _monitoring(inputs: Inputs) -> Iterator[Alert]:
    yield Alert(
        "PrometheusSeriesNearLimit",
        f"max(prometheus_tsdb_head_series) > {inputs.series_limit}",
        15,
        "warning",
        "Prometheus holds {{ $value | humanize }} series, near what its memory is for",
        "At its memory limit Prometheus is killed, and reads its log again for minutes.",
        "`make capacity` says what so many executors need: `observability.metrics.memoryMiB`.",
    )
    if inputs.amp:
        yield Alert(
            "RemoteWriteFails",
            "sum(rate(prometheus_remote_storage_samples_failed_total[5m])) > 0",
            15,
            "warning",
            "{{ $value | humanize }} samples a second do not reach the workspace",
            "The workspace lacks them for good.",
            "Prometheus' log has the answer: the role's permission, a quota of the workspace, or "
            "labels that it refuses.",
        )
        yield Alert(
            "RemoteWriteBehind",
            """max(prometheus_remote_storage_highest_timestamp_in_seconds)
            - min(prometheus_remote_storage_queue_highest_sent_timestamp_seconds) > 300""",
            10,
            "warning",
            "The workspace is {{ $value | humanizeDuration }} behind Prometheus",
            "Alerts that the workspace evaluates come late; after two hours samples are lost.",
            "Throttling of the workspace (status 429 in Prometheus' log), or the way to it: NAT or "
            "the interface endpoint `aps-workspaces`.",
        )
    if inputs.amp_alerts:
        yield Alert(
            "WorkspaceWithoutSamples",
            # The workspace looks back for five minutes.
            "absent(up)",
            10,
            "critical",
            "No sample has reached the workspace for a quarter of an hour",
            "Nothing is watched. RemoteWriteFails and RemoteWriteBehind need samples, and cannot "
            "say so; alerts on programs that do not answer fire, too, whether or not these run.",
            "`kubectl get pods -n monitoring` says whether Prometheus runs. Its log has the answer "
            "of the workspace: 403 is the role, 429 a quota; no answer is the way to it: NAT or "
            "the interface endpoint `aps-workspaces`.",
        )
