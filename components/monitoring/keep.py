"""The metrics that are kept, by what gives them: those that rules, alerts and dashboards use.

Each kept series costs Prometheus' memory (budget.py) for as long as its pod lives and up to three
hours more; while it runs an executor has 160 without these lists and 29 with them
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

SPARK_OPERATOR = (
    "spark_application_submit_latency_seconds_histogram_(bucket|count|sum)",
    "spark_application_start_latency_seconds_histogram_(bucket|count|sum)",
    "spark_application_running_count",
    "workqueue_depth",
    "process_start_time_seconds",
)
OFFERINGS = "karpenter_cloudprovider_instance_type_offering_(price_estimate|available)"
KARPENTER = (
    "karpenter_nodes_(allocatable|total_pod_requests|created_total|terminated_total)",
    "karpenter_nodepools_(usage|limit)",
    "karpenter_nodeclaims_(created|disrupted|terminated)_total",
    "karpenter_interruption_received_messages_total",
    "karpenter_interruption_message_queue_duration_seconds_(bucket|count|sum)",
    "karpenter_scheduler_(queue_depth|unschedulable_pods_count)",
    "karpenter_ec2nodeclasses_userdata_bytes",
    "operator_nodepool_status_condition_count",
)
YUNIKORN = (
    "yunikorn_queue_resource",
    "yunikorn_queue_app",
    "yunikorn_scheduler_container_allocation_attempt_total",
)
VPC_CNI = (
    "awscni_(assigned_ip_addresses|total_ip_addresses|ip_max|no_available_ip_addresses)",
    "awscni_aws_api_error_count",
)
KUBE_STATE = (
    "kube_pod_(info|created|labels|start_time|status_phase|status_scheduled_time)",
    "kube_pod_status_(ready_time|unschedulable)",
    "kube_pod_container_(resource_requests|status_terminated_reason|status_waiting_reason)",
    "kube_resourcequota",
    "kube_deployment_status_replicas_available",
    "kube_customresource_spark_application_(state|created)",
)
"""Of kube-state-metrics: it does not compute others."""
NODE_EXPORTER = (
    "spark_jars_.+",
    "node_textfile_(mtime_seconds|scrape_error)",
    "node_(filesystem_(avail|size)_bytes|memory_(MemAvailable|MemTotal)_bytes)",
    "node_disk_(read|written)_bytes_total",
)
API_SERVER = (
    "apiserver_request_sli_duration_seconds_(bucket|count|sum)",
    "apiserver_request_total",
    "apiserver_flowcontrol_(rejected_requests_total|current_executing_seats)",
    "apiserver_admission_webhook_admission_duration_seconds_(count|sum)",
    "apiserver_storage_size_bytes",
    "process_start_time_seconds",
)
API_BORDERS = "(0[.]05|0[.]1|1|5|10|30|60)([.]0)?|[+]Inf"
"""Borders of its histogram, in seconds, that are kept."""
CORE_DNS = (
    "coredns_dns_(requests|responses)_total",
    "coredns_dns_request_duration_seconds_(bucket|count|sum)",
    "process_start_time_seconds",
)
CADVISOR = "container_(memory_working_set_bytes|cpu_usage_seconds_total)"
CADVISOR_NETWORK = "container_network_(receive|transmit)_bytes_total"
CONTROL_PLANE = (
    "scheduler_(pending_pods|pod_scheduling_sli_duration_seconds_(count|sum))",
    "workqueue_depth",
)
"""Of EKS' scheduler and controller manager."""


def keep(*names: str) -> list[dict[str, object]]:
    """Relabeling that keeps these metrics, given as regular expressions, and drops the others."""
    return [{"action": "keep", "sourceLabels": ["__name__"], "regex": "|".join(names)}]


def keep_cadvisor() -> list[dict[str, object]]:
    """Relabeling of cAdvisor's metrics: those of containers and of pods' networks.

    It has memory and CPU of each pod's sandbox and of the pod as a whole besides, and of the node
    the network of each pod a second time: the VPC CNI gives each an interface, and cAdvisor leaves
    out only lo, veth, docker and nerdctl.
    """
    return [
        {
            "action": "keep",
            "sourceLabels": ["__name__", "pod", "container"],
            "regex": f"{CADVISOR};.+;.+|{CADVISOR_NETWORK};.+;.*",
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
            "regex": f"({others}|{sli}_(count|sum));.*|{sli}_bucket;({API_BORDERS})",
        }
    ]
