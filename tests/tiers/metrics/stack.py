"""The operator's objects of these tests: what a stack's release and its own monitors would be."""

from tests.tiers.cluster.api import Object
from tests.tiers.metrics.driver import DRIVER_PATH, EXECUTORS_PATH

NAMESPACE, NAME, TEAM = "monitoring", "stack", "team-a"
ACCOUNT = f"{NAME}-prometheus"
_VERSION = "v3.14.0"
PROMETHEUS: Object = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "Prometheus",
    "metadata": {"name": NAME, "namespace": NAMESPACE},
    "spec": {
        "version": _VERSION,
        "image": f"quay.io/prometheus/prometheus:{_VERSION}-distroless",
        "replicas": 1,
        "serviceAccountName": ACCOUNT,
        # All objects of all namespaces, as with the chart's ...SelectorNilUsesHelmValues: false.
        **{
            f"{kind}{which}": {}
            for kind in ("podMonitor", "serviceMonitor", "rule", "probe", "scrapeConfig")
            for which in ("Selector", "NamespaceSelector")
        },
    },
}


def objects() -> list[Object]:
    """Monitors and rules."""
    return [_DRIVERS, _RULES]


_DRIVERS: Object = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "PodMonitor",
    "metadata": {"name": "spark-drivers", "namespace": NAMESPACE},
    "spec": {
        "selector": {"matchLabels": {"spark-role": "driver"}},
        "namespaceSelector": {"any": True},
        "podTargetLabels": ["sparkoperator.k8s.io/app-name", "spark-app-selector"],
        "podMetricsEndpoints": [
            {"port": "spark-ui", "path": EXECUTORS_PATH, "interval": "30s"},
            {"port": "spark-ui", "path": DRIVER_PATH, "interval": "30s"},
        ],
    },
}
_RULES: Object = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "PrometheusRule",
    "metadata": {"name": "spark", "namespace": NAMESPACE},
    "spec": {
        "groups": [
            {
                "name": "spark",
                "rules": [
                    {
                        "record": "spark:executors:count",
                        "expr": "count by (namespace, sparkoperator_k8s_io_app_name) "
                        '(metrics_executor_totalCores{executor_id!="driver"})',
                    },
                    {
                        "record": "spark:jobs:count",
                        "expr": "sum by (namespace, sparkoperator_k8s_io_app_name) "
                        "(metrics_spark_driver_DAGScheduler_job_allJobs_Value)",
                    },
                    {
                        "alert": "DriverIsNotScraped",
                        "expr": "up == 0",
                        "annotations": {"summary": "{{ $labels.pod }} cannot be scraped"},
                    },
                ],
            }
        ]
    },
}
