"""Alerts on the agents that send logs away."""

from collections.abc import Iterator

from components.monitoring.rules.model import Alert
from components.names import LOG_AGENT, LOG_AGENT_PORT, LOG_AGENTS_NAMESPACE


def log_alerts() -> Iterator[Alert]:
    """Logs that are lost, or that wait.

    For Fluent Bit's counters a line that waits in the folder of its S3 output is sent: a refused
    upload shows when the next lines of the same container arrive, as a retry (cb_s3_flush of s3.c).
    """
    agents = f"`kubectl logs -n {LOG_AGENTS_NAMESPACE} <pod>`"
    yield Alert(
        "LogsLost",
        "sum by (pod, name) (increase(fluentbit_output_dropped_records_total[15m])) > 0",
        0,
        "warning",
        "{{ $labels.pod }} gave up {{ $value | humanize }} lines",
        "Lines are not in the destination: the node's buffer was full, or the destination refused "
        "them for hours.",
        f"{agents} says why. A larger `observability.logs.bufferMiB` helps over a longer outage.",
    )
    yield Alert(
        "LogsNotSent",
        """sum by (pod, name) (increase(fluentbit_output_errors_total[10m]))
        + sum by (pod, name) (increase(fluentbit_output_retries_total[10m])) > 0""",
        20,
        "warning",
        "{{ $labels.pod }} cannot send logs",
        "Logs wait on the node; they are lost with it, and when its buffer is full.",
        f"{agents}: AccessDenied is the role or the key's policy, a time-out the way to S3 or "
        "CloudWatch (NAT, endpoints), ResourceNotFoundException a log group that was deleted.",
    )
    yield Alert(
        "LogAgentDown",
        f"""up{{job="{LOG_AGENT}"}} == 0""",
        10,
        "warning",
        "{{ $labels.pod }} does not answer Prometheus",
        "Logs of its node are not sent; what the kubelet rotates away meanwhile, five files of "
        "10 MiB a container, is lost.",
        f"`kubectl describe pod -n {LOG_AGENTS_NAMESPACE} <pod>`, port {LOG_AGENT_PORT}.",
    )
