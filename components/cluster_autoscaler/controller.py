"""Cluster Autoscaler itself: its release on the system nodes, its role, and its checks."""

from collections.abc import Sequence
from typing import NamedTuple

import pulumi

from components.base import Problems
from components.context import Context
from components.eks_addons import system_placement
from components.helm_addon import HelmAddon, HelmSettings
from components.identity import Statement
from components.instances import series_of
from components.names import KUBE_SYSTEM
from components.node_groups import GROUP_NODES, GROUP_TYPES
from components.pools import FALLBACK_ORDER, DriverPool, Pool
from components.workloads import Workload
from versions import CLUSTER_AUTOSCALER

_ACCOUNT = "cluster-autoscaler"
_IMAGE = "registry.k8s.io/autoscaling/cluster-autoscaler"
_CONTROLLER = Workload(
    "cluster-autoscaler",
    replicas="replicaCount",
    requests="resources",
    budget="podDisruptionBudget.maxUnavailable",
)


class ClusterAutoscalerSettings(HelmSettings):
    """`clusterAutoscaler`: the controller, with `autoscaler: cluster-autoscaler`."""

    fixed = (
        *_CONTROLLER.fixed_paths(),
        "autoscalingGroups",
        "autoDiscovery",
        "awsRegion",
        "cloudProvider",
        "rbac.serviceAccount",
        "expanderPriorities",
        "extraArgs.expander",
    )


class ScaledGroup(NamedTuple):
    """An Auto Scaling group, and the most nodes that the autoscaler gives it."""

    name: pulumi.Output[str]
    max_nodes: int


class AutoscalerController(HelmAddon):
    """The release. It is deleted before the node groups that it scales."""

    def __init__(
        self,
        name: str,
        settings: ClusterAutoscalerSettings,
        context: Context,
        *,
        groups: Sequence[ScaledGroup],
        startup_taints: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "autoscaler:Controller",
            name,
            CLUSTER_AUTOSCALER,
            context,
            namespace=KUBE_SYSTEM,
            workloads=[_CONTROLLER],
            provides=["node-group-scaling"],
            opts=opts,
        )
        cluster = context.cluster
        role_arn = self.create_role(_ACCOUNT, {"scale": _permissions(cluster.name, cluster.arn)})
        self.install(
            {
                # Named one by one: limits given here hold instead of the groups' own, which never
                # change, and the system nodes keep the size that the stack gives them.
                "autoscalingGroups": [
                    {"name": group.name, "minSize": 0, "maxSize": group.max_nodes}
                    for group in groups
                ],
                "awsRegion": context.cloud.region,
                "cloudProvider": "aws",
                "replicaCount": 2,
                "podDisruptionBudget": {"maxUnavailable": 1},
                "priorityClassName": "system-cluster-critical",
                "rbac": {
                    "serviceAccount": {
                        "name": _ACCOUNT,
                        "annotations": {"eks.amazonaws.com/role-arn": role_arn},
                    }
                },
                **system_placement(),
                **context.images.chart(_IMAGE),
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
            settings,
        )


def max_nodes(pool: Pool | DriverPool) -> int:
    """The most nodes of one group of a pool: its limit of vCPU in nodes of the smallest size."""
    return max(1, pool.limits.cpu // pool.smallest_vcpus)


def check_autoscaled(shape: Pool | DriverPool) -> Problems:
    """Node groups of one size and series, since the autoscaler simulates a group by its first type,
    and not larger than EKS allows."""
    if len(shape.sizes) > 1:
        yield "sizes", "must be one size with cluster-autoscaler: it simulates the first type only"
    if len({series_of(family) for family in shape.families}) > 1:
        text = "must be of one series (m, r, c) with cluster-autoscaler, for one memory per vCPU"
        yield "families", text
    for arch in ("arm64", "amd64"):
        found = len(shape.families_of(arch))
        if found > GROUP_TYPES:
            text = f"has {found} families of {arch}; a node group takes {GROUP_TYPES} types"
            yield "families", text
    if max_nodes(shape) > GROUP_NODES:
        yield (
            "limits.cpu",
            f"{shape.limits.cpu} are {max_nodes(shape)} nodes of {shape.sizes[0]}, and a managed "
            f"node group has at most {GROUP_NODES}; take a larger size or lower it",
        )


def _priorities() -> str:
    """Priority to patterns of group names. The expander never selects a group without a pattern:
    drivers' groups have one, too. As text, because the keys must be numbers."""
    pools = [(tier.weight, f".*-{tier.name}-.*") for tier in FALLBACK_ORDER]
    return "".join(
        f"{priority}:\n  - {pattern}\n" for priority, pattern in [*pools, (10, ".*drivers-.*")]
    )


def _permissions(cluster: str, cluster_arn: pulumi.Output[str]) -> list[Statement]:
    """Source: github.com/kubernetes/autoscaler, cluster-autoscaler/cloudprovider/aws/README.md."""
    return [
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
            why="Describe actions of EC2 and Auto Scaling have no resource-level permissions.",
        ),
        Statement(
            "DescribeGroups",
            ["eks:DescribeNodegroup"],
            [cluster_arn.apply(lambda arn: arn.replace(":cluster/", ":nodegroup/") + "/*")],
        ),
        Statement(
            "ScaleOwnGroups",
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            ["*"],
            conditions={
                "StringEquals": {
                    f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned",
                }
            },
            why="EKS generates the groups' names: only those with this cluster's tag.",
        ),
    ]
