"""Series of Spark's pods and applications: who they are, how they start, how executors do."""

from collections.abc import Iterator

from components.monitoring.rules.model import Group, Record
from components.names import START_SECONDS

PODS = "spark:pod:info"
"""Every pod of Spark that exists: namespace, pod, role and application. To join by namespace and
pod: names of kube-state-metrics' labels stand here only."""


def spark_groups() -> Iterator[Group]:
    """Series for every stack with teams."""
    yield Group("spark-pods", _pods())
    yield Group("spark-start", _start())
    yield Group("spark-executors", _executors())


def _pods() -> list[Record]:
    labels = 'kube_pod_labels{label_spark_role=~"driver|executor"}'
    return [
        Record(
            PODS,
            f"""max by (namespace, pod, role, application, executor) (
              label_replace(label_replace(label_replace({labels},
                "role", "$1", "label_spark_role", "(.+)"),
                "application", "$1", "label_sparkoperator_k8s_io_app_name", "(.+)"),
                "executor", "$1", "label_spark_exec_id", "(.+)"))""",
        ),
        Record(
            "namespace_application_role_phase:spark_pods:count",
            f"""sum by (namespace, application, role, phase) (
              (kube_pod_status_phase == 1)
              * on (namespace, pod) group_left (application, role) {PODS})""",
        ),
    ]


def _start() -> list[Record]:
    """Kubernetes keeps times of pods that exist. A driver stays until its application is deleted;
    executors do not: the first one counts while executor 1 is there."""
    created = (
        "max by (namespace, application) (label_replace(kube_customresource_spark_application_"
        'created, "application", "$1", "name", "(.+)"))'
    )

    def earliest(metric: str, role: str) -> str:
        return f"""min by (namespace, application) (
          {metric} * on (namespace, pod) group_left (application) {PODS}{{role="{role}"}})"""

    def since_creation(step: str, moment: str) -> str:
        return f'label_replace({moment} - {created}, "step", "{step}", "", "")'

    first = f"""({earliest("kube_pod_status_ready_time", "executor")}
      and on (namespace, application) {PODS}{{role="executor", executor="1"}})"""
    steps = (
        since_creation("submitted", earliest("kube_pod_created", "driver")),
        since_creation("driver scheduled", earliest("kube_pod_status_scheduled_time", "driver")),
        since_creation("driver running", earliest("kube_pod_status_ready_time", "driver")),
        since_creation("first executor", first),
    )
    return [
        Record(START_SECONDS, " or ".join(steps)),
        Record(
            "namespace_step:start_seconds:p90",
            f"quantile by (namespace, step) (0.9, {START_SECONDS})",
        ),
    ]


def _executors() -> list[Record]:
    """From the drivers' own pages. `application` is a label of the pod, not what a job says."""
    by = "by (namespace, application)"
    resident = " + ".join(
        f"metrics_executor_ProcessTree{part}RSSMemory_bytes" for part in ("JVM", "Python", "Other")
    )
    work = "metrics_executor_totalDuration_seconds_total"
    return [
        Record(
            "namespace_application:spark_executors:count",
            f'count {by} (metrics_executor_maxTasks{{executor_id!="driver"}})',
        ),
        Record(
            "namespace_application:spark_active_tasks:sum",
            f"sum {by} (metrics_executor_activeTasks)",
        ),
        Record(
            "namespace_application:spark_task_slots:sum",
            f"sum {by} (metrics_executor_maxTasks)",
        ),
        Record(
            "namespace_application:spark_executor_memory_peak_bytes:max",
            f"max {by} ({resident})",
        ),
        Record(
            "namespace_application:spark_gc:ratio",
            f"sum {by} (metrics_executor_totalGCTime_seconds_total) / (sum {by} ({work}) > 0)",
        ),
        Record(
            "namespace_application:spark_failed_tasks:sum",
            f"sum {by} (metrics_executor_failedTasks_total)",
        ),
    ]
