"""The Spark operator and YuniKorn: their nodes, the namespaces they watch, their queues."""

import json
import re
from typing import Any

import pytest

from ops.plan.model import Plan
from tests.plans import STACKS, absent, named, of_type, plan_of


def values(plan: Plan) -> dict[str, Any]:
    return named(plan, "Release", "spark-operator-release").inputs["values"]


@pytest.mark.parametrize("stack", STACKS)
def test_it_watches_exactly_the_teams_namespaces(stack: str) -> None:
    plan = plan_of(stack)
    namespaces = values(plan)["spark"]["jobNamespaces"]
    assert namespaces == plan.exports["teams"]
    assert namespaces, "an empty list would be every namespace"


def test_it_makes_no_account_and_no_right_for_jobs() -> None:
    spark = values(plan_of("dev"))["spark"]
    assert spark["serviceAccount"] == spark["rbac"] == {"create": False}


def test_its_metrics_tell_teams_apart() -> None:
    found = named(plan_of("dev"), "Release", "spark-operator-release").inputs["values"]
    assert found["prometheus"]["metrics"]["labels"] == "namespace"


def test_yunikorn_is_used_where_it_is_installed_and_nowhere_else() -> None:
    assert "batchScheduler" not in values(plan_of("prod"))["controller"]
    with_it = values(plan_of("prod", "spark.yunikorn.enabled=true"))["controller"]
    assert with_it["batchScheduler"] == {"enable": True, "default": "yunikorn"}


def test_in_a_given_cluster_it_runs_on_any_node() -> None:
    found = values(plan_of("existing"))
    for part in ("controller", "webhook", "hook"):
        assert not {"nodeSelector", "tolerations"} & set(found[part])


def test_a_cluster_with_an_operator_of_its_own_gets_the_teams_only() -> None:
    plan = plan_of("existing", "spark.operator.enabled=false")
    assert absent(plan, "spark-operator", "Release")
    assert {one.inputs["metadata"]["name"] for one in of_type(plan, "Namespace")} == {
        "spark-jars",
        "team-a",
    }
    assert of_type(plan, "RoleBinding")


def test_without_a_team_there_is_no_operator_that_would_watch_everything() -> None:
    plan = plan_of("dev", "spark.teams=[]")
    assert absent(plan, "spark-operator", "team-", "PriorityClass")
    assert plan.exports["eventLogs"] == {}


def test_its_namespace_admits_the_charts_hook_and_nothing_worse() -> None:
    (namespace,) = [
        one
        for one in of_type(plan_of("dev"), "Namespace")
        if one.inputs["metadata"]["name"] == "spark-operator"
    ]
    labels = namespace.inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"


ON = "spark.yunikorn.enabled=true"
NESTED = (
    ON,
    "spark.teams=[{name: a, queue: root.etl.a, quota: {cpu: 100, memoryGiB: 400, pods: 50}}, "
    "{name: b, queue: root.etl.b}, {name: c}]",
)


def yunikorn(*overrides: str) -> dict[str, Any]:
    plan = plan_of("dev", *overrides)
    return named(plan, "Release", "yunikorn-release").inputs["values"]


def partition(*overrides: str) -> dict[str, Any]:
    (found,) = json.loads(yunikorn(*overrides)["yunikornDefaults"]["queues.yaml"])["partitions"]
    return found


def test_yunikorns_admission_controller_schedules_the_teams_pods_only() -> None:
    filters = yunikorn(ON)["yunikornDefaults"]
    for key in ("processNamespaces", "labelNamespaces"):
        patterns = filters[f"admissionController.filtering.{key}"].split(",")
        taken = [
            name
            for name in ("team-a", "team-b", "team-a-2", "my-team-a", "kube-system", "default")
            if any(re.search(pattern, name) for pattern in patterns)
        ]
        assert taken == ["team-a", "team-b"]


def test_a_queue_guarantees_half_of_a_teams_quota_and_ends_at_all_of_it() -> None:
    (root,) = partition(*NESTED)["queues"]
    assert root["name"] == "root"
    c, etl = root["queues"]
    assert (c["name"], etl["name"]) == ("c", "etl")
    a, b = etl["queues"]
    assert (a["name"], b["name"]) == ("a", "b")
    assert a["resources"] == {
        "guaranteed": {"vcore": "50000m", "memory": "204800Mi"},
        "max": {"vcore": "100000m", "memory": "409600Mi"},
    }


def test_a_namespace_has_its_own_queue_regardless_of_a_jobs_label() -> None:
    rules = partition(*NESTED)["placementrules"]
    # No placement rule reads the queue label of an application, and none creates a queue.
    assert {rule["name"] for rule in rules} == {"tag"}
    assert all(rule["value"] == "namespace" and rule["create"] is False for rule in rules)
    plan = plan_of("dev", *NESTED)
    parents = {}
    for team in "abc":
        namespace = named(plan, "Namespace", f"team-{team}-namespace").inputs["metadata"]
        parents[team] = namespace["annotations"].get("yunikorn.apache.org/parentqueue")
    assert parents == {"a": "root.etl", "b": "root.etl", "c": None}


def test_the_namespaces_quota_leaves_room_for_placeholders() -> None:
    hard = named(plan_of("dev", *NESTED), "ResourceQuota", "team-a-quota").inputs["spec"]["hard"]
    assert (hard["requests.cpu"], hard["requests.memory"], hard["pods"]) == ("200", "800Gi", "100")


def test_yunikorns_images_are_pinned_and_run_without_privileges() -> None:
    found = yunikorn(ON)
    assert found["image"]["tag"] == "scheduler-1.8.0"
    assert found["admissionController"]["image"]["tag"] == "admission-1.8.0"
    assert found["admissionController"]["hostNetwork"] is False
    for key in ("podSecurityContext", "admissionPodSecurityContext"):
        assert found[key]["runAsNonRoot"] is True
    for key in ("schedulerSecurityContext", "admissionContainerSecurityContext"):
        assert found[key]["capabilities"] == {"drop": ["ALL"]}
