"""Cluster Autoscaler instead of Karpenter: the same pools, drivers and fallback order."""

import re

import yaml

from tests.plans import CLUSTER_AUTOSCALER, NODE, absent, named, of_type, plan_of, statements
from tests.user_data import user_data_of

TIERS = ("arm-spot", "x86-spot", "arm-on-demand", "x86-on-demand")
ARM = "dev cluster-autoscaler-default-arm-spot-template"


def test_each_tier_and_the_drivers_are_a_managed_node_group_and_karpenter_is_absent() -> None:
    plan = plan_of("dev", *CLUSTER_AUTOSCALER)
    groups = {one.inputs["nodeGroupNamePrefix"]: one.inputs for one in of_type(plan, "NodeGroup")}
    assert set(groups) == {
        "system-",
        "default-arm-spot-",
        "default-x86-spot-",
        "default-arm-on-demand-",
        "default-x86-on-demand-",
        "drivers-",
    }
    assert groups["default-arm-spot-"]["capacityType"] == "SPOT"
    assert groups["default-arm-spot-"]["instanceTypes"] == ["m7gd.4xlarge"]
    assert groups["default-x86-on-demand-"]["instanceTypes"] == ["m7i.4xlarge"]
    assert groups["default-x86-on-demand-"]["amiType"] == "AL2023_x86_64_STANDARD"
    assert groups["drivers-"]["capacityType"] == "ON_DEMAND"
    assert groups["drivers-"]["subnetIds"] == ["subnet-network-private-a"]
    assert absent(plan, "karpenter")


def test_pools_start_empty_and_grow_to_their_limits() -> None:
    plan = plan_of("dev", *CLUSTER_AUTOSCALER)
    group = named(plan, "NodeGroup", "cluster-autoscaler-default-arm-spot-group")
    # Never changed by an update, which would also send the size.
    assert group.inputs["scalingConfig"] == {"minSize": 0, "maxSize": 450, "desiredSize": 0}
    assert group.options.ignore_changes == ("scalingConfig",)
    values = named(plan, "Release", "cluster-autoscaler-release").inputs["values"]
    limits = {one["name"]: (one["minSize"], one["maxSize"]) for one in values["autoscalingGroups"]}
    assert limits == {
        **{f"eks-cluster-autoscaler-default-{tier}-group": (0, 32) for tier in TIERS},
        "eks-cluster-autoscaler-drivers-group": (0, 32),
    }


def test_the_priority_expander_tries_the_rungs_in_karpenters_order() -> None:
    plan = plan_of("dev", *CLUSTER_AUTOSCALER)
    values = named(plan, "Release", "cluster-autoscaler-release").inputs["values"]
    assert values["extraArgs"]["expander"] == "priority"
    priorities = yaml.safe_load(values["expanderPriorities"])
    groups = [one.inputs["nodeGroupNamePrefix"] for one in of_type(plan, "NodeGroup")]

    def priority(group: str) -> int:
        # EKS names the Auto Scaling group after the node group.
        return max(
            (
                weight
                for weight, patterns in priorities.items()
                for pattern in patterns
                if re.match(pattern, f"eks-{group}20260101-uuid")
            ),
            default=0,
        )

    ladder = sorted((one for one in groups if one.startswith("default")), key=priority)
    assert ladder[::-1] == [
        "default-arm-spot-",
        "default-x86-spot-",
        "default-arm-on-demand-",
        "default-x86-on-demand-",
    ]
    assert priority("drivers-") > 0


def test_in_node_level_the_groups_user_data_mounts_the_jars_and_joins_local_disks() -> None:
    found = user_data_of("dev", *CLUSTER_AUTOSCALER, *NODE)
    assert "text/x-shellscript" in found[ARM] and "spark-jars" in found[ARM]
    assert '"strategy": "RAID0"' in found[ARM]  # m7gd
    assert "RAID0" not in found[ARM.replace("arm", "x86")]
    assert "dev system-template" not in found


def test_in_pod_level_a_group_has_user_data_only_for_its_local_disks() -> None:
    found = user_data_of("dev", *CLUSTER_AUTOSCALER)
    assert "spark-jars" not in found[ARM]
    assert not [name for name in found if "x86" in name]


def test_the_autoscaler_resizes_the_groups_of_this_cluster_only() -> None:
    plan = plan_of("dev", *CLUSTER_AUTOSCALER)
    document = named(plan, "Policy", "cluster-autoscaler-controller-scale").inputs["policy"]
    found = statements(document)
    assert found["ScaleOwnGroups"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/spark-dev": "owned"}
    }
    assert found["DescribeGroups"]["Resource"] == [
        "arn:aws:eks:us-west-2:111122223333:nodegroup/spark-dev/*"
    ]
