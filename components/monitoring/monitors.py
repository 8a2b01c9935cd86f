"""What Prometheus scrapes, of the platform and of jobs: PodMonitors and ServiceMonitors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.monitoring.keep import (
    DRIVER_EXECUTORS,
    DRIVER_ITSELF,
    SPARK_OPERATOR,
    VPC_CNI,
    YUNIKORN,
    keep,
    keep_karpenter,
)
from components.names import (
    DRIVER_METRICS_PATH,
    DRIVER_MONITOR,
    KUBE_SYSTEM,
    SPARK_OPERATOR_NAMESPACE,
    YUNIKORN_NAMESPACE,
)

EXECUTORS_PATH = "/metrics/executors/prometheus/"
"""Page of a driver with the metrics of its executors."""
_OTHER_SERIES = 50
"""Series of a driver besides those of executors: its own page, and some room."""


@dataclass(frozen=True)
class Monitor:
    """One PodMonitor or ServiceMonitor; `name` is also the label `job` of its series."""

    name: str
    namespaces: Sequence[str]
    selector: dict[str, str]
    endpoints: Sequence[dict[str, Any]]
    kind: str = "PodMonitor"
    sample_limit: int = 0
    """Samples of one scrape beyond which it fails; 0: any number."""
    more: dict[str, Any] = field(default_factory=dict)

    def spec(self) -> dict[str, Any]:
        """The object's specification."""
        endpoints = "podMetricsEndpoints" if self.kind == "PodMonitor" else "endpoints"
        job = {"action": "replace", "targetLabel": "job", "replacement": self.name}
        spec: dict[str, Any] = {
            "namespaceSelector": {"matchNames": list(self.namespaces)},
            "selector": {"matchLabels": self.selector},
            endpoints: [
                {**one, "relabelings": [job, *one.get("relabelings", ())]} for one in self.endpoints
            ],
            **self.more,
        }
        if self.sample_limit:
            spec["sampleLimit"] = self.sample_limit
        return spec


def monitors(
    *,
    teams: Sequence[str],
    most_executors: int,
    operator: bool,
    families: Sequence[str],
    yunikorn: bool,
) -> Iterator[Monitor]:
    """The monitors of a stack. `families` are those of Karpenter's pools, none without Karpenter;
    `most_executors` is the largest number of executors of one job."""
    if teams:
        yield _drivers(teams, most_executors)
    if operator:
        yield Monitor(
            "spark-operator",
            [SPARK_OPERATOR_NAMESPACE],
            {"app.kubernetes.io/name": "spark-operator"},
            [{"port": "metrics", "metricRelabelings": keep(*SPARK_OPERATOR)}],
        )
    if families:
        yield Monitor(
            "karpenter",
            [KUBE_SYSTEM],
            {"app.kubernetes.io/name": "karpenter"},
            [{"port": "http-metrics", "metricRelabelings": keep_karpenter(families)}],
        )
    if yunikorn:
        yield Monitor(
            "yunikorn",
            [YUNIKORN_NAMESPACE],
            {"app": "yunikorn"},
            [
                {
                    "port": "yunikorn-core",
                    "path": "/ws/v1/metrics",
                    "metricRelabelings": keep(*YUNIKORN),
                }
            ],
            kind="ServiceMonitor",
        )
    yield Monitor(
        "vpc-cni",
        [KUBE_SYSTEM],
        {"k8s-app": "aws-node"},
        [{"port": "metrics", "metricRelabelings": keep(*VPC_CNI)}],
    )


def _drivers(teams: Sequence[str], most_executors: int) -> Monitor:
    """One scrape of a driver has the numbers of all its executors.

    Who a series belongs to comes from the pod: what a job says of itself is dropped, so that no
    job appears as another one, and its title makes no series.
    """

    def of_pod(label: str, target: str) -> dict[str, Any]:
        found = f"__meta_kubernetes_pod_label_{label}"
        return {"action": "replace", "sourceLabels": [found], "targetLabel": target}

    identity = [
        of_pod("sparkoperator_k8s_io_app_name", "application"),
        of_pod("spark_app_selector", "application_id"),
    ]

    def page(name: str, path: str, kept: Sequence[str]) -> dict[str, Any]:
        return {
            # Name of the port in the pods that Spark makes.
            "port": "spark-ui",
            "path": path,
            "interval": "30s",
            "scrapeTimeout": "20s",
            "relabelings": [
                *identity,
                {"action": "replace", "targetLabel": "page", "replacement": name},
            ],
            "metricRelabelings": [
                *keep(*kept),
                {"action": "labeldrop", "regex": "application_name|type|exported_.+"},
            ],
        }

    return Monitor(
        DRIVER_MONITOR,
        list(teams),
        {"spark-role": "driver"},
        [
            page("executors", EXECUTORS_PATH, DRIVER_EXECUTORS),
            page("driver", DRIVER_METRICS_PATH, DRIVER_ITSELF),
        ],
        sample_limit=series_of_job(most_executors),
        more={"labelValueLengthLimit": 500},
    )


def series_of_job(executors: int) -> int:
    """Series of one job with so many executors, at most."""
    return len(DRIVER_EXECUTORS) * (executors + 1) + _OTHER_SERIES
