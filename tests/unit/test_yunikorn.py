"""YuniKorn: its queues match the teams, and it does not schedule other pods."""

import json
import re
from typing import Any

from tests.plans import named, plan_of

ON = "spark.yunikorn.enabled=true"
NESTED = (
    ON,
    "spark.teams=[{name: a, queue: root.etl.a, quota: {cpu: 100, memoryGiB: 400, pods: 50}}, "
    "{name: b, queue: root.etl.b}, {name: c}]",
)


def values(*overrides: str) -> dict[str, Any]:
    plan = plan_of("dev", *overrides)
    return named(plan, "Release", "yunikorn-release").inputs["values"]


def partition(*overrides: str) -> dict[str, Any]:
    (found,) = json.loads(values(*overrides)["yunikornDefaults"]["queues.yaml"])["partitions"]
    return found


def test_its_admission_controller_schedules_the_teams_pods_only() -> None:
    filters = values(ON)["yunikornDefaults"]
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


def test_its_images_are_pinned_and_run_without_privileges() -> None:
    found = values(ON)
    assert found["image"]["tag"] == "scheduler-1.8.0"
    assert found["admissionController"]["image"]["tag"] == "admission-1.8.0"
    assert found["admissionController"]["hostNetwork"] is False
    for key in ("podSecurityContext", "admissionPodSecurityContext"):
        assert found[key]["runAsNonRoot"] is True
    for key in ("schedulerSecurityContext", "admissionContainerSecurityContext"):
        assert found[key]["capabilities"] == {"drop": ["ALL"]}
