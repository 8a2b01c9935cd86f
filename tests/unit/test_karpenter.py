"""Karpenter: the fallback order, drivers, the controller's permissions, and the order of a
destroy."""

import json

import pytest

from components.instances import arch_of
from tests.plans import named, of_type, plan_of, reaches, statements

REGION = "us-west-2"

RUNGS = [
    ("arm-spot", "arm64", "spot", 100),
    ("x86-spot", "amd64", "spot", 80),
    ("arm-on-demand", "arm64", "on-demand", 60),
    ("x86-on-demand", "amd64", "on-demand", 40),
]


def requirements(node_pool: dict) -> dict[str, list[str]]:
    """Key to values; every requirement of ours is a list to choose from."""
    found = node_pool["spec"]["template"]["spec"]["requirements"]
    assert all(one["operator"] == "In" for one in found)
    return {one["key"]: one["values"] for one in found}


@pytest.mark.parametrize(
    ("stack", "pool"),
    [("dev", "default"), ("staging", "default"), ("staging", "etl"), ("prod", "memory")],
)
def test_a_pool_falls_back_from_arm_spot_to_x86_on_demand(stack: str, pool: str) -> None:
    plan = plan_of(stack)
    for tier, arch, capacity_type, weight in RUNGS:
        node_pool = named(plan, "NodePool", f"karpenter-{pool}-{tier}").inputs
        assert node_pool["metadata"]["name"] == f"{pool}-{tier}"
        assert node_pool["spec"]["weight"] == weight
        wanted = requirements(node_pool)
        assert wanted["kubernetes.io/arch"] == [arch]
        assert wanted["karpenter.sh/capacity-type"] == [capacity_type]
        families = wanted["karpenter.k8s.aws/instance-family"]
        assert families and {arch_of(family) for family in families} == {arch}
        template = node_pool["spec"]["template"]
        taint = {"key": "spark-on-eks/pool", "value": pool, "effect": "NoSchedule"}
        assert template["spec"]["taints"] == [taint]
        assert template["metadata"]["labels"]["spark-on-eks/pool"] == pool


def test_a_node_pool_without_a_family_or_an_allowed_capacity_type_is_left_out() -> None:
    plan = plan_of("dev", "pools=[{name: p, families: [m7g], capacityTypes: [spot]}]")
    names = {one.inputs["metadata"]["name"] for one in of_type(plan, "NodePool")}
    assert names == {"p-arm-spot", "drivers"}


def test_running_executors_are_never_consolidated_away_by_default() -> None:
    for one in of_type(plan_of("prod"), "NodePool"):
        assert one.inputs["spec"]["disruption"]["consolidationPolicy"] == "WhenEmpty"


def test_each_pool_has_a_role_of_its_own_and_one_with_its_own_bucket_has_drivers_too() -> None:
    plan = plan_of("staging")
    drivers = named(plan, "NodePool", "karpenter-etl-drivers").inputs["spec"]["template"]
    assert drivers["spec"]["taints"][0]["value"] == "etl-drivers"
    roles = {
        one.inputs["metadata"]["name"]: one.inputs["spec"]["role"]
        for one in of_type(plan, "EC2NodeClass")
    }
    assert roles == {pool: f"karpenter-{pool}-node-role" for pool in roles}
    entries = {one.inputs["principalArn"] for one in of_type(plan, "AccessEntry")}
    assert {arn.rsplit("/", 1)[1] for arn in entries} == set(roles.values())
    assert all(one.inputs["type"] == "EC2_LINUX" for one in of_type(plan, "AccessEntry"))


def test_settings_of_a_pool_are_passed_to_karpenter() -> None:
    pool = (
        "{name: p, expireAfter: 48h, terminationGracePeriod: 20m, diskGiB: 200, amiRelease: "
        "v20260101, consolidation: {policy: WhenEmptyOrUnderutilized, after: 10m}, "
        "budgets: [{nodes: '5', schedule: '@daily', duration: 8h}], "
        "limits: {cpu: 64, memoryGiB: 96}}"
    )
    plan = plan_of("dev", f"pools=[{pool}]")
    spec = named(plan, "NodePool", "karpenter-p-arm-spot").inputs["spec"]
    assert spec["template"]["spec"]["expireAfter"] == "48h"
    assert spec["template"]["spec"]["terminationGracePeriod"] == "20m"
    assert spec["disruption"] == {
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "consolidateAfter": "10m",
        "budgets": [{"nodes": "5", "schedule": "@daily", "duration": "8h"}],
    }
    assert spec["limits"] == {"cpu": "64", "memory": "96Gi"}
    node_class = named(plan, "EC2NodeClass", "karpenter-p-class").inputs["spec"]
    assert node_class["amiSelectorTerms"] == [{"alias": "al2023@v20260101"}]
    assert node_class["blockDeviceMappings"][0]["ebs"]["volumeSize"] == "200Gi"


def test_local_disks_become_one_array_where_a_family_has_them() -> None:
    plan = plan_of("prod")
    memory = named(plan, "EC2NodeClass", "karpenter-memory-class").inputs["spec"]
    assert memory["instanceStorePolicy"] == "RAID0"
    default = named(plan, "EC2NodeClass", "karpenter-default-class").inputs["spec"]
    assert "instanceStorePolicy" not in default


def test_bottlerocket_nodes_keep_images_and_pods_on_their_second_disk() -> None:
    plan = plan_of("dev", "pools=[{name: p, os: bottlerocket, diskGiB: 80}]")
    spec = named(plan, "EC2NodeClass", "karpenter-p-class").inputs["spec"]
    assert spec["amiSelectorTerms"][0]["alias"].startswith("bottlerocket@v1.")
    sizes = {one["deviceName"]: one["ebs"]["volumeSize"] for one in spec["blockDeviceMappings"]}
    assert sizes == {"/dev/xvda": "4Gi", "/dev/xvdb": "80Gi"}


def test_five_kinds_of_events_reach_the_queue() -> None:
    plan = plan_of("dev")
    patterns = [json.loads(one.inputs["eventPattern"]) for one in of_type(plan, "EventRule")]
    assert sorted(one["detail-type"][0] for one in patterns) == [
        "AWS Health Event",
        "EC2 Capacity Reservation Instance Interruption Warning",
        "EC2 Instance Rebalance Recommendation",
        "EC2 Instance State-change Notification",
        "EC2 Spot Instance Interruption Warning",
    ]
    assert len(of_type(plan, "EventTarget")) == 5


def test_the_chart_uses_the_service_account_that_the_controllers_role_trusts() -> None:
    release = named(plan_of("dev"), "Release", "karpenter-release").inputs
    assert (release["name"], release["values"]["serviceAccount"]["name"]) == ("karpenter",) * 2


def controller_statements(stack: str) -> dict[str, dict]:
    found: dict[str, dict] = {}
    for one in of_type(plan_of(stack), "iam/policy:Policy"):
        if one.name.startswith("karpenter-controller-"):
            assert len(one.inputs["policy"]) < 6144  # IAM's limit for a managed policy
            found |= statements(one.inputs["policy"])
    return found


def test_the_controller_launches_tags_and_deletes_only_what_is_this_clusters() -> None:
    on, asked = "aws:ResourceTag/", "aws:RequestTag/"
    cluster = {"kubernetes.io/cluster/spark-dev": "owned"}
    name = {"eks:eks-cluster-name": "spark-dev"}
    region = {"topology.kubernetes.io/region": REGION}
    pool, node_class = {"karpenter.sh/nodepool": "*"}, {"karpenter.k8s.aws/ec2nodeclass": "*"}

    def tags(prefix: str, *found: dict[str, str]) -> dict[str, str]:
        return {f"{prefix}{key}": value for one in found for key, value in one.items()}

    own_instance = {"StringEquals": tags(on, cluster), "StringLike": tags(on, pool)}
    new_instance = {"StringEquals": tags(asked, cluster, name), "StringLike": tags(asked, pool)}
    creates = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]
    conditions = {sid: one.get("Condition") for sid, one in controller_statements("dev").items()}
    assert {sid: one for sid, one in conditions.items() if one} == {
        "DescribeInRegion": {"StringEquals": {"aws:RequestedRegion": REGION}},
        "PassNodeRoles": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        "LaunchFromOwnTemplates": own_instance,
        "LaunchTagged": new_instance,
        "TagOnLaunch": {
            **new_instance,
            "StringEquals": {**new_instance["StringEquals"], "ec2:CreateAction": creates},
        },
        "TagOwnInstances": {
            **own_instance,
            "StringEqualsIfExists": tags(asked, name),
            "ForAllValues:StringEquals": {
                "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
            },
        },
        "DeleteOwn": own_instance,
        "CreateProfiles": {
            "StringEquals": tags(asked, cluster, name, region),
            "StringLike": tags(asked, node_class),
        },
        "TagProfiles": {
            "StringEquals": tags(on, cluster, region) | tags(asked, cluster, name, region),
            "StringLike": tags(on, node_class) | tags(asked, node_class),
        },
        "UseProfiles": {
            "StringEquals": tags(on, cluster, region),
            "StringLike": tags(on, node_class),
        },
    }


def test_the_controller_may_do_what_ending_a_node_class_takes() -> None:
    actions = {action for one in controller_statements("dev").values() for action in one["Action"]}
    assert actions >= {"iam:ListInstanceProfiles", "iam:GetInstanceProfile"}
    assert "ec2:DescribeInstanceStatus" in actions  # required from 1.12 on


def test_the_drivers_zone_is_the_networks_first_or_the_one_that_is_named() -> None:
    node_pool = named(plan_of("dev", "drivers.zone=b"), "NodePool", "karpenter-drivers").inputs
    assert requirements(node_pool)["topology.kubernetes.io/zone"] == ["us-west-2b"]


def test_drivers_are_on_demand_in_one_zone_and_only_their_empty_nodes_are_removed() -> None:
    node_pool = named(plan_of("prod"), "NodePool", "karpenter-drivers").inputs
    wanted = requirements(node_pool)
    assert wanted["karpenter.sh/capacity-type"] == ["on-demand"]
    assert wanted["topology.kubernetes.io/zone"] == ["us-west-2a"]
    assert node_pool["spec"]["disruption"]["budgets"] == [
        {"nodes": "100%", "reasons": ["Empty"]},
        {"nodes": "0", "reasons": ["Underutilized", "Drifted"]},
    ]
    assert node_pool["spec"]["template"]["spec"]["expireAfter"] == "Never"
    assert "weight" not in node_pool["spec"]


def test_what_the_controller_needs_to_end_a_node_outlives_the_node_classes() -> None:
    plan = plan_of("dev")
    kept = reaches(plan, named(plan, "EC2NodeClass", "karpenter-default-class"))
    needed = [
        *of_type(plan, "EventTarget"),
        *(one for one in of_type(plan, "RolePolicyAttachment") if "karpenter" in one.name),
        named(plan, "Queue", "karpenter-interruption-queue"),
        named(plan, "Role", "karpenter-controller-role"),
        named(plan, "Role", "karpenter-default-node-role"),
        named(plan, "AccessEntry", "karpenter-default-nodes"),
        named(plan, "NatGateway", "network-nat-a"),
        named(plan, "VpcEndpoint", "network-s3"),
        named(plan, "OpenIdConnectProvider", "cluster-oidc"),
        named(plan, "Addon", "cluster-addons-coredns"),
    ]
    missing = [one.name for one in needed if one.urn not in kept]
    assert missing == []
