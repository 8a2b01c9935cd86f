"""Cluster Autoscaler itself: its release on the system nodes, its role, and its checks."""

from collections.abc import Sequence

import pulumi

from components.base import Problems
from components.context import Context
from components.eks_addons import system_placement
from components.helm_addon import HelmAddon, HelmSettings
from components.identity import Statement
from components.instances import series_of
from components.names import KUBE_SYSTEM
from components.node_groups import GROUP_TYPES
from components.pools import FALLBACK_ORDER, NodeShape
from components.workloads import Workload
from versions import CLUSTER_AUTOSCALER

_ACCOUNT = "cluster-autoscaler"
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
        "autoDiscovery.clusterName",
        "awsRegion",
        "cloudProvider",
        "rbac.serviceAccount",
        "expanderPriorities",
        "extraArgs.expander",
    )


class AutoscalerController(HelmAddon):
    """The release. It is deleted before the node groups that it scales."""

    def __init__(
        self,
        name: str,
        settings: ClusterAutoscalerSettings,
        context: Context,
        *,
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
                "autoDiscovery": {"clusterName": cluster.name},
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


def check_autoscaled(shape: NodeShape) -> Problems:
    """Node groups of one size and series: the autoscaler simulates a group by its first type."""
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
