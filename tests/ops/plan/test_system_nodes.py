"""The platform's pods are added up against the system nodes: requests, places, spread, one node
lost."""

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from ops.plan.model import Plan
from ops.plan.packages import packages
from ops.plan.platform_pods import CPU, DISK, MEMORY, PODS, PodGroup
from ops.plan.quantity import GIB, MIB
from ops.plan.system_nodes import SystemNodes, system_nodes
from tests.plans import CLUSTER_AUTOSCALER, NODE, STACKS, named, plan_of

LARGE = "systemNodes.instanceTypes=[m7g.large]"
SIX = "spark.teams=[{name: t1},{name: t2},{name: t3},{name: t4},{name: t5},{name: t6}]"
HISTORY = "spark.historyServer={enabled: true, release: r}"


def on(plan: Plan) -> SystemNodes:
    """The system nodes on their first type."""
    return system_nodes(plan)[0]


def group(name: str, replicas: int = 1, **amounts: Any) -> PodGroup:
    """A workload with `cpu` in vCPU, `gib` of memory and `disk` in GiB."""
    return PodGroup(
        name,
        named(plan_of("dev"), "NodeGroup", "system-group"),
        {
            CPU: Fraction(amounts.pop("cpu", 0)),
            MEMORY: Fraction(amounts.pop("gib", 0)) * GIB,
            DISK: Fraction(amounts.pop("disk", 0)) * GIB,
            PODS: Fraction(1),
        },
        replicas,
        **amounts,
    )


def holding(*groups: PodGroup) -> SystemNodes:
    """m7g.large nodes of dev, 1.93 vCPU and 5.8 GiB each, with these pods only."""
    return dataclasses.replace(on(plan_of("dev", LARGE)), groups=groups)


def amounts_of(plan: Plan) -> dict[str, tuple[int, float, float]]:
    """Replicas, vCPU and MiB of each workload."""
    return {
        one.name: (one.replicas, float(one.amounts[CPU]), float(one.amounts[MEMORY] / MIB))
        for one in on(plan).groups
    }


def test_every_workload_that_a_component_registers_is_added_up() -> None:
    assert amounts_of(plan_of("prod", "spark.yunikorn.enabled=true")) == {
        "karpenter controller": (2, 2.0, 8960),
        "spark-operator controller": (2, 0.2, 2048),
        "spark-operator webhook": (2, 0.1, 256),
        "yunikorn scheduler": (1, 0.2, 1024),
        "yunikorn admission-controller": (2, 0.1, 500),
        "coredns": (10, 0.1, 70),
        "metrics-server": (2, 0.1, 200),
        "aws-ebs-csi-driver controller": (2, 0.06, 240),
        "aws-mountpoint-s3-csi-driver controller": (1, 0, 0),
        "spark-history-analytics": (1, 0.2, 2048),
        "spark-history-ingest": (1, 0.2, 2048),
        # On each node.
        "vpc-cni aws-node": (1, 0.05, 0),
        "kube-proxy": (1, 0.1, 0),
        "aws-ebs-csi-driver node": (1, 0.03, 120),
        "aws-mountpoint-s3-csi-driver node": (1, 0.03, 120),
    }
    on_each = {"vpc-cni aws-node", "kube-proxy", "aws-ebs-csi-driver node"}
    groups = on(plan_of("staging")).groups
    assert {one.name for one in groups if one.every_node} == on_each
    assert {one.name for one in groups if one.one_per_node} == {"karpenter controller"}
    assert amounts_of(plan_of("dev", *CLUSTER_AUTOSCALER))["cluster-autoscaler"] == (2, 0.1, 600)


def test_user_s_values_are_what_is_added_up() -> None:
    values = "spark.operator.values={webhook: {resources: {requests: {memory: 1Gi}}}}"
    assert amounts_of(plan_of("dev", values))["spark-operator webhook"] == (2, 0.1, 1024)


def test_coredns_has_two_replicas_at_least() -> None:
    (found,) = [one for one in packages(plan_of("dev")) if one.name == "coredns"]
    (workload,) = found.workloads
    assert found.at(workload.replicas) == 2


@pytest.mark.parametrize(("cpu", "replicas"), [(8, 2), (128, 9), (1024, 10)])
def test_coredns_is_counted_as_it_scales_with_the_pools_limits(cpu: int, replicas: int) -> None:
    limits = f"{{cpu: {cpu}, memoryGiB: 65536}}"
    drivers = "drivers.limits={cpu: 8, memoryGiB: 64}" if cpu == 8 else "drivers={}"
    plan = plan_of("dev", f"pools=[{{name: default, limits: {limits}}}]", drivers)
    assert amounts_of(plan)["coredns"][0] == replicas


def test_an_init_container_counts_where_it_is_larger_and_a_team_s_pod_does_not() -> None:
    servers = on(plan_of("dev", HISTORY, "spark.historyServer.memoryMiB=1024")).groups
    (one, _) = [found for found in servers if found.name.startswith("spark-history")]
    assert one.amounts[MEMORY] == GIB and one.amounts[DISK] == 13 * GIB
    daemon = amounts_of(plan_of("dev", "jarMount.level=node", "jarMount.method=daemonset"))
    assert not [name for name in daemon if "jar-mount" in name]


@pytest.mark.parametrize("stack", [one for one in STACKS if one != "existing"])
def test_the_stacks_fit_on_each_of_their_system_nodes_types(stack: str) -> None:
    found = system_nodes(plan_of(stack))
    assert len(found) == 2
    for one in found:
        assert not one.unplaced(one.nodes), one.type.name
        assert not one.unplaced_after_loss(one.nodes), one.type.name
        assert not one.overfull_disks(one.nodes), one.type.name


def test_six_history_servers_do_not_fit_on_two_m7g_large() -> None:
    nodes = on(plan_of("dev", LARGE, SIX, HISTORY))
    assert any(name.startswith("spark-history") for name in nodes.unplaced(2))
    assert nodes.least_nodes == 5
    assert not on(
        plan_of("dev", LARGE, SIX, HISTORY, "systemNodes={minSize: 5, maxSize: 6}")
    ).unplaced(5)


@pytest.mark.parametrize(
    ("groups", "nodes", "missing"),
    [
        # By each resource.
        ([group("a", 1, cpu=1)], 2, []),
        ([group("a", 2, cpu=1)], 2, ["a"]),
        ([group("a", 2, gib=5, one_per_node=True)], 2, []),
        ([group("a", 2, gib=6, one_per_node=True)], 2, ["a"]),
        ([group("a", 219)], 2, []),
        ([group("a", 220)], 2, ["a"]),
        # A DaemonSet has a pod on each node.
        ([group("d", cpu=1, every_node=True), group("a", 2, cpu=0.5)], 3, []),
        ([group("d", cpu=1, every_node=True), group("a", 2, cpu=1)], 3, ["a"]),
        ([group("d", cpu=2, every_node=True)], 2, ["d"]),
        # Replicas that never share a node need as many nodes.
        ([group("k", 2, one_per_node=True)], 1, ["k"]),
        ([group("k", 3, one_per_node=True)], 2, ["k"]),
        ([group("k", 2, gib=1, one_per_node=True), group("a", 1, gib=4)], 2, []),
    ],
)
def test_pods_are_placed_as_the_scheduler_would(
    groups: Sequence[PodGroup], nodes: int, missing: list[str]
) -> None:
    assert holding(*groups).unplaced(nodes) == missing


def test_a_rollout_needs_room_for_one_more_pod_of_the_largest_workload() -> None:
    fixed = group("k", 2, gib=3, one_per_node=True)
    assert holding(fixed, group("a", 1, gib=2)).unplaced(2) == []
    assert holding(fixed, group("a", 2, gib=2)).unplaced(2) == ["a"]


def test_with_a_node_lost_one_replica_of_each_workload_fits() -> None:
    pairs = [group("a", 2, gib=2.5), group("b", 2, gib=2.5)]
    assert holding(*pairs).unplaced_after_loss(2) == []
    alone = group("c", 1, gib=1)
    assert holding(*pairs, alone).unplaced_after_loss(2) == ["c"]
    # The sum of 9 GiB fits on two nodes of 5.8 GiB, and the third pod on neither.
    assert holding(*(group(name, gib=3) for name in "abc")).unplaced_after_loss(3) == ["c"]


def test_volumes_count_against_the_disk_and_not_for_the_scheduler() -> None:
    # 50 GiB: 10 % is eviction's, 1 GiB kube-reserved.
    assert holding(group("a", 6, disk=12)).overfull_disks(2) == []
    assert holding(group("a", 7, disk=12)).overfull_disks(2) == ["a"]
    assert holding(group("a", 7, disk=12)).unplaced(2) == []


def test_a_plan_without_system_nodes_has_nothing_to_add_up() -> None:
    assert system_nodes(plan_of("existing")) == []
    assert "aws-mountpoint-s3-csi-driver node" not in amounts_of(plan_of("dev", *NODE))
