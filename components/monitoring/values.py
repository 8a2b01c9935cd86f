"""Values of kube-prometheus-stack 88.5.3, in the chart's own structure."""

from collections.abc import Mapping
from typing import Any

from components.base import quantity
from components.context import Context
from components.helm_addon import resources
from components.images import Images
from components.monitoring.control_plane import CONTROL_PLANE_JOBS
from components.monitoring.keep import (
    CORE_DNS,
    NODE_EXPORTER,
    keep,
    keep_api_server,
    keep_cadvisor,
)
from components.monitoring.kube_state import kube_state_values
from components.monitoring.settings import MetricsSettings
from components.names import MONITORING_NAMESPACE, NODE_AGENTS_NAMESPACE

_TEXTFILE = "/host/textfile"
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
_FILESYSTEMS = (
    "--collector.filesystem.mount-points-exclude="
    "^/(dev|proc|sys|run/.+|var/lib/kubelet/.+|var/lib/containerd/.+)($|/)",
    "--collector.filesystem.fs-types-exclude="
    "^(autofs|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fuse.*|mqueue|nsfs|overlay|proc|"
    "pstore|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs|erofs)$",
)


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
    placed, image = {**context.placement}, context.images.chart_with_registry

    def account(name: str) -> dict[str, Any]:
        role = accounts[name]
        annotations = {"eks.amazonaws.com/role-arn": role} if role is not None else {}
        return {"create": True, "name": name, "annotations": annotations}

    def monitored(*names: str, key: str = "metricRelabelings") -> dict[str, Any]:
        return {"serviceMonitor": {key: keep(*names)}}

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
        "coreDns": monitored(*CORE_DNS),
        "kubelet": {
            "serviceMonitor": {
                "cAdvisorInterval": "60s",
                "probes": False,
                "cAdvisorMetricRelabelings": keep_cadvisor(),
                "metricRelabelings": keep("kubelet_volume_stats_(available|capacity)_bytes"),
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
                **_prometheus(settings, storage_class, memory_limit_mib),
                **({"remoteWrite": [dict(remote_write)]} if remote_write else {}),
                **image("quay.io/prometheus/prometheus"),
                **placed,
            },
        },
        "alertmanager": {
            "enabled": alertmanager,
            "serviceAccount": account("alertmanager"),
            "config": _alertmanager(topic_arn, context.cloud.region),
            "alertmanagerSpec": {
                "replicas": 1,
                "priorityClassName": "system-cluster-critical",
                "resources": resources("50m", 128),
                **image("quay.io/prometheus/alertmanager"),
                **placed,
            },
        },
        "grafana": _grafana(placed, context.images),
        "kube-state-metrics": {
            **kube_state_values(),
            **image("registry.k8s.io/kube-state-metrics/kube-state-metrics"),
            **placed,
        },
        "prometheus-node-exporter": {
            **_node_exporter(metrics_dir),
            **image("quay.io/prometheus/node-exporter"),
        },
    }


def _prometheus(
    settings: MetricsSettings, storage_class: str, memory_limit_mib: int
) -> dict[str, Any]:
    everywhere = {
        f"{kind}SelectorNilUsesHelmValues": False
        for kind in ("podMonitor", "serviceMonitor", "rule", "probe", "scrapeConfig")
    }
    return {
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


def _alertmanager(topic_arn: str | None, region: str) -> dict[str, Any]:
    receiver = "none"
    receivers: list[dict[str, Any]] = [{"name": "none"}]
    if topic_arn:
        receiver = "sns"
        receivers.append(
            {
                "name": "sns",
                "sns_configs": [
                    {
                        "topic_arn": topic_arn,
                        "sigv4": {"region": region},
                        "subject": "{{ .GroupLabels.alertname }} ({{ .Status }})",
                        "send_resolved": True,
                    }
                ],
            }
        )
    return {
        "route": {
            "group_by": ["alertname", "namespace"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "receiver": receiver,
            # It fires always, and shows on Alertmanager's page that alerts arrive.
            "routes": [{"receiver": "none", "matchers": ['alertname =~ "Watchdog|InfoInhibitor"']}],
        },
        "receivers": receivers,
        "templates": [],
    }


def _grafana(placed: Mapping[str, Any], images: Images) -> dict[str, Any]:
    own = {"searchNamespace": MONITORING_NAMESPACE}
    return {
        "enabled": True,
        # The chart makes a random password at the first installation, in a Secret.
        "defaultDashboardsEnabled": False,
        "testFramework": {"enabled": False},
        "serviceMonitor": {"enabled": False},
        # Without it the sidecar reads ConfigMaps and Secrets of the whole cluster.
        "rbac": {"namespaced": True},
        "sidecar": {
            "dashboards": {"enabled": True, **own},
            "datasources": {"enabled": True, **own},
            "resources": resources("20m", 128),
            **images.chart_with_registry("quay.io/kiwigrid/k8s-sidecar"),
        },
        "grafana.ini": {
            "analytics": {"check_for_updates": False, "reporting_enabled": False},
            "users": {"allow_sign_up": False},
            "auth.anonymous": {"enabled": False},
        },
        "resources": resources("100m", 384),
        **images.chart_with_registry("docker.io/grafana/grafana"),
        **placed,
    }


def _node_exporter(metrics_dir: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "namespaceOverride": NODE_AGENTS_NAMESPACE,
        "tolerations": [{"operator": "Exists"}],
        # No priority: on a full node it waits, and takes no executor's place.
        "priorityClassName": "",
        "resources": resources("20m", 64),
        "prometheus": {"monitor": {"metricRelabelings": keep(*NODE_EXPORTER)}},
        "extraArgs": list(_FILESYSTEMS),
    }
    if metrics_dir is not None:
        values["extraArgs"].append(f"--collector.textfile.directory={_TEXTFILE}")
        values["extraHostVolumeMounts"] = [
            {
                "name": "textfile",
                "hostPath": metrics_dir,
                "type": "DirectoryOrCreate",
                "mountPath": _TEXTFILE,
                "readOnly": True,
            }
        ]
    return values
