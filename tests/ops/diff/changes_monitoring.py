"""Changes of what is known of a platform while it runs."""

from tests.ops.diff.changes import Row

_NODES = "systemNodes={minSize: 4, maxSize: 6}"
_ON = "observability.metrics={enabled: true, volumeGiB: 100, retentionDays: 20}"
_AMP = "observability.amp={enabled: true}"
_TOPIC = "observability.alerts.topicArn=arn:aws:sns:us-west-2:111122223333:alerts"
_PROMETHEUS = "prometheus.io/docs/prometheus/latest/storage"
_OPERATOR = "github.com/prometheus-operator/prometheus-operator/blob/main/Documentation/storage.md"
_WORKSPACE = "docs.aws.amazon.com/prometheus/latest/userguide/AMP-workspace-configuration.html"
_RESTARTED = "restarts: restarts the controller of Helm release kube-prometheus-stack"

MONITORING = {
    "metrics on a cluster that runs": Row((_NODES, _ON), before=(_NODES,), source=_PROMETHEUS),
    "no metrics any more": Row(
        (_NODES,),
        "loses-data: loses data: Prometheus' volume is deleted with its metrics",
        "restarts: none of the pods of prometheus-operator-crds runs from now on",
        "restarts: none of the pods of kube-prometheus-stack runs from now on",
        "removes: deletes namespace node-agents and monitoring with everything in it",
        "removes: removes Helm release prometheus-operator-crds",
        "removes: removes Helm release kube-prometheus-stack",
        "guard: no longer fire: alerts",
        before=(_NODES, _ON),
        source=_PROMETHEUS,
    ),
    "no metrics any more, and the volume kept": Row(
        (_NODES,),
        "restarts: none of the pods of prometheus-operator-crds runs from now on",
        "restarts: none of the pods of kube-prometheus-stack runs from now on",
        "removes: deletes namespace node-agents and monitoring with everything in it",
        "removes: removes Helm release prometheus-operator-crds",
        "removes: removes Helm release kube-prometheus-stack",
        "guard: no longer fire: alerts",
        "stays: Prometheus' volume stays in the cloud with its metrics",
        before=(_NODES, "observability.metrics={enabled: true, keepVolume: true}"),
        source=_OPERATOR,
    ),
    "metrics kept for a shorter time": Row(
        (_NODES, "observability.metrics={enabled: true, volumeGiB: 100}"),
        "loses-data: loses data: metrics in Prometheus older than 10 days are deleted",
        _RESTARTED,
        before=(_NODES, _ON),
        source=_PROMETHEUS,
    ),
    "a larger volume for Prometheus": Row(
        (_NODES, "observability.metrics={enabled: true, volumeGiB: 200, retentionDays: 20}"),
        _RESTARTED,
        "guard: Prometheus' volume keeps its size until its claim is resized",
        before=(_NODES, _ON),
        source=_OPERATOR,
    ),
    "an alert less": Row(
        (_NODES, _ON, "observability.alerts.disabled=[DnsErrors]"),
        "guard: no longer fires: alert DnsErrors",
        before=(_NODES, _ON),
        source="prometheus.io/docs/prometheus/latest/configuration/alerting_rules",
    ),
    "metrics also to a workspace": Row(
        (_NODES, _ON, _AMP),
        _RESTARTED,
        "wider-permission: wider permission: role metrics-workspace-writer-role (new)",
        "wider-permission: Helm release kube-prometheus-stack: role (none) -> metrics-workspace",
        before=(_NODES, _ON),
        source=_WORKSPACE,
    ),
    "no workspace any more": Row(
        (_NODES, _ON),
        "loses-data: loses data: workspace metrics-workspace-workspace is deleted",
        _RESTARTED,
        "narrower-permission: narrower permission: role metrics-workspace-writer-role (deleted)",
        "narrower-permission: Helm release kube-prometheus-stack: role metrics-workspace-writer",
        "guard: no longer fire: alerts RemoteWriteBehind, RemoteWriteFails",
        before=(_NODES, _ON, _AMP),
        source=_WORKSPACE,
    ),
    "a shorter memory of the workspace": Row(
        (_NODES, _ON, "observability.amp={enabled: true, retentionDays: 30}"),
        "loses-data: loses data: metrics of the workspace older than 30 days are deleted",
        before=(_NODES, _ON, _AMP),
        source=_WORKSPACE,
    ),
    "alerts from the workspace": Row(
        (_NODES, _ON, "observability.amp={enabled: true, alerts: true}", _TOPIC),
        _RESTARTED,
        "narrower-permission: narrower permission: role prometheus-alertmanager-role (deleted)",
        "narrower-permission: Helm release kube-prometheus-stack: role prometheus-alertmanager",
        before=(_NODES, _ON, _AMP, _TOPIC),
        source=_WORKSPACE,
    ),
}
