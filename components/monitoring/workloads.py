"""The pods of kube-prometheus-stack and of the Vertical Pod Autoscaler, and the values that the
platform sets itself."""

from components.workloads import Workload

PROMETHEUS_WORKLOADS = (
    Workload(
        "prometheus-operator",
        values="prometheusOperator",
        requests="prometheusOperator.resources",
        no_priority="The chart (88.5.3) has no value for one. Prometheus and Alertmanager run on "
        "without their operator.",
    ),
    Workload(
        "prometheus",
        values="prometheus.prometheusSpec",
        requests="prometheus.prometheusSpec.resources",
    ),
    Workload(
        "alertmanager",
        values="alertmanager.alertmanagerSpec",
        requests="alertmanager.alertmanagerSpec.resources",
    ),
    Workload(
        "grafana",
        values="grafana",
        requests="grafana.resources",
        no_priority="Dashboards only: it may wait for room.",
    ),
    Workload(
        "kube-state-metrics",
        values="kube-state-metrics",
        requests="kube-state-metrics.resources",
    ),
    Workload(
        "node-exporter",
        kind="DaemonSet",
        values="prometheus-node-exporter",
        requests="prometheus-node-exporter.resources",
        tolerate_all="prometheus-node-exporter.tolerations",
    ),
)
PROMETHEUS_FIXED = (
    *(path for workload in PROMETHEUS_WORKLOADS for path in workload.fixed_paths()),
    "crds",
    "prometheus.agentMode",
    "prometheus.serviceAccount",
    "prometheus.prometheusSpec.remoteWrite",
    "prometheus.prometheusSpec.replicas",
    "prometheus.prometheusSpec.resources",
    "prometheus.prometheusSpec.retention",
    "prometheus.prometheusSpec.retentionSize",
    "prometheus.prometheusSpec.storageSpec",
    "prometheus.prometheusSpec.persistentVolumeClaimRetentionPolicy",
    "prometheus.verticalPodAutoscaler",
    "alertmanager.enabled",
    "alertmanager.serviceAccount",
    "grafana.enabled",
    "grafana.adminPassword",
    "grafana.sidecar",
    "grafana.rbac",
    "kube-state-metrics.collectors",
    "kube-state-metrics.customResourceState",
    "kube-state-metrics.metricLabelsAllowlist",
    "kube-state-metrics.metricAllowlist",
    "kube-state-metrics.rbac",
    "prometheus-node-exporter.namespaceOverride",
    "nameOverride",
    "fullnameOverride",
    "namespaceOverride",
)
"""`observability.metrics.values` cannot set these."""

_PARTS = ("admissionController", "recommender", "updater")
VPA_WORKLOADS = tuple(
    Workload(
        {"admissionController": "admission-controller"}.get(part, part),
        values=part,
        requests=f"{part}.resources",
    )
    for part in _PARTS
)
VPA_FIXED = (
    *(path for workload in VPA_WORKLOADS for path in workload.fixed_paths()),
    *(f"{part}.replicas" for part in _PARTS),
    "admissionController.mutatingWebhookConfiguration",
    "admissionController.registerWebhook",
    "nameOverride",
    "fullnameOverride",
)
"""`observability.verticalAutoscaling.values` cannot set these."""
