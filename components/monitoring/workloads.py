"""The pods of kube-prometheus-stack and of the Vertical Pod Autoscaler, and the values that the
platform sets itself."""

from components.workloads import Workload

_RELOADER = "prometheusOperator.prometheusConfigReloader.resources"
"""Of the container that the operator puts beside Prometheus and Alertmanager."""
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
        requests=f"prometheus.prometheusSpec.resources {_RELOADER}",
    ),
    Workload(
        "alertmanager",
        values="alertmanager.alertmanagerSpec",
        requests=f"alertmanager.alertmanagerSpec.resources {_RELOADER}",
    ),
    Workload(
        "grafana",
        values="grafana",
        # A sidecar for dashboards, one for data sources.
        requests="grafana.resources grafana.sidecar.resources grafana.sidecar.resources",
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
    # One registry for all images has none of the cache's paths.
    "global.imageRegistry",
    # Its hook Jobs have no place on the system nodes.
    "prometheusOperator.admissionWebhooks",
    "prometheusOperator.enabled",
    "prometheusOperator.tls",
    "prometheus.enabled",
    "prometheus.agentMode",
    "prometheus.serviceAccount",
    *(
        f"prometheus.prometheusSpec.{kind}{key}"
        for kind in ("podMonitor", "serviceMonitor", "rule")
        for key in ("Selector", "NamespaceSelector", "SelectorNilUsesHelmValues")
    ),
    "prometheus.prometheusSpec.remoteWrite",
    "prometheus.prometheusSpec.replicas",
    "prometheus.prometheusSpec.resources",
    "prometheus.prometheusSpec.retention",
    "prometheus.prometheusSpec.retentionSize",
    "prometheus.prometheusSpec.storageSpec",
    "prometheus.prometheusSpec.persistentVolumeClaimRetentionPolicy",
    "prometheus.verticalPodAutoscaler",
    # What would open its page to others than a pod that Grafana's `clients` names.
    *(
        f"{part}.{key}"
        for part in ("prometheus", "alertmanager", "grafana")
        for key in ("service", "ingress", "route")
    ),
    *(
        f"{part}.{key}PerReplica"
        for part in ("prometheus", "alertmanager")
        for key in ("service", "ingress")
    ),
    "prometheus.thanosIngress",
    "prometheus.thanosService",
    "prometheus.thanosServiceExternal",
    "prometheusOperator.service",
    "kube-state-metrics.service",
    "prometheus-node-exporter.service",
    "alertmanager.enabled",
    "alertmanager.serviceAccount",
    "alertmanager.namespaceOverride",
    "grafana.enabled",
    "grafana.namespaceOverride",
    "grafana.grafana.ini.auth.anonymous",
    "grafana.adminPassword",
    "grafana.sidecar",
    "grafana.rbac",
    "kubeStateMetrics.enabled",
    "kube-state-metrics.namespaceOverride",
    "kube-state-metrics.collectors",
    "kube-state-metrics.customResourceState",
    "kube-state-metrics.metricLabelsAllowlist",
    "kube-state-metrics.metricAllowlist",
    "kube-state-metrics.rbac",
    "nodeExporter.enabled",
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
    *(f"{part}.{key}" for part in _PARTS for key in ("enabled", "replicas")),
    "admissionController.certGen",
    "admissionController.certManager",
    "admissionController.mutatingWebhookConfiguration",
    "admissionController.registerWebhook",
    "nameOverride",
    "fullnameOverride",
)
"""`observability.verticalAutoscaling.values` cannot set these."""
