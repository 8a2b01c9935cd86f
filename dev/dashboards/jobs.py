"""Dashboards of teams and of one job."""

from dev.dashboards.build import Dashboard, Panel, Variable

_TEAM = 'namespace=~"$namespace"'
_JOB = 'namespace=~"$namespace", application=~"$application"'
_NAMESPACE = Variable("namespace", "spark:pod:info", "namespace")


def _executors(metric: str) -> str:
    return f'metrics_executor_{metric}{{{_JOB}, executor_id!="driver"}}'


def _used_of_requested(used: str, resource: str) -> str:
    """A team's use as a part of the requests of its pods that run. `used` has a place for the
    selector."""
    running = 'max by (namespace, pod) (kube_pod_status_phase{phase="Running"} == 1)'
    requested = f'kube_pod_container_resource_requests{{{_TEAM}, resource="{resource}"}}'
    return (
        f"sum by (namespace) ({used % _TEAM}) / sum by (namespace) "
        f"({requested} * on (namespace, pod) group_left () {running})"
    )


TEAMS = Dashboard(
    "teams",
    "Spark: teams",
    variables=[_NAMESPACE],
    panels=[
        Panel(
            "Cost by team",
            "currencyUSD",
            [(f"namespace:cost:dollars_per_hour{{{_TEAM}}}", "{{namespace}}")],
            "Dollars an hour of requests, at Karpenter's prices.",
        ),
        Panel(
            "Cost by application",
            "currencyUSD",
            [
                (
                    f"topk(10, namespace_application:cost:dollars_per_hour{{{_TEAM}}})",
                    "{{namespace}}/{{application}}",
                )
            ],
            "Dollars an hour of the ten dearest.",
        ),
        Panel(
            "Executors by state",
            "short",
            [
                (
                    "sum by (namespace, phase) (namespace_application_role_phase:spark_pods:count"
                    f'{{{_TEAM}, role="executor", phase=~"Pending|Running"}})',
                    "{{namespace}} {{phase}}",
                )
            ],
        ),
        Panel(
            "Drivers by state",
            "short",
            [
                (
                    "sum by (namespace, phase) (namespace_application_role_phase:spark_pods:count"
                    f'{{{_TEAM}, role="driver", phase=~"Pending|Running"}})',
                    "{{namespace}} {{phase}}",
                )
            ],
        ),
        Panel(
            "Quota in use",
            "percentunit",
            [
                (
                    "max by (namespace, resource) "
                    f'(kube_resourcequota{{{_TEAM}, type="used"}}) / max by (namespace, resource) '
                    f'(kube_resourcequota{{{_TEAM}, type="hard"}})',
                    "{{namespace}} {{resource}}",
                )
            ],
            "Further pods are refused at 100 %.",
        ),
        Panel(
            "Memory used of what is requested",
            "percentunit",
            [
                (
                    _used_of_requested("container_memory_working_set_bytes{%s}", "memory"),
                    "{{namespace}}",
                )
            ],
            "Of containers that run: far below 100 % a team pays for memory that it does not need.",
        ),
        Panel(
            "CPU used of what is requested",
            "percentunit",
            [
                (
                    _used_of_requested(
                        "rate(container_cpu_usage_seconds_total{%s}[$__rate_interval])", "cpu"
                    ),
                    "{{namespace}}",
                )
            ],
            "Far below 100 %: executors wait, for tasks or for input.",
        ),
        Panel(
            "Start of applications",
            "s",
            [(f"namespace_step:start_seconds:p90{{{_TEAM}}}", "{{namespace}} {{step}}")],
            "Seconds from the creation of an application to each step, 90th percentile.",
        ),
        Panel(
            "Failed applications",
            "short",
            [
                (
                    "sum by (namespace) (max by (namespace, name) "
                    "(kube_customresource_spark_application_state"
                    f'{{{_TEAM}, state=~"FAILED|SUBMISSION_FAILED"}}))',
                    "{{namespace}}",
                )
            ],
            "Until they are deleted.",
        ),
        Panel(
            "Queues of YuniKorn",
            "short",
            [
                (
                    'max by (queue, state) (yunikorn_queue_resource{state=~"allocated|pending",'
                    ' resource="vcore"}) / 1000',
                    "{{queue}} {{state}}",
                )
            ],
            "vCPU; empty without YuniKorn.",
        ),
    ],
)

JOB = Dashboard(
    "job",
    "Spark: one job",
    variables=[_NAMESPACE, Variable("application", "spark:pod:info", "application")],
    panels=[
        Panel(
            "Executors and cost",
            "short",
            [
                (f"namespace_application:spark_executors:count{{{_JOB}}}", "executors"),
                (f"namespace_application:cost:dollars_per_hour{{{_JOB}}}", "dollars an hour"),
            ],
        ),
        Panel(
            "Tasks",
            "short",
            [
                (f"namespace_application:spark_active_tasks:sum{{{_JOB}}}", "running"),
                (f"namespace_application:spark_task_slots:sum{{{_JOB}}}", "slots"),
                (f"namespace_application:spark_failed_tasks:sum{{{_JOB}}}", "failed"),
            ],
            "Many slots without a task: too many executors, or too few partitions.",
        ),
        Panel(
            "Peak of resident memory",
            "bytes",
            [
                (_executors("ProcessTreeJVMRSSMemory_bytes"), "{{executor_id}} JVM"),
                (_executors("ProcessTreePythonRSSMemory_bytes"), "{{executor_id}} Python"),
            ],
            "Since an executor's start; a pod is killed at the limit of its container.",
        ),
        Panel(
            "Peak of the heap",
            "bytes",
            [(_executors("JVMHeapMemory_bytes"), "{{executor_id}}")],
        ),
        Panel(
            "Time in garbage collection",
            "percentunit",
            [(f"namespace_application:spark_gc:ratio{{{_JOB}}}", "{{application}}")],
            "Above a tenth: more memory for each task.",
        ),
        Panel(
            "Shuffle",
            "binBps",
            [
                (
                    f"sum(rate({_executors('totalShuffleRead_bytes_total')}[$__rate_interval]))",
                    "read",
                ),
                (
                    f"sum(rate({_executors('totalShuffleWrite_bytes_total')}[$__rate_interval]))",
                    "written",
                ),
            ],
        ),
        Panel(
            "Stages",
            "short",
            [
                (
                    f"metrics_spark_driver_DAGScheduler_stage_runningStages_Value{{{_JOB}}}",
                    "running",
                ),
                (
                    f"metrics_spark_driver_DAGScheduler_stage_waitingStages_Value{{{_JOB}}}",
                    "waiting",
                ),
                (f"metrics_spark_driver_DAGScheduler_stage_failedStages_Value{{{_JOB}}}", "failed"),
            ],
        ),
        Panel(
            "Heap of the driver",
            "bytes",
            [
                (f"metrics_spark_driver_jvm_heap_used_Value{{{_JOB}}}", "used"),
                (f"metrics_spark_driver_jvm_heap_max_Value{{{_JOB}}}", "limit"),
            ],
        ),
    ],
)
