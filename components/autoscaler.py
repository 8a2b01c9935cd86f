"""The autoscaler of a stack's Spark nodes."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Literal

import pulumi

from components.ami_release import check_group_release, check_karpenter_release
from components.base import Problems, below, sound
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
_OF_KARPENTER = {
    *("budgets", "consolidation", "empty_after", "expire_after", "termination_grace_period")
}
"""Fields of a pool that a managed node group does not have."""


def create_autoscaler(
    kind: AutoscalerKind,
    context: Context,
    *,
    karpenter: KarpenterSettings,
    cluster_autoscaler: ClusterAutoscalerSettings,
    pools: Sequence[Pool],
    drivers: DriverPool,
    driver_zone: str,
    claiming: Collection[str],
    mount: Mount,
) -> Mapping[str, Sequence[pulumi.Resource]]:
    """Creates the stack's Spark nodes; returns, by pool, what pods on that pool depend on.

    `driver_zone` is the letter of the drivers' zone, `claiming` are the pools whose executors claim
    EBS volumes: Karpenter's nodes there wait for the EBS driver. EKS would put such a taint on
    running nodes of a managed group, too. `none` creates nothing: Spark runs on existing nodes.
    """
    if kind == "karpenter":
        return Karpenter(
            "karpenter",
            karpenter,
            context,
            pools=pools,
            drivers=drivers,
            driver_zone=driver_zone,
            claiming=claiming,
            mount=mount,
        ).pools
    if kind == "cluster-autoscaler":
        return ClusterAutoscaler(
            "cluster-autoscaler",
            cluster_autoscaler,
            context,
            pools=pools,
            drivers=drivers,
            driver_zone=driver_zone,
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
) -> Problems:
    """An autoscaler needs pools; settings of the other one have no effect."""
    given = {"karpenter": karpenter, "cluster-autoscaler": cluster_autoscaler}
    keys = {"karpenter": "karpenter", "cluster-autoscaler": "clusterAutoscaler"}
    why = f"with autoscaler: {kind}"
    for name, settings in given.items():
        if kind != name:
            yield from below(keys[name], settings.without_effect(why))
    if kind == "none":
        if pools:
            yield "pools", "have no effect with autoscaler: none; set pools: []"
        yield from below("drivers", shapes["drivers"].without_effect(why))
        return
    if not pools:
        yield "pools", "is empty; set autoscaler: none where Spark runs on existing nodes"
    for key, shape in shapes.items():
        if kind == "cluster-autoscaler":
            has_effect = shape.model_fields_set - _OF_KARPENTER
            yield from below(key, shape.without_effect(why, but=has_effect))
            yield from below(key, sound(partial(check_autoscaled, shape)))


def check_releases(
    kind: AutoscalerKind, shapes: Mapping[str, Pool | DriverPool], kubernetes: str | None
) -> Problems:
    """Releases of the images of Spark's nodes; `kubernetes` is None for an existing cluster."""
    for key, shape in shapes.items():
        if kind == "karpenter":
            check = partial(_karpenter_release, shape)
        else:
            check = partial(_group_release, shape, kubernetes)
        yield from below(key, sound(check))


def _karpenter_release(shape: Pool | DriverPool) -> Problems:
    yield from check_karpenter_release(shape.ami_release, shape.os)


def _group_release(shape: Pool | DriverPool, kubernetes: str | None) -> Problems:
    yield from check_group_release(shape.ami_release, shape.os, kubernetes)
