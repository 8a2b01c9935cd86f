"""Karpenter over a plan of nodes."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.base import child
from components.karpenter.controller import Controller
from components.karpenter.ladder import driver_pool, rung
from components.karpenter.node_class import node_class
from components.node_groups import NodeRole
from components.node_plan import NodeGroupPlan, NodePlan, Platform
from components.pools import DriverPool, Pool


class Karpenter(pulumi.ComponentResource):
    """Node roles, the controller, then the node classes and NodePools it acts on.

    On destroy the order is the reverse: a NodePool ends when its last node is gone, a node class
    when the controller cleaned up after it, and roles, queue and routes are there until then.
    """

    def __init__(
        self,
        name: str,
        platform: Platform,
        plan: NodePlan,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:karpenter:Karpenter", name, None, opts)
        self._name, self._platform, self._plan = name, platform, plan
        roles = {group.jars: self._create_role(group) for group in plan.groups}
        entries = [self._let_join(jars, role) for jars, role in roles.items()]
        controller = Controller(
            name,
            cloud=platform.cloud,
            cluster=platform.cluster,
            node_role_arns=[role.arn for role in roles.values()],
            after=platform.after,
            opts=child(self),
        )
        grants = [grant for role in roles.values() for grant in role.grants]
        self._before_classes = [*controller.ready, *entries, *grants]
        self.node_pools: Mapping[str, Sequence[pulumi.Resource]] = {
            pool_name: created
            for group in plan.groups
            for pool_name, created in self._create_pools(group, roles[group.jars]).items()
        }
        """Pool to its NodePools, drivers' pools included."""
        self.register_outputs({})

    def _create_role(self, group: NodeGroupPlan) -> NodeRole:
        return NodeRole(
            f"{self._name}-{group.jars}",
            cloud=self._platform.cloud,
            cluster_networking=not self._platform.own_cluster,
            statements=self._plan.node_part(group.jars, self._plan.drivers).statements,
            opts=child(self),
        )

    def _let_join(self, jars: str, role: NodeRole) -> aws.eks.AccessEntry:
        # EKS makes this entry for managed groups only; without it a node never registers.
        return aws.eks.AccessEntry(
            f"{self._name}-{jars}-nodes",
            cluster_name=self._platform.cluster.name,
            principal_arn=role.arn,
            type="EC2_LINUX",
            opts=child(self, depends_on=[self._platform.cluster]),
        )

    def _create_pools(
        self, group: NodeGroupPlan, role: NodeRole
    ) -> dict[str, Sequence[pulumi.Resource]]:
        drivers = self._plan.drivers
        return {
            **{pool.name: self._ladder(group, pool, role) for pool in group.pools},
            group.driver_pool: [
                driver_pool(
                    f"{self._name}-{group.driver_pool}",
                    group.driver_pool,
                    drivers,
                    zone=self._plan.driver_zone,
                    node_part=self._plan.node_part(group.jars, drivers),
                    opts=self._on_class(group, group.driver_pool, drivers, role),
                )
            ],
        }

    def _ladder(self, group: NodeGroupPlan, pool: Pool, role: NodeRole) -> list[pulumi.Resource]:
        node_part = self._plan.node_part(group.jars, pool)
        opts = self._on_class(group, pool.name, pool, role)
        return [
            rung(
                f"{self._name}-{pool.name}-{tier.name}", pool, tier, node_part=node_part, opts=opts
            )
            for tier in pool.tiers
        ]

    def _on_class(
        self, group: NodeGroupPlan, pool_name: str, shape: Pool | DriverPool, role: NodeRole
    ) -> pulumi.ResourceOptions:
        """Creates the pool's node class, and gives the options of NodePools over it."""
        created = node_class(
            f"{self._name}-{pool_name}-class",
            pool_name,
            shape,
            cloud=self._platform.cloud,
            cluster=self._platform.cluster,
            network=self._platform.network,
            role=role,
            node_part=self._plan.node_part(group.jars, shape),
            opts=child(self, depends_on=self._before_classes),
        )
        return child(self, depends_on=[created])
