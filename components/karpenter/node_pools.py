"""The NodePools of an executors' pool, in their fallback order, and the drivers' NodePool."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.karpenter.node_class import API_VERSION as CLASS_API_VERSION
from components.mounts.base import NodePart
from components.names import POOL_LABEL, TIER_LABEL
from components.pools import DriverPool, NodeShape, Pool, Tier

API_VERSION = "karpenter.sh/v1"
_ZONE = "topology.kubernetes.io/zone"
_DELETION = {"pulumi.com/deletionPropagationPolicy": "foreground"}
"""Deletion then waits for the nodes. Background deletion returns at once, and Pulumi deletes the
controller while instances still run (github.com/METR/hawk/pull/21)."""


def create_executor_pool(
    name: str,
    pool: Pool,
    tier: Tier,
    *,
    region: str,
    node_part: NodePart,
    opts: pulumi.ResourceOptions,
) -> k8s.apiextensions.CustomResource:
    """One NodePool of a pool: one processor, one capacity type, one weight."""
    return _create_node_pool(
        name,
        f"{pool.name}-{tier.name}",
        pool,
        pool_name=pool.name,
        tier=tier.name,
        node_part=node_part,
        weight=tier.weight,
        requirements={
            "kubernetes.io/arch": [tier.arch],
            "karpenter.sh/capacity-type": [tier.capacity_type],
            **({_ZONE: [f"{region}{zone}" for zone in pool.zones]} if pool.zones else {}),
            "karpenter.k8s.aws/instance-family": pool.families_of(tier.arch),
            "karpenter.k8s.aws/instance-size": pool.sizes,
        },
        limits={"cpu": pool.limits.cpu, "memory": pool.limits.memory_gib},
        disruption={
            "consolidationPolicy": pool.consolidation.policy,
            "consolidateAfter": pool.consolidation.after,
            "budgets": [
                budget.model_dump(by_alias=True, exclude_none=True) for budget in pool.budgets
            ],
        },
        opts=opts,
    )


def create_driver_pool(
    name: str,
    pool_name: str,
    drivers: DriverPool,
    *,
    zone: str,
    node_part: NodePart,
    opts: pulumi.ResourceOptions,
) -> k8s.apiextensions.CustomResource:
    """The NodePool of drivers: On-Demand, one zone (`us-west-2a`), only empty nodes are removed."""
    return _create_node_pool(
        name,
        pool_name,
        drivers,
        pool_name=pool_name,
        tier="on-demand",
        node_part=node_part,
        weight=None,
        requirements={
            "kubernetes.io/arch": sorted(
                arch for arch in ("amd64", "arm64") if drivers.families_of(arch)
            ),
            "karpenter.sh/capacity-type": ["on-demand"],
            _ZONE: [zone],
            "karpenter.k8s.aws/instance-family": drivers.families,
            "karpenter.k8s.aws/instance-size": drivers.sizes,
        },
        limits={"cpu": drivers.limits.cpu, "memory": drivers.limits.memory_gib},
        disruption={
            "consolidationPolicy": "WhenEmpty",
            "consolidateAfter": drivers.empty_after,
            # A job fails with its driver: drift and underutilization must not evict it.
            "budgets": [
                {"nodes": "100%", "reasons": ["Empty"]},
                {"nodes": "0", "reasons": ["Underutilized", "Drifted"]},
            ],
        },
        opts=opts,
    )


def _create_node_pool(
    name: str,
    node_pool_name: str,
    shape: NodeShape,
    *,
    pool_name: str,
    tier: str,
    node_part: NodePart,
    weight: int | None,
    requirements: Mapping[str, Sequence[str]],
    limits: Mapping[str, int],
    disruption: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
) -> k8s.apiextensions.CustomResource:
    template: dict[str, Any] = {
        "nodeClassRef": {
            "group": CLASS_API_VERSION.partition("/")[0],
            "kind": "EC2NodeClass",
            "name": pool_name,
        },
        "requirements": [
            {"key": key, "operator": "In", "values": list(values)}
            for key, values in requirements.items()
        ],
        "taints": [{"key": POOL_LABEL, "value": pool_name, "effect": "NoSchedule"}],
        "expireAfter": shape.expire_after,
        "terminationGracePeriod": shape.termination_grace_period,
    }
    if node_part.startup_taints:
        template["startupTaints"] = [
            {"key": taint.key, "effect": taint.effect} for taint in node_part.startup_taints
        ]
    spec: dict[str, Any] = {
        "template": {
            "metadata": {"labels": {POOL_LABEL: pool_name, TIER_LABEL: tier, **node_part.labels}},
            "spec": template,
        },
        # Text, as the API server returns it: a number shows as a change in each preview.
        "limits": {"cpu": str(limits["cpu"]), "memory": f"{limits['memory']}Gi"},
        "disruption": disruption,
    }
    if weight is not None:
        spec["weight"] = weight
    return k8s.apiextensions.CustomResource(
        name,
        api_version=API_VERSION,
        kind="NodePool",
        metadata={"name": node_pool_name, "annotations": _DELETION},
        spec=spec,
        opts=opts,
    )
