"""Who adds and removes Spark's nodes. `scale` gives the one way that a stack has."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi

from components.cluster_autoscaler import ClusterAutoscaler
from components.karpenter import Karpenter
from components.node_plan import NodePlan, Platform

AutoscalerKind = Literal["karpenter", "cluster-autoscaler", "none"]


def scale(
    kind: AutoscalerKind,
    platform: Platform,
    plan: NodePlan,
    opts: pulumi.ResourceOptions,
) -> Mapping[str, Sequence[pulumi.Resource]]:
    """Creates the stack's Spark nodes; returns, by pool, what a team on that pool depends on.

    `none` creates nothing: Spark runs on nodes that somebody else looks after.
    """
    if kind == "karpenter":
        return Karpenter("karpenter", platform, plan, opts=opts).node_pools
    if kind == "cluster-autoscaler":
        return ClusterAutoscaler("cluster-autoscaler", platform, plan, opts=opts).node_groups
    return {}
