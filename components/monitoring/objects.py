"""Monitors, rules and dashboards: objects that any Prometheus operator and Grafana read."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.monitoring.monitors import Monitor
from components.monitoring.rules.model import Group
from components.names import MONITORING_NAMESPACE

DASHBOARDS = Path(__file__).parent / "dashboards"
_API = "monitoring.coreos.com/v1"


class MonitoringObjects(pulumi.ComponentResource):
    """The objects, in the namespace `monitoring`. `context.after` includes their CRDs."""

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        monitors: Iterable[Monitor],
        rules: Sequence[Group],
        dashboards: Iterable[Path],
        labels: Mapping[str, str],
        given: bool,
        budget: Mapping[str, int],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`labels` are those by which a given Prometheus selects monitors and rules; `given` says
        that the cluster has it, its definitions and its namespace already. `budget` is what
        `make capacity` reads."""
        super().__init__("spark-on-eks:monitoring:Objects", name, None, context.options(opts))
        self._name, self._labels = name, dict(labels)
        self._opts = pulumi.ResourceOptions(parent=self, depends_on=context.after)
        for monitor in monitors:
            self._create(monitor.kind, monitor.name, monitor.spec())
        for group in rules:
            self._create("PrometheusRule", group.name, {"groups": [group.render()]})
        for path in dashboards:
            k8s.core.v1.ConfigMap(
                f"{name}-dashboard-{path.stem}",
                metadata={
                    "name": f"spark-dashboard-{path.stem}",
                    "namespace": MONITORING_NAMESPACE,
                    # Grafana's sidecar reads ConfigMaps with it: the chart's default.
                    "labels": {"grafana_dashboard": "1"},
                },
                data={path.name: path.read_text(encoding="utf-8")},
                opts=self._opts,
            )
        there = {"apiGroups": ["monitoring.coreos.com"], "namespaces": [MONITORING_NAMESPACE]}
        outputs: dict[str, Any] = {"metricsBudget": dict(budget)}
        self.register_outputs({**outputs, "given": there} if given else outputs)

    def _create(self, kind: str, name: str, spec: Mapping[str, Any]) -> None:
        metadata: dict[str, Any] = {"name": name, "namespace": MONITORING_NAMESPACE}
        if self._labels:
            metadata["labels"] = self._labels
        resource = name if kind != "PrometheusRule" else f"{name}-rules"
        k8s.apiextensions.CustomResource(
            f"{self._name}-{resource}",
            api_version=_API,
            kind=kind,
            metadata=metadata,
            spec=spec,
            opts=self._opts,
        )
