"""Permissions of Karpenter's controller, split into policies as upstream does.

Source of each statement: karpenter.sh, reference of the CloudFormation template, release 1.14.
"""

from collections.abc import Mapping, Sequence

import pulumi

from components.cloud import Cloud
from components.identity import Statement, Text
from components.names import NODE_CLASS_TAG

_LAUNCHED = (
    "fleet",
    "instance",
    "volume",
    "network-interface",
    "launch-template",
    "spot-instances-request",
)


def controller_policies(
    *,
    cloud: Cloud,
    cluster_name: str,
    cluster_arn: pulumi.Output[str],
    queue_arn: pulumi.Output[str],
    node_role_arns: Sequence[pulumi.Output[str]],
) -> Mapping[str, Sequence[Statement]]:
    """Short name to statements, one policy each: in one they would exceed IAM's size limit."""
    return {
        "nodes": _nodes(cloud, cluster_name),
        "profiles": _instance_profiles(cloud, cluster_name, node_role_arns),
        "cluster": [
            Statement("DiscoverEndpoint", ["eks:DescribeCluster"], [cluster_arn]),
            Statement(
                "ReadInterruptions",
                ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
                [queue_arn],
            ),
        ],
        "discovery": _discovery(cloud),
    }


def _nodes(cloud: Cloud, cluster: str) -> list[Statement]:
    owned = f"aws:ResourceTag/kubernetes.io/cluster/{cluster}"
    pool = "aws:ResourceTag/karpenter.sh/nodepool"
    asked = {
        f"aws:RequestTag/kubernetes.io/cluster/{cluster}": "owned",
        "aws:RequestTag/eks:eks-cluster-name": cluster,
    }
    for_pool = {"aws:RequestTag/karpenter.sh/nodepool": "*"}
    launched = [cloud.anywhere_arn("ec2", f"{kind}/*") for kind in _LAUNCHED]
    ingredients = [
        f"arn:{cloud.partition}:ec2:{cloud.region}::image/*",
        f"arn:{cloud.partition}:ec2:{cloud.region}::snapshot/*",
        *(
            cloud.anywhere_arn("ec2", f"{kind}/*")
            for kind in ("security-group", "subnet", "capacity-reservation", "placement-group")
        ),
    ]
    return [
        Statement(
            "LaunchFromIngredients",
            ["ec2:RunInstances", "ec2:CreateFleet"],
            ingredients,
            why="Images and snapshots belong to AWS, subnets and security groups have no "
            "ownership tag; a launch does not change them.",
        ),
        Statement(
            "LaunchFromOwnTemplates",
            ["ec2:RunInstances", "ec2:CreateFleet"],
            [cloud.anywhere_arn("ec2", "launch-template/*")],
            conditions={"StringEquals": {owned: "owned"}, "StringLike": {pool: "*"}},
            why="Karpenter creates the templates: only those with this cluster's tag.",
        ),
        Statement(
            "LaunchTagged",
            ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"],
            launched,
            conditions={"StringEquals": asked, "StringLike": for_pool},
            why="New instances have no ARN yet: the request must set this cluster's tags.",
        ),
        Statement(
            "TagOnLaunch",
            ["ec2:CreateTags"],
            launched,
            conditions={
                "StringEquals": {
                    **asked,
                    "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"],
                },
                "StringLike": for_pool,
            },
            why="Tags only during a launch, and only this cluster's: otherwise Karpenter "
            "could take over any instance.",
        ),
        Statement(
            "TagOwnInstances",
            ["ec2:CreateTags"],
            [cloud.anywhere_arn("ec2", "instance/*")],
            conditions={
                "StringEquals": {owned: "owned"},
                "StringLike": {pool: "*"},
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": cluster},
                "ForAllValues:StringEquals": {
                    "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
                },
            },
            why="Only three tag keys, on instances of this cluster.",
        ),
        Statement(
            "DeleteOwn",
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [
                cloud.anywhere_arn("ec2", "instance/*"),
                cloud.anywhere_arn("ec2", "launch-template/*"),
            ],
            conditions={"StringEquals": {owned: "owned"}, "StringLike": {pool: "*"}},
            why="Only instances and launch templates of this cluster.",
        ),
    ]


def _instance_profiles(
    cloud: Cloud, cluster: str, node_role_arns: Sequence[pulumi.Output[str]]
) -> list[Statement]:
    profiles: list[Text] = [
        pulumi.Output.format("arn:{0}:iam::{1}:instance-profile/*", cloud.partition, cloud.account)
    ]
    owned = {
        f"aws:ResourceTag/kubernetes.io/cluster/{cluster}": "owned",
        "aws:ResourceTag/topology.kubernetes.io/region": cloud.region,
    }
    asked = {
        f"aws:RequestTag/kubernetes.io/cluster/{cluster}": "owned",
        "aws:RequestTag/eks:eks-cluster-name": cluster,
        "aws:RequestTag/topology.kubernetes.io/region": cloud.region,
    }
    own_class = {f"aws:ResourceTag/{NODE_CLASS_TAG}": "*"}
    for_class = {f"aws:RequestTag/{NODE_CLASS_TAG}": "*"}
    return [
        Statement(
            "PassNodeRoles",
            ["iam:PassRole"],
            list(node_role_arns),
            conditions={"StringEquals": {"iam:PassedToService": f"ec2.{cloud.dns_suffix}"}},
        ),
        Statement(
            "CreateProfiles",
            ["iam:CreateInstanceProfile"],
            profiles,
            conditions={"StringEquals": asked, "StringLike": for_class},
            why="Karpenter generates the profiles' names: they must get this cluster's tags.",
        ),
        Statement(
            "TagProfiles",
            ["iam:TagInstanceProfile"],
            profiles,
            conditions={
                "StringEquals": {**owned, **asked},
                "StringLike": {**own_class, **for_class},
            },
            why="Only instance profiles of this cluster, which keep its tags.",
        ),
        Statement(
            "UseProfiles",
            [
                "iam:AddRoleToInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
                "iam:DeleteInstanceProfile",
            ],
            profiles,
            conditions={"StringEquals": owned, "StringLike": own_class},
            why="Only instance profiles of this cluster.",
        ),
        # Without these two an EC2NodeClass is never fully deleted.
        Statement(
            "ReadProfiles",
            ["iam:GetInstanceProfile"],
            profiles,
            why="Karpenter looks for the profiles of a node class before it deletes it; "
            "reading one gives no access.",
        ),
        Statement(
            "ListProfiles",
            ["iam:ListInstanceProfiles"],
            ["*"],
            why="The action has no resource-level permissions: "
            "docs.aws.amazon.com/service-authorization, ListInstanceProfiles.",
        ),
    ]


def _discovery(cloud: Cloud) -> list[Statement]:
    return [
        Statement(
            "DescribeInRegion",
            [
                "ec2:DescribeCapacityReservations",
                "ec2:DescribeImages",
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribePlacementGroups",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSpotPriceHistory",
                "ec2:DescribeSubnets",
            ],
            ["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": cloud.region}},
            why="EC2's Describe actions have no resource-level permissions; one region only.",
        ),
        Statement(
            "ReadImageNames",
            ["ssm:GetParameter"],
            [f"arn:{cloud.partition}:ssm:{cloud.region}::parameter/aws/service/*"],
        ),
        Statement(
            "ReadPrices",
            ["pricing:GetProducts"],
            ["*"],
            why="The price list is public and has no resource-level permissions.",
        ),
    ]
