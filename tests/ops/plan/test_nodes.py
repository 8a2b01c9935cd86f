"""NodePools and node groups are read into one form, and pods from every kind of workload."""

import dataclasses
from typing import Any

import pytest

from ops.plan.model import Plan
from ops.plan.node_templates import node_templates
from ops.plan.nodes import NodeSet, node_groups, node_pools, node_sets
from ops.plan.workloads import pods
from tests.ops.diff.plans import GROUP, SUBNET, TEMPLATE, kubernetes, plan, resource
from tests.plans import CLUSTER_AUTOSCALER, plan_of

RELEASE = "kubernetes:helm.sh/v3:Release"
NOT_READY = "s3.csi.aws.com/agent-not-ready"


def by_name(plan: Plan) -> dict[str, NodeSet]:
    return {one.name: one for one in node_sets(plan)}


@pytest.mark.parametrize("overrides", [(), CLUSTER_AUTOSCALER])
def test_nodes_of_both_autoscalers_have_equal_labels_and_taints(overrides: tuple[str, ...]) -> None:
    found = by_name(plan_of("dev", *overrides))
    assert set(found) == {
        *("system", "drivers", "default-arm-spot", "default-x86-spot"),
        *("default-arm-on-demand", "default-x86-on-demand"),
    }
    spot, drivers, system = (found[name] for name in ("default-arm-spot", "drivers", "system"))
    assert (spot.pool, spot.capacity_types, spot.architectures) == (
        "default",
        ("spot",),
        ("arm64",),
    )
    assert [str(one) for one in spot.taints] == ["spark-on-eks/pool=default:NoSchedule"]
    assert [one.key for one in spot.startup_taints] == [NOT_READY]
    assert not (spot.is_drivers or spot.is_system or spot.one_zone)
    assert (drivers.is_drivers, drivers.is_on_demand, drivers.one_zone) == (True, True, True)
    assert drivers.zones == ("us-west-2a",)
    assert (system.is_system, system.is_drivers, system.min_nodes) == (True, False, 2)
    for one in (spot, drivers):
        assert one.template is not None
        assert [volume.size_gib for volume in one.template.volumes] == [100]
        assert one.template.metadata_options["httpTokens"] == "required"
        assert one.template.tags["instance"]["stack"] == "dev"


def test_drivers_of_a_pool_with_its_own_bucket_are_drivers_and_a_pool_that_ends_so_is_not() -> None:
    etl = by_name(plan_of("staging"))["etl-drivers"]
    assert etl.is_drivers
    executors = dataclasses.replace(etl, labels={**etl.labels, "spark-on-eks/tier": "arm-spot"})
    assert not executors.is_drivers


def test_a_startup_taint_of_a_group_is_one_that_the_cluster_autoscaler_ignores() -> None:
    taints = [
        {"key": "spark-on-eks/pool", "value": "p", "effect": "NO_SCHEDULE"},
        {"key": NOT_READY, "effect": "NO_EXECUTE"},
    ]
    group = resource(GROUP, "g", {"taints": taints})
    autoscaler = resource(RELEASE, "r", {"values": {"extraArgs": {"startup-taint_1": NOT_READY}}})
    (alone,), (ignored,) = node_groups(plan(group)), node_groups(plan(group, autoscaler))
    assert [one.effect for one in alone.taints] == ["NoSchedule", "NoExecute"]
    assert [one.key for one in ignored.taints] == ["spark-on-eks/pool"]
    assert [one.key for one in ignored.startup_taints] == [NOT_READY]


def test_a_group_in_existing_subnets_has_no_zones_and_a_group_that_is_only_read_is_left_out() -> (
    None
):
    subnet = resource(SUBNET, "s", {"availabilityZone": "us-west-2a"})
    inputs = {"subnetIds": ["subnet-1", "subnet-given"]}
    group = resource(GROUP, "g", inputs, property_dependencies={"subnetIds": (subnet.urn,)})
    (found,) = node_groups(plan(group, subnet))
    assert (found.zones, found.one_zone) == ((), False)
    assert node_groups(plan(dataclasses.replace(group, external=True))) == []


UNKNOWN: list[dict[str, Any]] = [
    {"spec": "[unknown]"},
    {"spec": {"template": "[unknown]"}},
    {"spec": {"template": {"metadata": "[unknown]", "spec": {"requirements": ["[unknown]"]}}}},
]


@pytest.mark.parametrize("inputs", UNKNOWN)
def test_what_a_preview_does_not_know_is_empty(inputs: dict[str, Any]) -> None:
    pool = kubernetes("NodePool", "p", inputs, group="karpenter.sh/v1")
    release = resource(RELEASE, "r", {"values": "[unknown]"})
    group = resource(GROUP, "g", dict.fromkeys(("labels", "taints", "subnetIds"), "[unknown]"))
    for one in node_sets(plan(pool, group, release)):
        assert (one.pool, one.taints, one.requirements, one.limits) == ("", (), (), {})
    (found,) = node_pools(plan(pool))
    assert found.is_known is (inputs is UNKNOWN[2])
    node_class = kubernetes(
        "EC2NodeClass", "c", {"spec": "[unknown]"}, group="karpenter.k8s.aws/v1"
    )
    template = resource(TEMPLATE, "t", {"blockDeviceMappings": "[unknown]"})
    for known in node_templates(plan(node_class, template)):
        assert (known.volumes, known.volumes_known) == ((), False)


def test_sizes_of_volumes_are_gib_in_a_template_and_quantities_in_a_class() -> None:
    def mapping(size: Any) -> list[dict[str, Any]]:
        return [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": size}}]

    template = resource(TEMPLATE, "t", {"blockDeviceMappings": mapping(50)})
    spec = {"blockDeviceMappings": mapping("1Ti")}
    node_class = kubernetes("EC2NodeClass", "c", {"spec": spec}, group="karpenter.k8s.aws/v1")
    sizes = [one.volumes[0].size_gib for one in node_templates(plan(template, node_class))]
    assert sizes == [50, 1024]


def test_pods_are_found_in_every_kind_that_has_them() -> None:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c"}]}}
    found = plan(
        kubernetes("Pod", "pod", template),
        kubernetes("Deployment", "d", {"spec": {"replicas": 2, "template": template}}),
        kubernetes("CronJob", "cron", {"spec": {"jobTemplate": {"spec": {"template": template}}}}),
        kubernetes("DaemonSet", "unknown", {"spec": "[unknown]"}),
    )
    assert {(one.kind, one.namespace, one.replicas) for one in pods(found)} == {
        ("Pod", "default", 1),
        ("Deployment", "default", 2),
        ("CronJob", "default", 1),
    }
    assert {one["name"] for pod in pods(found) for one in pod.containers} == {"c"}
