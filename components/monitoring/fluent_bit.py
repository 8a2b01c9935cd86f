"""Fluent Bit's metrics: what is kept, and the monitor."""

from components.monitoring.keep import keep
from components.monitoring.monitors import Monitor
from components.names import LOG_AGENT, LOG_AGENTS_NAMESPACE

FLUENT_BIT = ("fluentbit_output_(dropped_records|errors|retries)_total",)
_PATH = "/api/v2/metrics/prometheus"


def log_monitor() -> Monitor:
    """The monitor of the agents."""
    return Monitor(
        LOG_AGENT,
        [LOG_AGENTS_NAMESPACE],
        {"app.kubernetes.io/name": LOG_AGENT},
        [{"port": "metrics", "path": _PATH, "metricRelabelings": keep(*FLUENT_BIT)}],
    )
