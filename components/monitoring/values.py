"""Values of kube-prometheus-stack 88.5.3, in the chart's own structure."""

from collections.abc import Mapping
from typing import Any

from components.base import quantity
from components.context import Context
from components.helm_addon import resources
from components.monitoring.chart_parts import (
    alertmanager_values,
    grafana_values,
    node_exporter_values,
)
from components.monitoring.control_plane import CONTROL_PLANE_JOBS
from components.monitoring.keep import (
    CORE_DNS,
    KUBELET,
    keep,
    keep_api_server,
    keep_cadvisor,
)
from components.monitoring.kube_state import kube_state_values
from components.monitoring.settings import MetricsSettings

_RETENTION_SHARE = 0.85
"""Of the volume, for blocks; the rest is for the log of the last hours and for compaction."""
_DEFAULT_RULES = [
    "alertmanager",
    "configReloaders",
    "general",
    "kubeApiserverAvailability",
    "kubeApiserverBurnrate",
    "kubeApiserverSlos",
    "prometheus",
    "prometheusOperator",
]
"""The chart's own rules whose metrics are kept; the others would be empty, or fire for ever."""
_OTHER_RULES = [
    "etcd",
    "k8sContainerCpuUsageSecondsTotal",
    "k8sContainerMemoryCache",
    "k8sContainerMemoryRss",
    "k8sContainerMemorySwap",
    "k8sContainerResource",
    "k8sContainerMemoryWorkingSetBytes",
    "k8sPodOwner",
    "kubeApiserverHistogram",
    "kubeControllerManager",
    "kubelet",
    "kubeProxy",
    "kubePrometheusGeneral",
    "kubePrometheusNodeRecording",
    "kubernetesApps",
    "kubernetesResources",
    "kubernetesStorage",
    "kubernetesSystem",
    "kubeSchedulerAlerting",
    "kubeSchedulerRecording",
    "kubeStateMetrics",
    "network",
    "node",
    "nodeExporterAlerting",
    "nodeExporterRecording",
    "windows",
]


def stack_values(
    settings: MetricsSettings,
    context: Context,
    *,
    storage_class: str,
    metrics_dir: str | None,
    memory_limit_mib: int,
    remote_write: Mapping[str, Any] | None,
    topic_arn: str | None,
    alertmanager: bool,
    accounts: Mapping[str, Any],
) -> dict[str, Any]:
    """The platform's values. `accounts` are service accounts with the ARN of their role, or None;
    `memory_limit_mib` is Prometheus' limit."""
    placed, image = context.placement, context.images.chart_with_registry

    def account(name: str) -> dict[str, Any]:
        role = accounts[name]
        annotations = {"eks.amazonaws.com/role-arn": role} if role is not None else {}
        return {"create": True, "name": name, "annotations": annotations}

    not_on_eks = {"enabled": False}
    return {
        # A release of their own installs them.
        "crds": {"enabled": False},
        "defaultRules": {
            "create": alertmanager,
            "rules": {
                **dict.fromkeys(_DEFAULT_RULES, True),
                **dict.fromkeys(_OTHER_RULES, False),
            },
        },
        # EKS runs them where Prometheus cannot reach them.
        "kubeControllerManager": not_on_eks,
        "kubeScheduler": not_on_eks,
        "kubeEtcd": not_on_eks,
        "kubeProxy": not_on_eks,
        "kubeApiServer": {"serviceMonitor": {"metricRelabelings": keep_api_server()}},
        "coreDns": {"serviceMonitor": {"metricRelabelings": keep(*CORE_DNS)}},
        "kubelet": {
            "serviceMonitor": {
                "cAdvisorInterval": "60s",
                "probes": False,
                "cAdvisorMetricRelabelings": keep_cadvisor(),
                "metricRelabelings": keep(*KUBELET),
            }
        },
        "prometheusOperator": {
            # Its webhook needs hook Jobs with an image and rights of their own; rules of the stack
            # are checked before, and the operator leaves out a rule that is wrong.
            "admissionWebhooks": {"enabled": False},
            "tls": {"enabled": False},
            "resources": resources("100m", 256),
            "prometheusConfigReloader": {
                "resources": resources("10m", 64),
                **image("quay.io/prometheus-operator/prometheus-config-reloader"),
            },
            **image("quay.io/prometheus-operator/prometheus-operator"),
            **placed,
        },
        "prometheus": {
            "serviceAccount": account("prometheus"),
            "additionalRulesForClusterRole": [
                {
                    "apiGroups": ["metrics.eks.amazonaws.com"],
                    "resources": ["kcm/metrics", "ksh/metrics"],
                    "verbs": ["get"],
                }
            ],
            "prometheusSpec": {
                **_prometheus(settings, storage_class, memory_limit_mib, context.cluster.name),
                **({"remoteWrite": [dict(remote_write)]} if remote_write else {}),
                **image("quay.io/prometheus/prometheus"),
                **placed,
            },
        },
        "alertmanager": {
            "enabled": alertmanager,
            "serviceAccount": account("alertmanager"),
            "config": alertmanager_values(topic_arn, context.cloud.region),
            "alertmanagerSpec": {
                "replicas": 1,
                "priorityClassName": "system-cluster-critical",
                "resources": resources("50m", 128),
                **image("quay.io/prometheus/alertmanager"),
                **placed,
            },
        },
        "grafana": grafana_values(placed, context.images),
        "kube-state-metrics": {
            **kube_state_values(),
            **image("registry.k8s.io/kube-state-metrics/kube-state-metrics"),
            **placed,
        },
        "prometheus-node-exporter": {
            **node_exporter_values(metrics_dir),
            **image("quay.io/prometheus/node-exporter"),
        },
    }


def _prometheus(
    settings: MetricsSettings,
    storage_class: str,
    memory_limit_mib: int,
    cluster_name: str,
) -> dict[str, Any]:
    everywhere = {
        f"{kind}SelectorNilUsesHelmValues": False
        for kind in ("podMonitor", "serviceMonitor", "rule", "probe", "scrapeConfig")
    }
    return {
        # In a workspace that several clusters write to, and in alerts.
        "externalLabels": {"cluster": cluster_name},
        # Objects of other releases, ours included, count too.
        **everywhere,
        "replicas": 1,
        "scrapeInterval": "60s",
        "evaluationInterval": "60s",
        "retention": f"{settings.retention_days}d",
        "retentionSize": f"{int(settings.volume_gib * _RETENTION_SHARE)}GiB",
        "walCompression": True,
        "priorityClassName": "system-cluster-critical",
        "resources": {
            "requests": {"cpu": "500m", "memory": quantity(settings.memory_mib)},
            "limits": {"memory": quantity(memory_limit_mib)},
        },
        "storageSpec": {
            "volumeClaimTemplate": {
                "spec": {
                    "storageClassName": storage_class,
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": quantity(settings.volume_gib * 1024)}},
                }
            }
        },
        "persistentVolumeClaimRetentionPolicy": {
            "whenDeleted": "Retain" if settings.keep_volume else "Delete",
            "whenScaled": "Retain",
        },
        "additionalScrapeConfigs": CONTROL_PLANE_JOBS,
    }
