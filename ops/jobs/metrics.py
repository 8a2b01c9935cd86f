"""What lets Prometheus see a job: its driver's two pages, with the same names for every job.

Sources: spark.apache.org/docs/4.0.1/monitoring.html; the pinned Prometheus scraped both pages
(docs/testing-metrics.md).
"""

from typing import Any

from components.names import DRIVER_METRICS_PATH, DRIVER_MONITOR
from ops.plan.model import Plan

SINK = "spark.metrics.conf.*.sink.prometheusServlet"
NAMESPACE_KEY, NAMESPACE = "spark.metrics.namespace", "spark"
"""By default the application's id, so that each run would have names of its own."""
CONF = {
    f"{SINK}.class": "org.apache.spark.metrics.sink.PrometheusServlet",
    f"{SINK}.path": DRIVER_METRICS_PATH,
    NAMESPACE_KEY: NAMESPACE,
    # The driver's heap: no source of it is on by default.
    "spark.metrics.conf.driver.source.jvm.class": "org.apache.spark.metrics.source.JvmSource",
    # The page of executors is off before Spark 4.
    "spark.ui.prometheus.enabled": "true",
    # Memory of Python's and other processes beside the JVM's.
    "spark.executor.processTreeMetrics.enabled": "true",
}


def scraped(plan: Plan) -> bool:
    """Whether a Prometheus scrapes the drivers of the stack."""
    return any(one.object_name == DRIVER_MONITOR for one in plan.of_kind("PodMonitor"))


def add(spec: dict[str, Any]) -> None:
    """Adds the keys to an application; what the job itself configures stays."""
    spec["sparkConf"] = dict(sorted({**CONF, **spec["sparkConf"]}.items()))
