"""The Spark operator: its nodes, the namespaces it watches, its permissions."""

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
