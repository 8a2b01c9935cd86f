"""The metrics that are kept, by what gives them: those that rules, alerts and dashboards use.

Each kept series costs Prometheus' memory (budget.py) for as long as its pod lives and up to three
hours more; while it runs an executor has 160 without these lists and 26 with them
(dev/bench/prometheus.py).
"""

from collections.abc import Sequence

DRIVER_EXECUTORS = (
    *(f"metrics_executor_{name}" for name in (
        "maxTasks", "activeTasks", "failedTasks_total",
        "totalDuration_seconds_total", "totalGCTime_seconds_total",
        "totalShuffleRead_bytes_total", "totalShuffleWrite_bytes_total", "JVMHeapMemory_bytes",
        "ProcessTreeJVMRSSMemory_bytes", "ProcessTreePythonRSSMemory_bytes",
        "ProcessTreeOtherRSSMemory_bytes",
    )),
)  # fmt: skip
"""A series for each executor and one for the driver, from the driver's page of executors."""

DRIVER_ITSELF = tuple(
    f"metrics_spark_driver_{name}"
    for name in (
        "DAGScheduler_stage_runningStages_Value",
        "DAGScheduler_stage_waitingStages_Value",
        "DAGScheduler_stage_failedStages_Value",
        "LiveListenerBus_queue_eventLog_numDroppedEvents_Count",
        "jvm_heap_used_Value",
        "jvm_heap_max_Value",
    )
)
"""From the driver's own page."""

SPARK_OPERATOR = ("workqueue_depth",)
OFFERINGS = "karpenter_cloudprovider_instance_type_offering_(price_estimate|available)"
KARPENTER = (
    "karpenter_nodes_allocatable",
    "karpenter_nodepools_(usage|limit)",
    "karpenter_interruption_received_messages_total",
    "karpenter_interruption_message_queue_duration_seconds_bucket",
    "karpenter_ec2nodeclasses_userdata_bytes",
    "operator_nodepool_status_condition_count",
)
YUNIKORN = ("yunikorn_queue_resource",)
VPC_CNI = ("awscni_(assigned_ip_addresses|ip_max|no_available_ip_addresses)",)
KUBE_STATE = (
    "kube_pod_(info|created|labels|status_phase|status_scheduled_time|status_ready_time)",
    "kube_pod_container_(resource_requests|status_terminated_reason|status_waiting_reason)",
    "kube_resourcequota",
    "kube_deployment_status_replicas_available",
    "kube_customresource_spark_application_(state|created)",
)
"""Of kube-state-metrics: it does not compute others."""
NODE_EXPORTER = (
    "spark_jars_.+",
    "node_textfile_mtime_seconds",
    "node_filesystem_(avail|size)_bytes",
)
API_SERVER = (
    "apiserver_request_sli_duration_seconds_(bucket|count)",
    "apiserver_request_total",
    "apiserver_flowcontrol_rejected_requests_total",
    "apiserver_admission_webhook_admission_duration_seconds_(count|sum)",
    "apiserver_storage_size_bytes",
)
API_BORDERS = "(0[.]05|0[.]1|1|5|10|30|60)([.]0)?|[+]Inf"
"""Borders of its histogram, in seconds, that are kept."""
CORE_DNS = ("coredns_dns_responses_total",)
KUBELET = ("kubelet_volume_stats_(available|capacity)_bytes",)
CADVISOR = "container_(memory_working_set_bytes|cpu_usage_seconds_total)"
CONTROL_PLANE = (
    "scheduler_(pending_pods|pod_scheduling_sli_duration_seconds_(count|sum))",
    "workqueue_depth",
)
"""Of EKS' scheduler and controller manager."""


def keep(*names: str) -> list[dict[str, object]]:
    """Relabeling that keeps these metrics, given as regular expressions, and drops the others."""
    return [{"action": "keep", "sourceLabels": ["__name__"], "regex": "|".join(names)}]


def keep_cadvisor() -> list[dict[str, object]]:
    """Relabeling of cAdvisor's metrics: those of containers. It has memory and CPU of each pod's
    sandbox and of the pod as a whole besides."""
    return [
        {
            "action": "keep",
            "sourceLabels": ["__name__", "pod", "container"],
            "regex": f"{CADVISOR};.+;.+",
        }
    ]


def keep_karpenter(families: Sequence[str]) -> list[dict[str, object]]:
    """Relabeling of Karpenter's metrics: prices of the pools' families only. It has those of every
    type of the region, some 15,000 series."""
    types = "|".join(sorted(families))
    return [
        {
            "action": "keep",
            "sourceLabels": ["__name__", "instance_type"],
            "regex": f"({'|'.join(KARPENTER)});.*|{OFFERINGS};({types})[.].+",
        }
    ]


def keep_api_server() -> list[dict[str, object]]:
    """Relabeling of the API server's metrics."""
    others = "|".join(name for name in API_SERVER if "bucket" not in name)
    sli = "apiserver_request_sli_duration_seconds"
    return [
        {
            "action": "keep",
            "sourceLabels": ["__name__", "le"],
            "regex": f"({others}|{sli}_count);.*|{sli}_bucket;({API_BORDERS})",
        }
    ]
