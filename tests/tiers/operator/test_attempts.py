"""What a team's people, drivers and executors cannot do to others, and what they still can."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from tests.tiers.cluster.api import Api
from tests.tiers.cluster.conftest import install
from tests.tiers.cluster.objects import clear
from tests.tiers.operator.attempts import Attempt, applications, objects, pods, trial
from tests.tiers.operator.cases import PODS_OF, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.programs import ROOT

TEAM, OTHER, POOL = "team-a", "team-b", "default"

pytestmark = pytest.mark.parametrize("live", PODS_OF[:1], ids=str, indirect=True)


@pytest.fixture(scope="module")
def attempts(api: Api, live: Stack) -> Iterator[list[Attempt]]:
    """All attempts of one team, with the rights of its people in the cluster."""
    job = job_of(live.combination, TEAM, "pi").application
    with trial.people(api, TEAM):
        yield [
            *applications.attempts(job),
            *pods.attempts(TEAM, POOL),
            *objects.attempts(TEAM, OTHER),
        ]


def test_each_attempt_ends_as_its_row_says(api: Api, attempts: list[Attempt]) -> None:
    wrong = []
    for one in attempts:
        says = trial.refusal(api, TEAM, one)
        if one.says not in says or bool(says) != bool(one.says):
            wrong.append(f"{one.name}: expected {one.says!r}, got {says!r}")
    refused = [one for one in attempts if one.guard]
    assert wrong == []
    assert len({one.name for one in attempts}) == len(attempts)
    assert len(refused) >= 120, len(refused)


def test_the_page_names_every_field_of_an_application(api: Api, live: Stack) -> None:
    name = {"name": "sparkapplications.sparkoperator.k8s.io"}
    crd = api.get({"kind": "CustomResourceDefinition", "metadata": name})
    (version,) = crd["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    fields = {*spec, *spec["driver"]["properties"], *spec["executor"]["properties"]}
    fields |= {f"deps.{one}" for one in spec["deps"]["properties"]}
    page = (ROOT / "docs" / "isolation.md").read_text()
    named = {one for cell in re.findall(r"`([\w.]+)`", page) for one in (cell, cell.split(".")[-1])}
    assert sorted(fields - named - {"driver", "executor", "deps"}) == []


def test_a_kind_or_a_version_that_has_no_rules_is_refused(
    api: Api, attempts: list[Attempt]
) -> None:
    assert attempts  # with the rights of the team's people
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "sparkclusters.sparkoperator.k8s.io",
            # Without it a group below k8s.io is refused.
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": "sparkoperator.k8s.io",
            "scope": "Namespaced",
            "names": {"kind": "SparkCluster", "plural": "sparkclusters"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object"}},
                }
            ],
        },
    }
    later = {
        "apiVersion": "sparkoperator.k8s.io/v1",
        "kind": "SparkCluster",
        "metadata": {"name": "later"},
    }
    try:
        install(api, [crd])
        attempt = Attempt("", "person", "create", later)
        assert applications.KIND in trial.refusal(api, TEAM, attempt)
    finally:
        clear(api, [crd])
        api.forget_kinds()


def test_every_rule_of_every_policy_refuses_an_attempt(api: Api, attempts: list[Attempt]) -> None:
    said = {one.says for one in attempts if one.guard == "policy"}
    unused = [
        rule["message"]
        for policy in api.items("ValidatingAdmissionPolicy")
        for rule in policy["spec"]["validations"]
        if not any(says in rule["message"] for says in said)
    ]
    assert unused == []


def test_an_attempt_succeeds_where_its_admission_rule_is_dropped(
    api: Api, attempts: list[Attempt]
) -> None:
    by_rule: dict[str, list[Attempt]] = defaultdict(list)
    for one in attempts:
        if one.guard == "policy":
            # A number that the rule cannot read is refused by the same rule.
            rule = applications.CONF_COUNT if one.says == applications.NOT_EVALUATED else one.says
            by_rule[rule].append(one)
    # The operator's webhook denies some of the same keys.
    with trial.without_webhook(api):
        for says, stopped in by_rule.items():
            with trial.without_rule(api, says):
                trial.await_success(api, TEAM, stopped)


@pytest.mark.parametrize("guard", ["webhook", "pod security", "quota", "RBAC"])
def test_an_attempt_succeeds_where_another_guard_is_dropped(
    api: Api, attempts: list[Attempt], guard: str
) -> None:
    dropped: dict[str, AbstractContextManager[None]] = {
        "webhook": trial.without_webhook(api),
        "pod security": trial.without_pod_security(api, TEAM),
        "quota": trial.without_quota(api, TEAM),
        "RBAC": trial.with_every_right(api, TEAM),
    }
    stopped = [one for one in attempts if one.guard == guard]
    assert stopped
    with dropped[guard]:
        trial.await_success(api, TEAM, stopped)
