"""Cases of the alerts on jobs."""

from tests.tiers.metrics.cases.case import AlertCase
from tests.tiers.metrics.cases.spark import DRIVER, EXECUTOR

_ETL = 'namespace="team-a", application="etl"'


def _phase(pod: str, phase: str) -> str:
    return f'kube_pod_status_phase{{namespace="team-a", pod="{pod}", phase="{phase}"}}'


def _killed(pod: str, reason: str = "OOMKilled") -> str:
    return (
        f'kube_pod_container_status_terminated_reason{{namespace="team-a", pod="{pod}", '
        f'container="spark", reason="{reason}"}}'
    )


def _one_by_one(count: int, reason: str = "OOMKilled") -> dict[str, str]:
    """Executors that end every five minutes; each pod is there for a minute more."""
    found = {}
    for number in range(1, count + 1):
        there = f"_x{5 * number - 5} 1 stale"
        found[EXECUTOR.replace("exec-1", f"exec-{number}")] = there
        found[_killed(f"etl-exec-{number}", reason)] = there
    return found


def _state(state: str) -> str:
    return (
        f'kube_customresource_spark_application_state{{namespace="team-a", name="etl", '
        f'state="{state}"}}'
    )


_OTHERS = {
    EXECUTOR.replace("team-a", "team-b").replace('"etl"', '"b"'): "1x90",
    DRIVER.replace("team-a", "team-b").replace('"etl"', '"b"'): "1x90",
}
"""Pods of another team with the same names."""
_USED = 'kube_resourcequota{namespace="team-a", resource="requests.cpu", type="used"}'
_HARD = _USED.replace("used", "hard")
_DROPPED = (
    "metrics_spark_driver_LiveListenerBus_queue_eventLog_numDroppedEvents_Count"
    f'{{{_ETL}, pod="etl-driver"}}'
)
_UP = f'up{{job="spark-drivers", page="executors", {_ETL}, pod="etl-driver"}}'

CASES = [
    AlertCase(
        "SparkExecutorsPending",
        {
            EXECUTOR: "1x40",
            DRIVER: "1x40",
            **_OTHERS,
            EXECUTOR.replace("exec-1", "exec-2"): "1x40",
            _phase("etl-exec-1", "Pending"): "1x40",
            _phase("etl-exec-2", "Pending"): "0x19 1x20",
        },
        _ETL,
        at=20,
        value=2,
        before=10,
        quiet={
            "it runs": {
                _phase("etl-exec-1", "Pending"): "0x40",
                _phase("etl-exec-1", "Running"): "1x40",
                _phase("etl-exec-2", "Pending"): "0x40",
            },
            "the driver waits": {
                _phase("etl-exec-2", "Pending"): None,
                _phase("etl-exec-1", "Pending"): None,
                _phase("etl-driver", "Pending"): "1x40",
            },
            "a pod of something else waits": {
                EXECUTOR: None,
                _phase("etl-exec-2", "Pending"): None,
            },
            "it waits ten minutes, then runs": {
                _phase("etl-exec-1", "Pending"): "1x10 0x30",
                _phase("etl-exec-2", "Pending"): None,
            },
        },
    ),
    AlertCase(
        "SparkDriverPending",
        {
            DRIVER: "1x40",
            EXECUTOR: "1x40",
            **_OTHERS,
            _phase("etl-driver", "Pending"): "1x40",
        },
        _ETL,
        at=15,
        value=1,
        before=8,
        quiet={
            "it runs": {
                _phase("etl-driver", "Pending"): "0x40",
                _phase("etl-driver", "Running"): "1x40",
            },
            "an executor waits": {
                _phase("etl-driver", "Pending"): None,
                _phase("etl-exec-1", "Pending"): "1x40",
            },
        },
    ),
    AlertCase(
        "SparkQuotaReached",
        {
            # The quota was lowered below what is used.
            _USED: "120x40",
            _HARD: "100x40",
            _USED.replace("type=", 'instance="b", type='): "120x40",
            _HARD.replace("type=", 'instance="b", type='): "100x40",
            _HARD.replace("team-a", "team-b"): "100x40",
            _HARD.replace("requests.cpu", "pods"): "100x40",
        },
        'namespace="team-a", resource="requests.cpu"',
        at=20,
        value=1.2,
        before=8,
        quiet={
            "there is room": {
                _USED: "90x40",
                _USED.replace("type=", 'instance="b", type='): "90x40",
            },
            "a quota of nothing": {
                name: "0x40"
                for quota in (_USED, _HARD)
                for name in (quota, quota.replace("type=", 'instance="b", type='))
            },
        },
    ),
    AlertCase(
        "SparkApplicationFailed",
        {
            _state("FAILED"): "0x90 1x90",
            _state("FAILED").replace("name=", 'instance="b", name='): "0x90 1x90",
            _state("RUNNING"): "1x90 0x90",
            _state("FAILED").replace("team-a", "team-b"): "1x180",
            _state("FAILED").replace("etl", "old"): "1x180",
        },
        'namespace="team-a", name="etl"',
        at=100,
        before=89,
        quiet={
            "it completed": {
                _state("FAILED"): "0x180",
                _state("FAILED").replace("name=", 'instance="b", name='): None,
                _state("COMPLETED"): "0x90 1x90",
            },
            "it failed hours ago": {
                _state("FAILED"): "1x180",
                _state("FAILED").replace("name=", 'instance="b", name='): "1x180",
            },
        },
    ),
    AlertCase(
        "SparkDriverOutOfMemory",
        {
            DRIVER: "1x150",
            EXECUTOR: "1x150",
            **_OTHERS,
            _killed("etl-driver"): "0x95 1x50",
            _killed("etl-driver").replace('"spark"', '"sidecar"'): "0x95 1x50",
            # Killed two hours ago: another job's, and an executor's.
            _killed("b-driver"): "1x150",
            DRIVER.replace('"etl"', '"b"').replace("etl-d", "b-d"): "1x150",
            _killed("etl-exec-1"): "1x150",
            # So was one of the same name in another team; this driver's container ended before,
            # too, for another reason.
            DRIVER.replace("team-a", "team-b").replace("etl-d", "etl2-d"): "1x150",
            _killed("etl2-driver").replace("team-a", "team-b"): "1x150",
            _killed("etl-driver", "Error"): "1x150",
        },
        _ETL,
        at=100,
        value=1,
        before=94,
        quiet={
            "it ended otherwise": {
                _killed("etl-driver").replace('"spark"', '"sidecar"'): None,
                _killed("etl-driver"): None,
                _killed("etl-driver", "Error"): "1x150",
            },
            "an executor was killed": {
                _killed("etl-driver").replace('"spark"', '"sidecar"'): None,
                _killed("etl-driver"): None,
                _killed("etl-exec-1"): "0x95 1x50",
            },
            "its pod is still there": {_killed("etl-driver"): "1x150"},
        },
    ),
    AlertCase(
        "SparkExecutorsOutOfMemory",
        {**_one_by_one(4), DRIVER: "1x90", **_OTHERS},
        _ETL,
        at=20,
        value=4,
        before=14,
        quiet={
            "three": {_killed("etl-exec-4"): None},
            "one of them twice": {
                _killed("etl-exec-4"): None,
                _killed("etl-exec-1").replace('"spark"', '"sidecar"'): "1x90",
            },
            "they ended otherwise": dict.fromkeys(_one_by_one(4)) | _one_by_one(4, "Completed"),
            "one is a driver": {_killed("etl-exec-4"): None, _killed("etl-driver"): "1x90"},
            "of two applications": {
                EXECUTOR.replace("exec-1", "exec-4"): None,
                EXECUTOR.replace("exec-1", "exec-4").replace('name="etl"', 'name="b"'): "1x90",
            },
        },
    ),
    AlertCase(
        "SparkEventsDropped",
        {_DROPPED: "0x10 0+50x20", _DROPPED.replace("etl-driver", "etl-2"): "0x10 0+50x20"},
        _ETL,
        at=20,
        value=900,
        before=8,
        quiet={
            "it dropped some long ago": {
                _DROPPED: "0+50x3 150x30",
                _DROPPED.replace("etl-driver", "etl-2"): None,
            }
        },
    ),
    AlertCase(
        "SparkDriverNotScraped",
        {_UP: "0x30"},
        _ETL,
        at=20,
        before=8,
        quiet={
            "it answers": {_UP: "1x30"},
            "only its own page is missing": {_UP: None, _UP.replace("executors", "driver"): "0x30"},
            "another program does not answer": {
                _UP: None,
                _UP.replace("spark-drivers", "other"): "0x30",
            },
        },
    ),
]
