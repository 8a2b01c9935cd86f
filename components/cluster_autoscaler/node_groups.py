"""Cluster Autoscaler with one managed node group per tier of a pool and per drivers' pool.

For users who cannot run Karpenter. The priority expander has the same fallback order.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.cluster_autoscaler.controller import (
    AutoscalerController,
    ClusterAutoscalerSettings,
    ScaledGroup,
    max_nodes,
)
from components.context import Context
from components.instances import Arch, has_instance_store
from components.mounts import Mount
from components.names import POOL_LABEL, TIER_LABEL
from components.node_groups import GROUP_NODES, NodeRole, ami_type, create_launch_template
from components.pools import DriverPool, NodeShape, Pool, PoolGroup, pool_groups
from userdata.render import mime, node_config

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
_GROUP_SIZES: aws.eks.NodeGroupScalingConfigArgsDict = {
    "min_size": 0,
    "max_size": GROUP_NODES,
    "desired_size": 0,
}
"""Sizes of a new group. An update of any of the three sends all three to EKS, the recorded
`desired_size` too, and so ends every node above it (github.com/pulumi/pulumi-aws/issues/2524).
They never change; the autoscaler's own limits do."""


class ClusterAutoscaler(pulumi.ComponentResource):
    """Node groups for the pools, and the autoscaler that scales them."""

    pools: Mapping[str, Sequence[pulumi.Resource]]
    """Pool to what its pods depend on: its node groups and the autoscaler. Drivers' pools too."""

    def __init__(
        self,
        name: str,
        settings: ClusterAutoscalerSettings,
        context: Context,
        *,
        pools: Sequence[Pool],
        drivers: DriverPool,
        driver_zone: str,
        mount: Mount,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`driver_zone` is the letter of the drivers' zone."""
        super().__init__(
            "spark-on-eks:autoscaler:ClusterAutoscaler", name, None, context.options(opts)
        )
        self._name, self._context, self._mount = name, context, mount
        self._scaled: list[ScaledGroup] = []
        components: dict[str, pulumi.Resource] = {}
        for group in pool_groups(pools):
            for pool in group.pools:
                components[pool.name] = self._create_pool(group, pool)
            components[group.driver_pool] = self._create_drivers(group, drivers, driver_zone)
        taints = {
            taint.key
            for group in pool_groups(pools)
            for taint in mount.node_part(group.jar_set).startup_taints
        }
        controller = AutoscalerController(
            name,
            settings,
            context.then(*components.values()),
            groups=self._scaled,
            startup_taints=sorted(taints),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.pools = {pool: [controller, component] for pool, component in components.items()}
        self.register_outputs({})

    def _create_pool(self, group: PoolGroup, pool: Pool) -> pulumi.Resource:
        component = self._component(pool.name)
        role = self._create_role(pool.name, group)
        for tier in pool.tiers:
            self._create_group(
                component,
                f"{pool.name}-{tier.name}",
                pool.name,
                group.jar_set,
                pool,
                tier=tier.name,
                arch=tier.arch,
                capacity_type="SPOT" if tier.capacity_type == "spot" else "ON_DEMAND",
                subnets=self._subnets(pool),
                max_nodes=max_nodes(pool),
                role=role,
            )
        component.register_outputs({"maxNodes": max_nodes(pool)})
        return component

    def _subnets(self, pool: Pool) -> list[pulumi.Output[str]]:
        private = self._context.network.private_subnets
        return [subnet for zone, subnet in private.items() if zone in (pool.zones or private)]

    def _create_drivers(self, group: PoolGroup, drivers: DriverPool, zone: str) -> pulumi.Resource:
        component = self._component(group.driver_pool)
        role = self._create_role(group.driver_pool, group)
        self._create_group(
            component,
            group.driver_pool,
            group.driver_pool,
            group.jar_set,
            drivers,
            tier="on-demand",
            arch="arm64" if drivers.families_of("arm64") else "amd64",
            capacity_type="ON_DEMAND",
            subnets=[self._context.network.private_subnets[zone]],
            max_nodes=max_nodes(drivers),
            role=role,
        )
        component.register_outputs({"maxNodes": max_nodes(drivers)})
        return component

    def _create_role(self, pool: str, group: PoolGroup) -> NodeRole:
        # Of the pool, not of its set of JARs: another role replaces a node group.
        return NodeRole(
            f"{self._name}-{pool}",
            cloud=self._context.cloud,
            cluster=self._context.cluster,
            statements=self._mount.node_part(group.jar_set).statements,
            pulls=self._context.images.node_statements,
            opts=pulumi.ResourceOptions(
                parent=self, aliases=group.aliases(pool, f"{self._name}-{{}}-node")
            ),
        )

    def _component(self, pool: str) -> pulumi.ComponentResource:
        return pulumi.ComponentResource(
            "spark-on-eks:autoscaler:Pool",
            f"{self._name}-{pool}",
            None,
            pulumi.ResourceOptions(parent=self),
        )

    def _create_group(
        self,
        parent: pulumi.ComponentResource,
        group_name: str,
        pool_name: str,
        jar_set: str,
        shape: NodeShape,
        *,
        tier: str,
        arch: Arch,
        capacity_type: Literal["SPOT", "ON_DEMAND"],
        subnets: Sequence[pulumi.Output[str]],
        max_nodes: int,
        role: NodeRole,
    ) -> None:
        name = f"{self._name}-{group_name}"
        context, node_part = self._context, self._mount.node_part(jar_set)
        families = shape.families_of(arch)
        disks = shape.local_disk != "ebs" and any(map(has_instance_store, families))
        config = node_config(local_disks=disks)
        user_data = None
        if node_part.scripts or config:
            user_data = pulumi.Output.all(*node_part.scripts).apply(
                lambda scripts: mime(scripts, config)
            )
        template = create_launch_template(
            name,
            context=context,
            os=shape.os,
            disk_gib=shape.disk_gib,
            disk_speed=shape.disk_speed,
            metadata_hop_limit=node_part.metadata_hop_limit,
            user_data=user_data,
            node_name=group_name,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        group = aws.eks.NodeGroup(
            f"{name}-group",
            cluster_name=context.cluster.name,
            node_group_name_prefix=f"{group_name}-",
            node_role_arn=role.arn,
            subnet_ids=subnets,
            ami_type=ami_type(shape.os, arch),
            release_version=shape.ami_release,
            version=context.cluster.version,
            capacity_type=capacity_type,
            # The autoscaler simulates the first type only: settings allow one size and one series.
            instance_types=[f"{family}.{size}" for size in shape.sizes for family in families],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            labels={POOL_LABEL: pool_name, TIER_LABEL: tier, **node_part.labels},
            taints=[
                {"key": POOL_LABEL, "value": pool_name, "effect": "NO_SCHEDULE"},
                *(
                    aws.eks.NodeGroupTaintArgs(key=taint.key, effect=_EFFECTS[taint.effect])
                    for taint in node_part.startup_taints
                ),
            ],
            scaling_config=_GROUP_SIZES,
            update_config={"max_unavailable_percentage": 10},
            opts=pulumi.ResourceOptions(
                parent=parent,
                depends_on=[*context.after, context.network, role],
                ignore_changes=["scalingConfig"],
            ),
        )
        self._scaled.append(ScaledGroup(group.resources[0].autoscaling_groups[0].name, max_nodes))
