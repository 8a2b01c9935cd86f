"""The operator's objects of these tests: what a stack's release and its own monitors would be."""

from collections.abc import Sequence

from tests.metrics.held import POD_MONITOR, SERVICE_MONITOR, Source
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


_NAME_LABEL = "sparkoperator_k8s_io_app_name"
SOURCES = [
    Source("spark-driver", POD_MONITOR | {_NAME_LABEL, "spark_app_selector"}),
    Source("spark-operator", honor_labels=True),
    Source("karpenter"),
    Source("yunikorn", SERVICE_MONITOR),
    Source("kube-state-metrics", SERVICE_MONITOR, honor_labels=True),
    Source("node-exporter", SERVICE_MONITOR),
    Source("kube-apiserver", SERVICE_MONITOR),
    Source("prometheus", SERVICE_MONITOR),
    Source("alertmanager", SERVICE_MONITOR),
]
"""What the stack's Prometheus scrapes, and how."""


def objects() -> list[Object]:
    """Monitors and rules."""
    return [_DRIVERS, _RULES]


def rules_of(objects: Sequence[Object]) -> list[Object]:
    """The rules of all PrometheusRules, in their order."""
    groups = [one["spec"]["groups"] for one in objects if one["kind"] == "PrometheusRule"]
    return [rule for own in groups for group in own for rule in group["rules"]]


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
