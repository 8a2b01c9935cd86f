"""Cluster Autoscaler over a plan of nodes: each rung and each drivers' pool a managed node group.

For those who may not run Karpenter. The ladder is the priority expander's, in the same order.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.base import child
from components.identity import ServiceAccountRole, Statement
from components.instances import Arch, has_local_disks
from components.mounts.contract import NodePart
from components.node_groups import (
    SYSTEM_LABELS,
    SYSTEM_TAINT_KEY,
    NodeRole,
    ami_type,
    launch_template,
)
from components.node_plan import NodeGroupPlan, NodePlan, Platform
from components.pools import LADDER, POOL_LABEL, TIER_LABEL, DriverPool, Pool
from userdata.render import mime, node_config
from versions import CLUSTER_AUTOSCALER

_NAMESPACE = "kube-system"
_ACCOUNT = "cluster-autoscaler"
_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}


class ClusterAutoscaler(pulumi.ComponentResource):
    """Node groups for the plan, and the autoscaler that sizes them."""

    def __init__(
        self,
        name: str,
        platform: Platform,
        plan: NodePlan,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:autoscaler:ClusterAutoscaler", name, None, opts)
        self._name, self._platform, self._plan = name, platform, plan
        groups = {
            pool_name: created
            for group in plan.groups
            for pool_name, created in self._create_groups(group).items()
        }
        release = self._create_controller([one for created in groups.values() for one in created])
        self.node_groups: Mapping[str, Sequence[pulumi.Resource]] = {
            pool_name: [release, *created] for pool_name, created in groups.items()
        }
        """Pool to its node groups and what sizes them, drivers' pools included."""
        self.register_outputs({})

    def _create_groups(self, group: NodeGroupPlan) -> dict[str, list[pulumi.Resource]]:
        drivers = self._plan.drivers
        role = NodeRole(
            f"{self._name}-{group.jars}",
            cloud=self._platform.cloud,
            cluster_networking=not self._platform.own_cluster,
            statements=self._plan.node_part(group.jars, drivers).statements,
            opts=child(self),
        )
        created: dict[str, list[pulumi.Resource]] = {
            pool.name: [
                self._create_group(
                    f"{pool.name}-{tier.name}",
                    pool.name,
                    pool,
                    tier=tier.name,
                    arch=tier.arch,
                    capacity_type="SPOT" if tier.capacity_type == "spot" else "ON_DEMAND",
                    subnets=self._platform.network.private_subnet_ids,
                    max_nodes=pool.limits.cpu // pool.smallest_vcpus,
                    role=role,
                    node_part=self._plan.node_part(group.jars, pool),
                )
                for tier in pool.tiers
            ]
            for pool in group.pools
        }
        zone = self._plan.driver_zone.removeprefix(self._platform.cloud.region)
        created[group.driver_pool] = [
            self._create_group(
                group.driver_pool,
                group.driver_pool,
                drivers,
                tier="on-demand",
                arch="arm64" if drivers.families_of("arm64") else "amd64",
                capacity_type="ON_DEMAND",
                subnets=[self._platform.network.private_subnets[zone]],
                max_nodes=drivers.limits.cpu // drivers.smallest_vcpus,
                role=role,
                node_part=self._plan.node_part(group.jars, drivers),
            )
        ]
        return created

    def _create_group(
        self,
        group_name: str,
        pool_name: str,
        shape: Pool | DriverPool,
        *,
        tier: str,
        arch: Arch,
        capacity_type: Literal["SPOT", "ON_DEMAND"],
        subnets: Sequence[pulumi.Output[str]],
        max_nodes: int,
        role: NodeRole,
        node_part: NodePart,
    ) -> aws.eks.NodeGroup:
        name = f"{self._name}-{group_name}"
        families = shape.families_of(arch)
        config = node_config(local_disks=any(has_local_disks(family) for family in families))
        user_data = None
        if node_part.scripts or config:
            user_data = pulumi.Output.all(*node_part.scripts).apply(
                lambda scripts: mime(scripts, config)
            )
        template = launch_template(
            name,
            parent=self,
            cloud=self._platform.cloud,
            cluster=self._platform.cluster,
            os=shape.os,
            disk_gib=shape.disk_gi_b,
            metadata_hop_limit=node_part.metadata_hop_limit,
            user_data=user_data,
            node_name=group_name,
        )
        return aws.eks.NodeGroup(
            f"{name}-group",
            cluster_name=self._platform.cluster.name,
            node_group_name_prefix=f"{group_name}-",
            node_role_arn=role.arn,
            subnet_ids=subnets,
            ami_type=ami_type(shape.os, arch),
            release_version=shape.ami_release,
            version=self._platform.cluster.version,
            capacity_type=capacity_type,
            # The autoscaler reckons with the first type: settings allow one size and one series.
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
            scaling_config={"min_size": 0, "max_size": max(1, max_nodes), "desired_size": 0},
            update_config={"max_unavailable_percentage": 10},
            # The size is the autoscaler's.
            opts=child(
                self,
                depends_on=[*self._platform.after, *self._platform.network.egress, *role.grants],
                ignore_changes=["scalingConfig.desiredSize"],
            ),
        )

    def _create_controller(self, groups: Sequence[pulumi.Resource]) -> pulumi.Resource:
        cluster, cloud = self._platform.cluster, self._platform.cloud
        role = ServiceAccountRole(
            f"{self._name}-controller",
            namespace=_NAMESPACE,
            service_account=_ACCOUNT,
            oidc=cluster.oidc,
            cloud=cloud,
            policies={"scale": _permissions(cluster.name, cluster.arn)},
            opts=child(self),
        )
        startup_taints = sorted(
            {
                taint.key
                for group in self._plan.groups
                for taint in self._plan.node_part(group.jars, self._plan.drivers).startup_taints
            }
        )
        return k8s.helm.v3.Release(
            f"{self._name}-controller",
            name="cluster-autoscaler",
            chart=CLUSTER_AUTOSCALER.chart,
            version=CLUSTER_AUTOSCALER.version,
            repository_opts={"repo": CLUSTER_AUTOSCALER.repository},
            namespace=_NAMESPACE,
            values={
                "autoDiscovery": {"clusterName": cluster.name},
                "awsRegion": cloud.region,
                "cloudProvider": "aws",
                "replicaCount": 2,
                "podDisruptionBudget": {"maxUnavailable": 1},
                "priorityClassName": "system-cluster-critical",
                "rbac": {
                    "serviceAccount": {
                        "name": _ACCOUNT,
                        "annotations": {"eks.amazonaws.com/role-arn": role.arn},
                    }
                },
                "nodeSelector": dict(SYSTEM_LABELS),
                "tolerations": [{"key": SYSTEM_TAINT_KEY, "operator": "Exists"}],
                "resources": {
                    "requests": {"cpu": "100m", "memory": "600Mi"},
                    "limits": {"memory": "600Mi"},
                },
                "expanderPriorities": _priorities(),
                "extraArgs": {
                    "expander": "priority",
                    "skip-nodes-with-local-storage": False,
                    # The flag takes one taint each time; the chart drops what follows the `_`.
                    **{
                        f"startup-taint_{number}": taint
                        for number, taint in enumerate(startup_taints, start=1)
                    },
                },
            },
            opts=child(self, depends_on=[*self._platform.after, *role.grants, *groups]),
        )


def _priorities() -> str:
    """Priority to patterns of group names. A group that no pattern matches is never chosen, so
    drivers' groups have one, too. As text: the autoscaler wants numbers for keys."""
    ladder = [(tier.weight, f".*-{tier.name}-.*") for tier in LADDER]
    return "".join(
        f"{priority}:\n  - {pattern}\n" for priority, pattern in [*ladder, (10, ".*drivers-.*")]
    )


def _permissions(cluster: str, cluster_arn: pulumi.Output[str]) -> list[Statement]:
    """Source: github.com/kubernetes/autoscaler, cluster-autoscaler/cloudprovider/aws/README.md."""
    return [
        # Auto Scaling's and EC2's Describe actions know no resources.
        Statement(
            "Discover",
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "autoscaling:DescribeTags",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ],
            ["*"],
        ),
        Statement(
            "DescribeGroups",
            ["eks:DescribeNodegroup"],
            [cluster_arn.apply(lambda arn: arn.replace(":cluster/", ":nodegroup/") + "/*")],
        ),
        # The groups' names are EKS' own and not known beforehand: their tag is the bound.
        Statement(
            "ScaleOwnGroups",
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            ["*"],
            conditions={
                "StringEquals": {
                    f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned",
                }
            },
        ),
    ]
