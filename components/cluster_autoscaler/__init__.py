"""Cluster Autoscaler: its controller, and the managed node groups that it scales."""

from components.cluster_autoscaler.controller import ClusterAutoscalerSettings, check_autoscaled
from components.cluster_autoscaler.node_groups import ClusterAutoscaler

__all__ = ["ClusterAutoscaler", "ClusterAutoscalerSettings", "check_autoscaled"]
