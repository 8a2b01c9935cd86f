"""Cases of the alerts on the platform's programs and on monitoring."""

from tests.tiers.metrics.cases.case import AlertCase


def _down(alert: str, job: str) -> AlertCase:
    one, two = (f'up{{job="{job}", pod="{pod}"}}' for pod in ("a", "b"))
    return AlertCase(
        alert,
        {one: "0x30", two: "0x30", 'up{job="prometheus"}': "1x30"},
        "",
        at=10,
        before=3,
        quiet={"one replica answers": {two: "1x30"}},
    )


_PODS = 'kube_pod_info{namespace="team-a", pod="web-0"}'
_AVAILABLE = (
    'kube_deployment_status_replicas_available{namespace="spark-history", deployment="analytics"}'
)
_WAITING = (
    'kube_pod_container_status_waiting_reason{namespace="kube-system", pod="coredns-1", '
    'container="coredns", reason="CrashLoopBackOff"}'
)
_FAILED_ANSWERS = 'coredns_dns_responses_total{rcode="SERVFAIL", instance="a"}'
_ANSWERS = 'coredns_dns_responses_total{rcode="NOERROR", instance="a"}'
_BOTH = (_FAILED_ANSWERS, _FAILED_ANSWERS.replace('"a"', '"b"'))
_SERIES = 'prometheus_tsdb_head_series{instance="p"}'
_FAILED = 'prometheus_remote_storage_samples_failed_total{remote_name="amp"}'
_NEWEST = 'prometheus_remote_storage_highest_timestamp_in_seconds{instance="p"}'
_SENT = 'prometheus_remote_storage_queue_highest_sent_timestamp_seconds{remote_name="amp"}'
_ONE_UP = 'up{job="spark-operator", pod="b"}'

_FREE = (
    'kubelet_volume_stats_available_bytes{namespace="team-a", persistentvolumeclaim="etl-exec-1", '
    'node="n1"}'
)
_CAPACITY = _FREE.replace("available", "capacity")

CASES = [
    _down("SparkOperatorDown", "spark-operator"),
    _down("KarpenterDown", "karpenter"),
    _down("YunikornDown", "yunikorn"),
    AlertCase(
        "KubeStateMetricsDown",
        {"up": "1x30"},
        "",
        at=15,
        before=8,
        quiet={"it is there": {_PODS: "1x30"}},
    ),
    AlertCase(
        "HistoryServerDown",
        {_AVAILABLE: "0x30"},
        'deployment="analytics"',
        at=15,
        before=8,
        quiet={
            "it runs": {_AVAILABLE: "1x30"},
            "another Deployment": {_AVAILABLE: None, _AVAILABLE.replace("-history", ""): "0x30"},
        },
    ),
    AlertCase(
        "VolumeAlmostFull",
        {
            _FREE: "5x40",
            _CAPACITY: "100x40",
            # The node that had it before.
            _FREE.replace("n1", "n2"): "50x40",
            _CAPACITY.replace("n1", "n2"): "100x40",
        },
        'namespace="team-a", persistentvolumeclaim="etl-exec-1"',
        at=22,
        value=0.05,
        before=12,
        quiet={
            "there is room": {_FREE: "20x40"},
            "a file system without an end": {_FREE: "-1x40", _CAPACITY: "0x40"},
        },
    ),
    AlertCase(
        "PlatformPodFails",
        {_WAITING: "1x30", _WAITING.replace('"coredns"', '"sidecar"'): "1x30"},
        'namespace="kube-system", pod="coredns-1"',
        at=15,
        before=8,
        quiet={
            "it waits for something else": {
                _WAITING.replace('"coredns"', '"sidecar"'): None,
                _WAITING: None,
                _WAITING.replace("CrashLoopBackOff", "ContainerCreating"): "1x30",
            },
            "a team's pod": {
                _WAITING.replace('"coredns"', '"sidecar"'): None,
                _WAITING: None,
                _WAITING.replace("kube-system", "team-a"): "1x30",
            },
            "it runs": {_WAITING: "0x30", _WAITING.replace('"coredns"', '"sidecar"'): None},
        },
    ),
    AlertCase(
        "DnsErrors",
        {
            f'{name[:-3]}{instance}"}}': values
            for instance in "ab"
            for name, values in ((_FAILED_ANSWERS, "0+10x40"), (_ANSWERS, "0+90x40"))
        },
        "",
        at=20,
        value=0.1,
        before=8,
        quiet={
            "few": dict.fromkeys(_BOTH, "0+0.5x40"),
            "no answers": dict.fromkeys((*_BOTH, _ANSWERS, _ANSWERS.replace('"a"', '"b"')), "9x40"),
            "answers of another kind": {
                **dict.fromkeys(_BOTH),
                _FAILED_ANSWERS.replace("SERVFAIL", "NXDOMAIN"): "0+10x40",
            },
        },
    ),
    AlertCase(
        "PrometheusSeriesNearLimit",
        {_SERIES: "1100000x40"},
        "",
        at=20,
        before=12,
        quiet={"there is room": {_SERIES: "900000x40"}},
    ),
    AlertCase(
        "RemoteWriteFails",
        {_FAILED: "0+6x40", _FAILED.replace('"amp"', '"b"'): "0+6x40"},
        "",
        at=25,
        value=0.2,
        before=12,
        quiet={"none": {_FAILED: "5x40", _FAILED.replace('"amp"', '"b"'): None}},
    ),
    AlertCase(
        "RemoteWriteBehind",
        {
            _NEWEST: "1000+60x40",
            _NEWEST.replace('"p"', '"q"'): "900+60x40",
            _SENT: "0+60x40",
            _SENT.replace('"amp"', '"b"'): "990+60x40",
        },
        "",
        at=20,
        value=1000,
        before=8,
        quiet={"a minute": {_SENT: "940+60x40"}},
    ),
    AlertCase(
        "WorkspaceWithoutSamples",
        {_ONE_UP: "1x5", 'up{job="karpenter", pod="a"}': "0x5"},
        "",
        at=22,
        before=14,
        quiet={
            "one target is still scraped": {_ONE_UP: "1x30"},
            "samples say that all targets are down": {_ONE_UP: "0x30"},
            "it was a pause": {_ONE_UP: "1x5 _x8 1x20"},
        },
    ),
]
