"""Values of Alertmanager, Grafana and node-exporter, in the structure of kube-prometheus-stack."""

from collections.abc import Mapping
from typing import Any

from components.helm_addon import resources
from components.images import Images
from components.monitoring.keep import NODE_EXPORTER, keep
from components.monitoring.routing import ROUTE, SNS, sns_receiver
from components.names import MONITORING_NAMESPACE, NODE_AGENTS_NAMESPACE

_TEXTFILE = "/host/textfile"
_FILESYSTEMS = (
    "--collector.filesystem.mount-points-exclude="
    "^/(dev|proc|sys|run/.+|var/lib/kubelet/.+|var/lib/containerd/.+)($|/)",
    "--collector.filesystem.fs-types-exclude="
    "^(autofs|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fuse.*|mqueue|nsfs|overlay|proc|"
    "pstore|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs|erofs)$",
)


def alertmanager_values(topic_arn: str | None, region: str) -> dict[str, Any]:
    """Alertmanager's configuration: alerts go to the topic, or stay on its page."""
    subject = "{{ .GroupLabels.alertname }} ({{ .Status }})"
    sns = [sns_receiver(topic_arn, region, subject=subject)] if topic_arn else []
    return {
        "route": {
            **ROUTE,
            "receiver": SNS if topic_arn else "none",
            # It fires always, and shows on Alertmanager's page that alerts arrive.
            "routes": [{"receiver": "none", "matchers": ['alertname =~ "Watchdog|InfoInhibitor"']}],
        },
        "receivers": [{"name": "none"}, *sns],
        "templates": [],
    }


def grafana_values(placed: Mapping[str, Any], images: Images) -> dict[str, Any]:
    """Grafana without an ingress, with its sidecars. `placed` is where its pod runs."""
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


def node_exporter_values(metrics_dir: str | None) -> dict[str, Any]:
    """The agent on every node; `metrics_dir` is the folder of a node with metrics in files."""
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
