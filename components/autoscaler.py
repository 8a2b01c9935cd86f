"""The autoscaler of a stack's Spark nodes."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi

from components.base import Problems
from components.cluster_autoscaler import (
    ClusterAutoscaler,
    ClusterAutoscalerSettings,
    check_autoscaled,
)
from components.context import Context
from components.karpenter import Karpenter, KarpenterSettings
from components.mounts import Mount
from components.pools import DriverPool, Pool

AutoscalerKind = Literal["karpenter", "cluster-autoscaler", "none"]


def create_autoscaler(
    kind: AutoscalerKind,
    context: Context,
    *,
    karpenter: KarpenterSettings,
    cluster_autoscaler: ClusterAutoscalerSettings,
    pools: Sequence[Pool],
    drivers: DriverPool,
    mount: Mount,
) -> Mapping[str, Sequence[pulumi.Resource]]:
    """Creates the stack's Spark nodes; returns, by pool, what pods on that pool depend on.

    `none` creates nothing: Spark runs on existing nodes.
    """
    zone = drivers.zone or next(iter(context.network.private_subnets))
    if kind == "karpenter":
        return Karpenter(
            "karpenter",
            karpenter,
            context,
            pools=pools,
            drivers=drivers,
            driver_zone=zone,
            mount=mount,
        ).pools
    if kind == "cluster-autoscaler":
        return ClusterAutoscaler(
            "cluster-autoscaler",
            cluster_autoscaler,
            context,
            pools=pools,
            drivers=drivers,
            driver_zone=zone,
            mount=mount,
        ).pools
    return {}


def check_autoscaler(
    kind: AutoscalerKind,
    *,
    karpenter: KarpenterSettings,
    cluster_autoscaler: ClusterAutoscalerSettings,
    pools: Sequence[Pool],
    shapes: Mapping[str, Pool | DriverPool],
    system_nodes: bool,
) -> Problems:
    """An autoscaler needs pools and system nodes; values of the other one have no effect."""
    given = {"karpenter": karpenter, "cluster-autoscaler": cluster_autoscaler}
    keys = {"karpenter": "karpenter", "cluster-autoscaler": "clusterAutoscaler"}
    for name, settings in given.items():
        if settings.values and kind != name:
            yield f"{keys[name]}.values", f"has no effect with autoscaler: {kind}"
    if kind == "none":
        if pools:
            yield "pools", "have no effect with autoscaler: none; set pools: []"
        return
    if not pools:
        yield "pools", "is empty; set autoscaler: none where Spark runs on existing nodes"
    if not system_nodes:
        yield "systemNodes.create", f"false leaves {kind} without nodes to run on"
    if kind == "cluster-autoscaler":
        yield from check_autoscaled(shapes)
