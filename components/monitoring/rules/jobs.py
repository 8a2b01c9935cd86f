"""Alerts on jobs: waiting, refused, failed, out of memory, unseen."""

from collections.abc import Iterator

from components.monitoring.rules.model import Alert, Inputs
from components.monitoring.rules.spark import PODS
from components.names import DRIVER_MONITOR


def job_alerts(inputs: Inputs) -> Iterator[Alert]:
    """Alerts for every stack with teams."""
    yield from _waiting(inputs)
    yield from _failing()
    yield from _unseen()


def _pending(role: str) -> str:
    return f"""sum by (namespace, application) (kube_pod_status_phase{{phase="Pending"}}
      * on (namespace, pod) group_left (application) {PODS}{{role="{role}"}}) > 0"""


def _waiting(inputs: Inputs) -> Iterator[Alert]:
    yield Alert(
        "SparkExecutorsPending",
        _pending("executor"),
        inputs.executors_pending_minutes,
        "warning",
        "{{ $value }} executors of {{ $labels.namespace }}/{{ $labels.application }} wait for a "
        "node or an image",
        "The job runs with fewer executors than it asked for, or not at all.",
        "`kubectl describe pod` says why: no capacity (see SpotCapacityScarce, NodePoolLimitNear), "
        "an image that cannot be pulled, a volume of another zone. A job whose executors fit on no "
        "node of its pool waits for ever: `make check-job`.",
    )
    yield Alert(
        "SparkDriverPending",
        _pending("driver"),
        inputs.drivers_pending_minutes,
        "critical",
        "The driver of {{ $labels.namespace }}/{{ $labels.application }} waits for a node",
        "The job has not begun. Drivers run on On-Demand nodes of one zone.",
        "`kubectl describe pod` of the driver; the drivers' NodePool (`kubectl get nodepool`), its "
        "limit and its zone.",
    )
    yield Alert(
        "SparkQuotaReached",
        """max by (namespace, resource) (kube_resourcequota{type="used"})
        / max by (namespace, resource) (kube_resourcequota{type="hard"}) > 0.95""",
        10,
        "warning",
        "{{ $labels.namespace }} uses {{ $value | humanizePercentage }} of its quota of "
        "{{ $labels.resource }}",
        "Further pods are refused, not pending: a job runs with fewer executors, and there is no "
        "pod that says so.",
        "`kubectl describe quota -n <team>`. Let jobs end, lower `spark.executor.instances` or "
        "`maxExecutors`, or raise `spark.teams[].quota`.",
    )


def _failing() -> Iterator[Alert]:
    yield Alert(
        "SparkApplicationFailed",
        """max by (namespace, name)
        (kube_customresource_spark_application_state{state=~"FAILED|SUBMISSION_FAILED"}) == 1
        unless on (namespace, name) max by (namespace, name)
        (kube_customresource_spark_application_state{state=~"FAILED|SUBMISSION_FAILED"}
        offset 1h) == 1""",
        0,
        "warning",
        "{{ $labels.namespace }}/{{ $labels.name }} failed",
        "The application ended without success, after its retries. The alert ends after an hour.",
        "`kubectl describe sparkapplication`, the driver's log, and the History Server.",
    )
    killed = 'kube_pod_container_status_terminated_reason{reason="OOMKilled"}'
    driver = f'on (namespace, pod) group_left (application) {PODS}{{role="driver"}}'
    yield Alert(
        "SparkDriverOutOfMemory",
        # The pod stays until its application is deleted.
        f"""max by (namespace, application) ({killed} * {driver}) > 0
        unless on (namespace, application)
        max by (namespace, application) ({killed} offset 1h * {driver}) > 0""",
        0,
        "warning",
        "The driver of {{ $labels.namespace }}/{{ $labels.application }} was killed: out of memory",
        "The container used more than its limit; the job failed with it. The alert ends after an "
        "hour.",
        "More `spark.driver.memoryOverhead` for Python and direct buffers, more "
        "`spark.driver.memory` for large `collect()` and broadcasts.",
    )
    yield Alert(
        "SparkExecutorsOutOfMemory",
        # Spark deletes the pod of an executor that has ended.
        f"""sum by (namespace, application) (max by (namespace, pod) (max_over_time({killed}[30m]))
        * on (namespace, pod) group_left (application) max by (namespace, pod, application)
        (max_over_time({PODS}{{role="executor"}}[30m]))) > 3""",
        0,
        "warning",
        "{{ $value }} executors of {{ $labels.namespace }}/{{ $labels.application }} were killed "
        "in half an hour: out of memory",
        "Executors use more than their limit. Each loss computes tasks again. There may be more: "
        "Spark deletes the pod of an executor soon, and Prometheus looks once a minute.",
        "More `spark.executor.memoryOverhead` (Python, direct buffers), fewer cores per executor, "
        "or smaller partitions.",
    )
    yield Alert(
        "SparkEventsDropped",
        """sum by (namespace, application) (increase(
        metrics_spark_driver_LiveListenerBus_queue_eventLog_numDroppedEvents_Count[10m])) > 0""",
        0,
        "warning",
        "The driver of {{ $labels.namespace }}/{{ $labels.application }} dropped "
        "{{ $value | humanize }} events",
        "The event log is incomplete: the History Server and advice on this job will be wrong.",
        "More `spark.driver.cores`, or `spark.scheduler.listenerbus.eventqueue.capacity` above "
        "10000.",
    )


def _unseen() -> Iterator[Alert]:
    yield Alert(
        "SparkDriverNotScraped",
        f'max by (namespace, application) (up{{job="{DRIVER_MONITOR}", page="executors"}}) == 0',
        10,
        "info",
        "Prometheus cannot read the metrics of {{ $labels.namespace }}/{{ $labels.application }}",
        "The job has no metrics on dashboards. It runs all the same.",
        "A title with a double quote or a backslash breaks the page of its executors (Spark writes "
        "it unescaped): the target's error on Prometheus' page is then about a label. The title "
        "is what the program passes to `appName`: leave it out, and it is the application's name; "
        "`make check-job` finds it in programs that are in the job's file. A job that closes its "
        "UI (`spark.ui.enabled: false`) has no metrics. Else the team's NetworkPolicy `metrics`.",
    )
