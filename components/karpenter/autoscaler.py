"""Karpenter with the node roles, EC2NodeClasses and NodePools of a stack."""

from collections.abc import Collection, Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.context import Context
from components.karpenter.controller import KarpenterController, KarpenterSettings
from components.karpenter.node_class import create_node_class
from components.karpenter.node_pools import create_driver_pool, create_executor_pool
from components.karpenter.sizing import most_pods
from components.karpenter.spot_drill import SpotDrill
from components.mounts import Mount
from components.mounts.base import EBS_TAINT
from components.node_groups import NodeRole
from components.pools import DriverPool, NodeShape, Pool, PoolGroup, pool_groups


class Karpenter(pulumi.ComponentResource):
    """Node roles, the controller, then the EC2NodeClasses and NodePools that it acts on.

    The order of deletion is the reverse: deleting a NodePool waits for its nodes, an EC2NodeClass
    for the controller's finalizer, and roles, queue and routes exist until then.
    """

    pools: Mapping[str, Sequence[pulumi.Resource]]
    """Pool to its EC2NodeClass and NodePools, drivers' pools included."""

    def __init__(
        self,
        name: str,
        settings: KarpenterSettings,
        context: Context,
        *,
        pools: Sequence[Pool],
        drivers: DriverPool,
        driver_zone: str,
        claiming: Collection[str],
        mount: Mount,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`driver_zone` is the letter of the drivers' zone, `claiming` are the pools whose
        executors claim EBS volumes."""
        super().__init__("spark-on-eks:karpenter:Karpenter", name, None, context.options(opts))
        self._name, self._context, self._mount = name, context, mount
        self._claiming = claiming
        self._own = pulumi.ResourceOptions(parent=self)
        groups = pool_groups(pools)
        # A role for each pool, not for each set of JARs: a pool keeps it when it gains or loses a
        # bucket. Karpenter keeps a profile with the role before for an hour at least, so that the
        # role could not be deleted, and nodes that run would lose what they need of it.
        roles = {
            pool: self._create_role(pool, group) for group in groups for pool in group.node_pools
        }
        entries = [
            self._create_access_entry(pool, roles[pool], group)
            for group in groups
            for pool in group.node_pools
        ]
        controller = KarpenterController(
            name,
            settings,
            context,
            node_role_arns=[role.arn for role in roles.values()],
            pods=most_pods(pools, drivers),
            opts=self._own,
        )
        self._before_classes = [controller, *entries, *roles.values()]
        created: dict[str, pulumi.Resource] = {}
        for group in groups:
            for pool in group.pools:
                created[pool.name] = self._create_pool(group, pool, roles[pool.name])
            created[group.driver_pool] = self._create_drivers(
                group, drivers, driver_zone, roles[group.driver_pool]
            )
        if settings.spot_drill.enabled:
            SpotDrill(f"{name}-spot-drill", settings.spot_drill, context, opts=self._own)
        self.pools = {pool: [component] for pool, component in created.items()}
        self.register_outputs({})

    def _create_role(self, pool: str, group: PoolGroup) -> NodeRole:
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

    def _create_access_entry(
        self, pool: str, role: NodeRole, group: PoolGroup
    ) -> aws.eks.AccessEntry:
        # EKS creates this entry for managed node groups only; without it nodes cannot register.
        return aws.eks.AccessEntry(
            f"{self._name}-{pool}-nodes",
            cluster_name=self._context.cluster.name,
            principal_arn=role.arn,
            type="EC2_LINUX",
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self._context.cluster],
                aliases=group.aliases(pool, f"{self._name}-{{}}-nodes"),
            ),
        )

    def _create_pool(self, group: PoolGroup, pool: Pool, role: NodeRole) -> pulumi.Resource:
        component, on_class = self._create_class(group, pool.name, pool, role)
        for tier in pool.tiers:
            create_executor_pool(
                f"{self._name}-{pool.name}-{tier.name}",
                pool,
                tier,
                region=self._context.cloud.region,
                node_part=self._mount.node_part(group.jar_set).awaiting(
                    EBS_TAINT if pool.name in self._claiming else None
                ),
                opts=on_class,
            )
        component.register_outputs({})
        return component

    def _create_drivers(
        self, group: PoolGroup, drivers: DriverPool, zone: str, role: NodeRole
    ) -> pulumi.Resource:
        component, on_class = self._create_class(group, group.driver_pool, drivers, role)
        create_driver_pool(
            f"{self._name}-{group.driver_pool}",
            group.driver_pool,
            drivers,
            zone=f"{self._context.cloud.region}{zone}",
            node_part=self._mount.node_part(group.jar_set),
            opts=on_class,
        )
        component.register_outputs({})
        return component

    def _create_class(
        self, group: PoolGroup, pool: str, shape: NodeShape, role: NodeRole
    ) -> tuple[pulumi.ComponentResource, pulumi.ResourceOptions]:
        """A pool's component with its EC2NodeClass, and the options of its NodePools."""
        component = pulumi.ComponentResource(
            "spark-on-eks:karpenter:Pool", f"{self._name}-{pool}", None, self._own
        )
        node_class = create_node_class(
            f"{self._name}-{pool}-class",
            pool,
            shape,
            context=self._context,
            role=role,
            node_part=self._mount.node_part(group.jar_set),
            opts=pulumi.ResourceOptions(parent=component, depends_on=self._before_classes),
        )
        return component, pulumi.ResourceOptions(parent=component, depends_on=[node_class])
