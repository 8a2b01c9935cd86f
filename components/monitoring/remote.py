"""Which metrics leave the cluster for a workspace: recorded series, and inputs of alerts."""

from collections.abc import Sequence

from components.monitoring.fluent_bit import FLUENT_BIT
from components.monitoring.keep import (
    API_SERVER,
    CORE_DNS,
    DRIVER_EXECUTORS,
    DRIVER_ITSELF,
    KARPENTER,
    KUBE_STATE,
    KUBELET,
    NODE_EXPORTER,
    OFFERINGS,
    VPC_CNI,
)
from components.monitoring.rules.model import Group, Record

_SELF = (
    "prometheus_tsdb_head_series",
    "prometheus_remote_storage_(samples_failed_total|highest_timestamp_in_seconds)",
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
)


def written(rules: Sequence[Group]) -> list[str]:
    """Names of metrics as regular expressions: what the rules record, and what is kept at the
    scrape but for containers' use and the scheduler's queues."""
    recorded = {rule.name for one in rules for rule in one.rules if isinstance(rule, Record)}
    return [
        "up",
        *sorted(recorded),
        *API_SERVER,
        *CORE_DNS,
        *FLUENT_BIT,
        *DRIVER_EXECUTORS,
        *DRIVER_ITSELF,
        *KARPENTER,
        OFFERINGS,
        *KUBE_STATE,
        *KUBELET,
        *NODE_EXPORTER,
        *VPC_CNI,
        *_SELF,
    ]
