"""A job that its stack cannot run is not printed, and the error names the cause."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ops.jobs import check
from ops.jobs.team import Team, team_of
from ops.plan.errors import UserError
from ops.plan.model import Plan
from ops.plan.nodes import node_sets
from tests.ops.jobs.variants import application, objects_of
from tests.plans import CLUSTER_AUTOSCALER, NODE, plan_of

POOL_LABEL = "spark-on-eks/pool"
Change = Callable[[dict[str, Any]], Any]


def refused(change: Change, *overrides: str, team: str = "team-a") -> list[str]:
    """The problems of a taxi-trip job of dev after a change of its spec."""
    plan = plan_of("dev", *overrides)
    objects = json.loads(json.dumps(objects_of(plan, "taxi-trip", team)))
    change(objects[-1]["spec"])
    return check.problems(objects, team_of(plan, team), plan)


def put(*path: Any) -> Change:
    """A change that assigns a value, the last argument, to a path of keys."""

    def change(spec: dict[str, Any]) -> None:
        *above, last, value = path
        for step in above:
            spec = spec[step]
        spec[last] = value

    return change


def toleration(value: str) -> dict[str, str]:
    return {"key": POOL_LABEL, "operator": "Equal", "value": value, "effect": "NoSchedule"}


BROKEN: dict[str, Change] = {
    f"executor.nodeSelector: no node of the stack has the label {POOL_LABEL}=gpu": put(
        "executor", "nodeSelector", POOL_LABEL, "gpu"
    ),
    "driver.nodeSelector: no node of the stack has the label NodeGroupType=": put(
        "driver", "nodeSelector", "NodeGroupType", "SparkComputeOptimized"
    ),
    "executor.nodeSelector: kubernetes.io/arch is set by the NodePools, not by a job": put(
        "executor", "nodeSelector", "kubernetes.io/arch", "arm64"
    ),
    "karpenter.sh/capacity-type is set by the NodePools, not by a job": put(
        "executor", "nodeSelector", "karpenter.sh/capacity-type", "spot"
    ),
    "executor: NodePool default-arm-spot of its pool would not take it": put(
        "executor", "tolerations", []
    ),
    "executor.tolerations: no node of the stack has a taint for spark-on-eks/pool=gpu": put(
        "executor", "tolerations", [toleration("default"), toleration("gpu")]
    ),
    "spark-on-eks/pool=drivers tolerates spark-on-eks/pool=drivers, which is not its pool": put(
        "executor", "tolerations", [toleration("default"), toleration("drivers")]
    ),
    "driver.tolerations: *=* tolerates CriticalAddonsOnly=true, which is not its pool's": put(
        "driver", "tolerations", [{"operator": "Exists"}]
    ),
    "driver.volumeMounts: there is no volume jars": put(
        "driver", "volumeMounts", [{"name": "jars", "mountPath": "/mnt/s3"}]
    ),
    "executor.volumeMounts: there is no volume spark-jars": put("volumes", []),
    "executor.volumeMounts: spark-jars is not read-only and HostToContainer": put(
        "executor", "volumeMounts", [{"name": "spark-jars", "mountPath": "/mnt/s3"}]
    ),
    "executor.terminationGracePeriodSeconds: 120 is not under 120": put(
        "executor", "terminationGracePeriodSeconds", 120
    ),
    "driver.terminationGracePeriodSeconds: 120 is not under 120": lambda spec: spec["driver"].pop(
        "terminationGracePeriodSeconds"
    ),
    "driver.securityContext.allowPrivilegeEscalation: not what the level restricted requires": put(
        "driver", "securityContext", "allowPrivilegeEscalation", True
    ),
    "executor.securityContext.runAsUser": put("executor", "securityContext", "runAsUser", 0),
    "executor.securityContext.capabilities": put(
        "executor", "securityContext", "capabilities", {"drop": ["NET_RAW"]}
    ),
    "driver.podSecurityContext.runAsNonRoot": lambda spec: spec["driver"].pop("podSecurityContext"),
    "executor.securityContext.seccompProfile": lambda spec: spec["executor"]["securityContext"].pop(
        "seccompProfile"
    ),
}


@pytest.mark.parametrize("says", BROKEN, ids=lambda says: says[:60])
def test_a_job_that_is_broken_is_refused_with_the_reason(says: str) -> None:
    found = refused(BROKEN[says])
    assert [line for line in found if says in line], found


def test_a_generated_job_passes_its_own_checks() -> None:
    assert refused(lambda spec: None) == []
    assert refused(lambda spec: None, *CLUSTER_AUTOSCALER) == []


def test_every_node_pool_of_the_pool_takes_the_executors_and_no_other_does() -> None:
    plan = plan_of("dev")
    found = refused(put("executor", "nodeSelector", POOL_LABEL, "drivers"))
    names = [one.name for one in node_sets(plan) if one.pool == "default"]
    assert len(names) == 4
    for name in names:
        assert f"executor: NodePool {name} of its pool would not take it" in found


def test_node_groups_are_held_to_the_same_as_nodepools() -> None:
    plan = plan_of("dev", *CLUSTER_AUTOSCALER)
    groups = [one for one in node_sets(plan) if one.pool == "default"]
    assert groups and all(one.kind == "node group" for one in groups)
    # A job need not tolerate the taint that the CSI driver removes.
    assert {taint.key for one in groups for taint in one.taints} == {POOL_LABEL}
    found = refused(put("executor", "tolerations", []), *CLUSTER_AUTOSCALER)
    assert [line for line in found if "node group default-arm-spot of its pool" in line]


def team_with(plan: Plan, **changed: Any) -> Team:
    return replace(team_of(plan, "team-a"), **changed)


def said(team: Team, plan: Plan, **chosen: Any) -> list[str]:
    return check.problems(objects_of(plan, "taxi-trip", "team-a", **chosen), team, plan)


@pytest.mark.parametrize(
    ("hard", "says"),
    [
        ({"requests.cpu": "7"}, "needs 8 of requests.cpu and the quota of team team-a is 7"),
        ({"cpu": "7900m"}, "needs 8 of requests.cpu and the quota of team team-a is 7.9"),
        ({"limits.cpu": "8"}, "needs 9 of limits.cpu"),
        ({"requests.memory": "24Gi"}, "needs 25.0 GiB of requests.memory"),
        ({"limits.memory": "24Gi"}, "quota of team team-a is 24.0 GiB"),
        ({"pods": "2"}, "needs 3 of pods and the quota of team team-a is 2"),
        ({"count/pods": 2}, "needs 3 of pods"),
    ],
)
def test_a_job_larger_than_its_teams_quota_is_refused(hard: dict[str, Any], says: str) -> None:
    plan = plan_of("dev")
    found = said(team_with(plan, quotas=[{"hard": hard}]), plan)
    assert len(found) == 1
    assert says in found[0]
    assert "EXECUTORS=" in found[0] and "spark.teams[].quota" in found[0]


def test_a_quota_is_met_to_the_last_unit_and_counts_the_most_executors_there_can_be() -> None:
    plan = plan_of("dev")
    exact = {"requests.cpu": "8", "limits.cpu": "9", "requests.memory": "25Gi", "pods": "3"}
    assert said(team_with(plan, quotas=[{"hard": exact}]), plan) == []
    assert len(said(team_with(plan, quotas=[{"hard": exact}]), plan, executors=3)) == 4
    dynamic = objects_of(plan, "etl-dynamic", "team-a")
    team = team_with(plan, quotas=[{"hard": {"pods": "6"}}])
    assert "needs 7 of pods" in check.problems(dynamic, team, plan)[0]


def test_a_quota_counts_only_the_priorities_that_it_is_for() -> None:
    plan = plan_of("dev")
    term = {"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]}
    quota = {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [term]}}
    assert said(team_with(plan, quotas=[quota]), plan) == []
    mine = {**term, "values": ["spark-driver"]}
    quota = {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [mine]}}
    assert "needs 1 of pods" in said(team_with(plan, quotas=[quota]), plan)[0]


def test_a_quota_on_limits_refuses_pods_without_one() -> None:
    plan = plan_of("dev")
    objects = objects_of(plan, "taxi-trip", "team-a")
    del objects[-1]["spec"]["driver"]["coreLimit"]
    team = team_with(plan, quotas=[{"hard": {"limits.cpu": "100"}}])
    assert check.problems(objects, team, plan) == [
        "a quota on limits.cpu needs coreLimit in driver and executor"
    ]


def test_a_container_larger_or_smaller_than_its_limit_range_is_refused() -> None:
    plan = plan_of("dev")
    limits = [{"type": "Container", "max": {"memory": "10Gi"}, "min": {"cpu": "2"}}]
    found = said(team_with(plan, container_limits=limits), plan)
    assert [line for line in found if line.startswith("executor: 11.0 GiB of memory")]
    assert [line for line in found if line.startswith("driver: asks for 1 of cpu")]
    assert len(found) == 2


def test_a_volume_that_is_not_on_the_pools_nodes_is_refused() -> None:
    plan = plan_of("dev", *NODE)
    team = team_of(plan, "team-a")
    other = json.loads(json.dumps(team.volume).replace('"jars"', '"etl-jars"'))
    found = said(replace(team, volume=other), plan)
    assert "driver: NodePool drivers does not have the JARs that team team-a claims" in found
    assert len(found) == 5


def test_drivers_that_may_be_spot_or_in_two_zones_are_refused() -> None:
    plan = plan_of("dev")
    team = team_of(plan, "team-a")
    spread = [
        replace(one, capacity_types=("spot", "on-demand"), one_zone=False)
        for one in team.driver_nodes
    ]
    found = said(replace(team, driver_nodes=spread), plan)
    assert "driver: NodePool drivers may be Spot, and a job ends with its driver" in found
    assert "driver: NodePool drivers is in more than one zone" in found
    assert said(replace(team, driver_nodes=[]), plan)[-1:] != []


def test_executors_request_the_memory_that_spark_computes() -> None:
    spec = application(plan_of("dev"), "taxi-trip", "team-a")["spec"]
    assert check.demand(spec["executor"]) == {
        "requests.cpu": Fraction("3.5"),
        "limits.cpu": 4,
        "requests.memory": 11 * 1024**3,
        "limits.memory": 11 * 1024**3,
        "pods": 1,
    }


@pytest.mark.parametrize("name", ["1-job", "Job", "job-", "a.b", "a" * 37, ""])
def test_a_name_that_no_job_can_have_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot be a job's"):
        objects_of(plan_of("dev"), "pi", "team-a", name=name)


def test_an_image_that_does_not_tell_its_spark_is_refused() -> None:
    team = replace(team_of(plan_of("dev"), "team-a"), image="registry/spark@sha256:" + "0" * 64)
    with pytest.raises(UserError, match=r"spark-on-eks:spark\.image"):
        assert team.spark_version
    for tag in ("4.0.4", "4.0.4-scala2.13-java17-python3-ubuntu", "4.0.4@sha256:" + "0" * 64):
        assert replace(team, image=f"docker.io/apache/spark:{tag}").spark_version == "4.0.4"
