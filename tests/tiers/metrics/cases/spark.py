"""Cases of the series on Spark's pods and applications."""

from tests.tiers.metrics.cases.case import RecordCase

EXECUTOR = (
    'kube_pod_labels{namespace="team-a", pod="etl-exec-1", label_spark_role="executor", '
    'label_sparkoperator_k8s_io_app_name="etl", label_spark_exec_id="1", job="kube-state-metrics"}'
)
DRIVER = (
    'kube_pod_labels{namespace="team-a", pod="etl-driver", label_spark_role="driver", '
    'label_sparkoperator_k8s_io_app_name="etl", job="kube-state-metrics"}'
)
OTHER = 'kube_pod_labels{namespace="team-a", pod="web-0", job="kube-state-metrics"}'
_CREATED = (
    'kube_customresource_spark_application_created{namespace="team-a", name="etl", '
    'customresource_kind="SparkApplication"}'
)
_START = {
    EXECUTOR: "1x30",
    DRIVER: "1x30",
    _CREATED: "1000x30",
    'kube_pod_created{namespace="team-a", pod="etl-driver"}': "1004x30",
    'kube_pod_created{namespace="team-a", pod="etl-exec-1"}': "1090x30",
    'kube_pod_status_scheduled_time{namespace="team-a", pod="etl-driver"}': "1050x30",
    'kube_pod_status_ready_time{namespace="team-a", pod="etl-driver"}': "1160x30",
    'kube_pod_status_ready_time{namespace="team-a", pod="etl-exec-1"}': "1120x30",
    # A second kube-state-metrics while the first one ends.
    _CREATED.replace("name=", 'instance="b", name='): "1000x30",
    # A later executor, one of an attempt before, and the same names in another namespace.
    EXECUTOR.replace("exec-1", "exec-2").replace('exec_id="1"', 'exec_id="2"'): "1x30",
    'kube_pod_status_ready_time{namespace="team-a", pod="etl-exec-2"}': "1180x30",
    EXECUTOR.replace("exec-1", "exec-3").replace('exec_id="1"', 'exec_id="3"'): "1x30",
    'kube_pod_created{namespace="team-a", pod="etl-exec-3"}': "1001x30",
    'kube_pod_status_scheduled_time{namespace="team-a", pod="etl-exec-3"}': "1002x30",
    EXECUTOR.replace("team-a", "team-b"): "1x30",
    DRIVER.replace("team-a", "team-b"): "1x30",
    # Its first executor is gone: when the first one was ready is not known.
    EXECUTOR.replace('"etl"', '"late"')
    .replace("etl-exec-1", "late-exec-2")
    .replace('exec_id="1"', 'exec_id="2"'): "1x30",
    'kube_pod_status_ready_time{namespace="team-a", pod="late-exec-2"}': "1900x30",
    _CREATED.replace("etl", "late"): "1000x30",
    'kube_pod_status_ready_time{namespace="team-b", pod="etl-exec-1"}': "1010x30",
    _CREATED.replace("team-a", "team-b"): "1000x30",
}


def _executor(metric: str, of: str, application: str = "etl") -> str:
    return (
        f'metrics_executor_{metric}{{namespace="team-a", application="{application}", '
        f'executor_id="{of}", pod="{application}-driver"}}'
    )


def _executors(metric: str, *values: int) -> dict[str, str]:
    names = ("driver", "1", "2")
    return {
        **{
            _executor(metric, name): f"{value}x20"
            for name, value in zip(names, values, strict=True)
        },
        _executor(metric, "1", "other"): "7x20",
    }


CASES = [
    RecordCase(
        "spark:pod:info",
        {EXECUTOR: "1x20", DRIVER: "1x20", OTHER: "1x20"},
        {
            'namespace="team-a", pod="etl-exec-1", role="executor", application="etl", '
            'executor="1"': 1,
            'namespace="team-a", pod="etl-driver", role="driver", application="etl"': 1,
        },
    ),
    RecordCase(
        "namespace_application_role_phase:spark_pods:count",
        {
            EXECUTOR: "1x20",
            EXECUTOR.replace("exec-1", "exec-2"): "1x20",
            OTHER: "1x20",
            EXECUTOR.replace("team-a", "team-b"): "1x20",
            'kube_pod_status_phase{namespace="team-a", pod="etl-exec-1", phase="Running"}': "1x20",
            'kube_pod_status_phase{namespace="team-a", pod="etl-exec-1", phase="Pending"}': "0x20",
            'kube_pod_status_phase{namespace="team-a", pod="etl-exec-2", phase="Running"}': "1x20",
            'kube_pod_status_phase{namespace="team-a", pod="web-0", phase="Running"}': "1x20",
            'kube_pod_status_phase{namespace="team-b", pod="etl-exec-1", phase="Running"}': "1x20",
        },
        {
            'namespace="team-a", application="etl", role="executor", phase="Running"': 2,
            'namespace="team-b", application="etl", role="executor", phase="Running"': 1,
        },
    ),
    RecordCase(
        "application:start_seconds",
        _START,
        {
            'namespace="team-a", application="etl", step="submitted"': 4,
            'namespace="team-a", application="etl", step="driver scheduled"': 50,
            'namespace="team-a", application="etl", step="driver running"': 160,
            'namespace="team-a", application="etl", step="first executor"': 120,
            'namespace="team-b", application="etl", step="first executor"': 10,
        },
    ),
    RecordCase(
        "namespace_step:start_seconds:p90",
        {
            **_START,
            **{
                name.replace("etl", "load"): value
                for name, value in _START.items()
                if "team-a" in name and "driver" in name
            },
            _CREATED.replace("etl", "load"): "960x30",
        },
        {
            'namespace="team-a", step="submitted"': 40,
            'namespace="team-a", step="driver scheduled"': 86,
            'namespace="team-a", step="driver running"': 196,
            'namespace="team-a", step="first executor"': 120,
            'namespace="team-b", step="first executor"': 10,
        },
    ),
    RecordCase(
        "namespace_application:spark_executors:count",
        _executors("maxTasks", 0, 4, 4),
        {
            'namespace="team-a", application="etl"': 2,
            'namespace="team-a", application="other"': 1,
        },
    ),
    RecordCase(
        "namespace_application:spark_active_tasks:sum",
        _executors("activeTasks", 0, 3, 4),
        {
            'namespace="team-a", application="etl"': 7,
            'namespace="team-a", application="other"': 7,
        },
    ),
    RecordCase(
        "namespace_application:spark_task_slots:sum",
        _executors("maxTasks", 0, 4, 4),
        {
            'namespace="team-a", application="etl"': 8,
            'namespace="team-a", application="other"': 7,
        },
    ),
    RecordCase(
        "namespace_application:spark_failed_tasks:sum",
        _executors("failedTasks_total", 0, 1, 4),
        {
            'namespace="team-a", application="etl"': 5,
            'namespace="team-a", application="other"': 7,
        },
    ),
    RecordCase(
        "namespace_application:spark_executor_memory_peak_bytes:max",
        {
            **_executors("ProcessTreeJVMRSSMemory_bytes", 10, 100, 300),
            **_executors("ProcessTreePythonRSSMemory_bytes", 0, 50, 20),
            **_executors("ProcessTreeOtherRSSMemory_bytes", 0, 1, 2),
        },
        {
            'namespace="team-a", application="etl"': 322,
            'namespace="team-a", application="other"': 21,
        },
    ),
    RecordCase(
        "namespace_application:spark_gc:ratio",
        {
            **_executors("totalGCTime_seconds_total", 0, 10, 20),
            **_executors("totalDuration_seconds_total", 0, 100, 200),
            _executor("totalGCTime_seconds_total", "1", "other"): "0x20",
            _executor("totalDuration_seconds_total", "1", "other"): "0x20",
        },
        {'namespace="team-a", application="etl"': 0.1},
    ),
]
