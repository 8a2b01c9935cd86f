"""Cases of the alerts on nodes."""

from tests.tiers.metrics.cases.case import AlertCase

_FREE = 'node_filesystem_avail_bytes{instance="n1", mountpoint="/", fstype="xfs"}'
_SIZE = 'node_filesystem_size_bytes{instance="n1", mountpoint="/", fstype="xfs"}'
_USAGE = 'karpenter_nodepools_usage{nodepool="default", resource_type="cpu", pod="a"}'
_LIMIT = 'karpenter_nodepools_limit{nodepool="default", resource_type="cpu", pod="a"}'
_READY = (
    'operator_nodepool_status_condition_count{name="default", type="Ready", status="False", '
    'reason="NodeClassNotReady"}'
)
_SPOT = 'karpenter_interruption_received_messages_total{message_type="spot_interrupted", pod="a"}'
_KARPENTER = 'up{job="karpenter", pod="a"}'
_NODES = {
    f'karpenter_nodes_allocatable{{node_name="n{number}", capacity_type="spot", '
    f'resource_type="{resource}"}}': "8x140"
    for number in range(20)
    for resource in ("cpu", "memory")
}
_OFFERED = (
    "karpenter_cloudprovider_instance_type_offering_available"
    '{instance_type="m7g.%s", capacity_type="spot", zone="us-west-2a"}'
)
_WAIT = 'karpenter_interruption_message_queue_duration_seconds_bucket{le="%s", pod="a"}'
_BYTES = 'karpenter_ec2nodeclasses_userdata_bytes{nodeclass="default", pod="a"}'
_ASSIGNED, _MAX = 'awscni_assigned_ip_addresses{instance="n1"}', 'awscni_ip_max{instance="n1"}'
_REFUSED = 'awscni_no_available_ip_addresses{instance="n1"}'
_JARS_UP = 'spark_jars_up{instance="n1", job="node-exporter"}'
_FENCED = 'spark_jars_fenced{instance="n1", job="node-exporter"}'
_WRITTEN = 'node_textfile_mtime_seconds{instance="n1", file="/host/textfile/spark-jars.prom"}'

CASES = [
    AlertCase(
        "NodeDiskAlmostFull",
        {
            _FREE: "5x30",
            _SIZE: "100x30",
            _FREE.replace("fstype", 'device="b", fstype'): "50x30",
            _SIZE.replace("fstype", 'device="b", fstype'): "100x30",
        },
        'instance="n1", mountpoint="/"',
        at=12,
        value=0.05,
        before=4,
        quiet={
            "there is room": {_FREE: "20x30"},
            "a disk without a size": {_FREE: "0x30", _SIZE: "0x30"},
            "another kind of file system": {
                _FREE: None,
                _SIZE: None,
                _FREE.replace("xfs", "tmpfs"): "1x30",
                _SIZE.replace("xfs", "tmpfs"): "100x30",
            },
        },
    ),
    AlertCase(
        "NodePoolLimitNear",
        {
            _USAGE: "95x40",
            _LIMIT: "100x40",
            _USAGE.replace('"a"', '"b"'): "95x40",
            _LIMIT.replace('"a"', '"b"'): "100x40",
        },
        'nodepool="default", resource_type="cpu"',
        at=20,
        value=0.95,
        before=8,
        quiet={
            "there is room": {_USAGE: "80x40", _USAGE.replace('"a"', '"b"'): "80x40"},
            "no limit": {_LIMIT: None, _LIMIT.replace('"a"', '"b"'): None},
            "another resource's limit": {
                _USAGE: "50x40",
                _USAGE.replace('"a"', '"b"'): "50x40",
                _LIMIT.replace("cpu", "x"): "50x40",
            },
        },
    ),
    AlertCase(
        "NodePoolNotReady",
        {_READY: "1x30", _READY.replace("reason", 'pod="b", reason'): "1x30"},
        'name="default"',
        at=10,
        value=1,
        before=3,
        quiet={
            "it is ready": {_READY: "0x30", _READY.replace("reason", 'pod="b", reason'): None},
            "another condition": {
                _READY.replace("reason", 'pod="b", reason'): None,
                _READY: None,
                _READY.replace('"Ready"', '"Other"'): "1x30",
            },
            "it is": {
                _READY.replace("reason", 'pod="b", reason'): None,
                _READY: None,
                _READY.replace("False", "True"): "1x30",
            },
        },
    ),
    AlertCase(
        "SpotInterruptionsMany",
        {
            **_NODES,
            **{
                name.replace("spot", "on-demand").replace('"n', '"d'): value
                for name, value in _NODES.items()
            },
            _KARPENTER: "1x140",
            # Three nodes in an hour: two for the first leader, whose counter begins with them, and
            # one more for the other.
            _SPOT: "_x90 2x50",
            _SPOT.replace('"a"', '"b"'): "4x90 5x50",
            # No Spot message of the hour.
            _SPOT.replace("spot_i", "state_i"): "_x90 9x50",
            _SPOT.replace("spot_i", "state_i").replace('"a"', '"b"'): "0x90 9x50",
        },
        "",
        at=120,
        before=90,
        quiet={
            "one of twenty nodes": {_SPOT: "_x90 1x50", _SPOT.replace('"a"', '"b"'): "4x140"},
            "counted before Prometheus came": {
                _KARPENTER: "_x90 1x50",
                _SPOT: "_x90 50x50",
                _SPOT.replace('"a"', '"b"'): None,
            },
            "Karpenter came then, Prometheus runs for long": {
                _KARPENTER: "_x90 1x50",
                'up{job="spark-operator"}': "1x140",
            },
            "other messages": {_SPOT.replace('"a"', '"b"'): None, _SPOT: None},
            "yesterday's": {_SPOT: "50x140", _SPOT.replace('"a"', '"b"'): None},
        },
    ),
    AlertCase(
        "SpotCapacityScarce",
        {
            **{_OFFERED % size: "0x40" for size in ("large", "xlarge", "2xlarge", "4xlarge")},
            (_OFFERED % "large").replace('"spot"', '"on-demand"'): "1x40",
        },
        "",
        at=20,
        value=0,
        before=10,
        quiet={"a quarter is there": {_OFFERED % "large": "1x40"}},
    ),
    AlertCase(
        "InterruptionMessagesLate",
        {_WAIT % "10": "0+1x60", _WAIT % "60": "0+10x60", _WAIT % "+Inf": "0+10x60"},
        "",
        at=20,
        before=4,
        quiet={
            "in time": {_WAIT % "10": "0+10x60"},
            "no messages": {
                _WAIT % "10": "1x60",
                _WAIT % "60": "9x60",
                _WAIT % "+Inf": "9x60",
            },
        },
    ),
    AlertCase(
        "UserDataNearLimit",
        {_BYTES: "16300x20", _BYTES.replace('"a"', '"b"'): "16300x20"},
        'nodeclass="default"',
        at=5,
        value=16300,
        quiet={"there is room": {_BYTES: "16000x20", _BYTES.replace('"a"', '"b"'): "16000x20"}},
    ),
    AlertCase(
        "JarMountDown",
        # A node has a mount for each set of JARs that it serves.
        {_JARS_UP: "0x20", _JARS_UP.replace("job", 'jars="b", job'): "1x20"},
        'instance="n1"',
        at=5,
        before=1,
        quiet={"it answers": {_JARS_UP: "1x20"}},
    ),
    AlertCase(
        "JarMountStale",
        {_WRITTEN: "30x20", _WRITTEN.replace("file/", "file/b/"): "30x20"},
        'instance="n1"',
        at=6,
        value=330,
        before=3,
        quiet={
            "it is written each minute": {_WRITTEN: "0+60x20"},
            "another file is old": {
                _WRITTEN.replace("file/", "file/b/"): None,
                _WRITTEN: None,
                _WRITTEN.replace("spark-jars", "x"): "0x20",
            },
        },
    ),
    AlertCase(
        "JarMountFenced",
        {_FENCED: "0x3 1x20"},
        'instance="n1"',
        at=6,
        before=2,
        quiet={"it is open": {_FENCED: "0x20"}},
    ),
    AlertCase(
        "PodAddressesNearLimit",
        {
            _ASSIGNED: "90x40",
            _MAX: "100x40",
            _ASSIGNED.replace("n1", "n2"): "190x40",
            _MAX.replace("n1", "n2"): "200x40",
        },
        "",
        at=20,
        value=280 / 300,
        before=8,
        quiet={"one node is empty": {_ASSIGNED: "1x40"}},
    ),
    AlertCase(
        "PodAddressesExhausted",
        {_REFUSED: "0x10 0+2x20", _REFUSED.replace("n1", "n2"): "0x10 0+2x20"},
        "",
        at=15,
        value=16,
        before=9,
        quiet={"long ago": {_REFUSED: "4x40", _REFUSED.replace("n1", "n2"): None}},
    ),
]
