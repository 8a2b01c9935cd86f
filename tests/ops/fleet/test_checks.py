"""Mistakes in a fleet, each named with what to change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ops.fleet.checks import check
from ops.fleet.facts import Facts, Failure, facts_of
from ops.fleet.settings import Fleet
from tests.plans import ROOT

TEAMS = [
    {"name": "etl", "quota": {"cpu": 64}, "buckets": [{"name": "lake", "prefix": "a/"},
                                                      {"name": "lake", "prefix": "b/"}]},
    {"name": "bi", "quota": {"cpu": 8}},
]  # fmt: skip
POOLS = [{"name": "default", "families": ["m7g"], "limits": {"cpu": 128}}]
FLEET = {
    "defaults": "prod",
    "order": ["test", "b", "a"],
    "members": {
        "test": {"weight": 0},
        "a": {"weight": 60},
        "b": {"weight": 40},
    },
    "teams": {
        "etl": {"members": ["test", "a", "b"], "survivesOne": True, "dataRegion": "us-west-2"},
        "bi": {"members": ["a", "b"]},
    },
}
Change = tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]
"""Of the fleet's file, and of members' facts."""


def member(name: str, number: int, region: str) -> Facts:
    teams = TEAMS if name != "test" else TEAMS[:1]
    return Facts(
        name,
        {"pools": POOLS, "spark": {"teams": teams}, "network": {"zones": ["a", "b"]}},
        region,
        "111122223333",
        f"10.{number}.0.0/16",
        "1.35",
        "2.5.2",
        {("aws:s3:Bucket", f"spark-{name}-jars", "in AWS"): "jars"},
    )


def problems(fleet: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found = Fleet.model_validate(fleet)
    assert not list(found.problems())
    members = [
        replace(member(name, number, "us-west-2" if name != "b" else "us-east-1"),
                **facts.get(name, {}))
        for number, name in enumerate(found.order)
    ]  # fmt: skip
    return [
        f"{one.check} {one.where}: {one.text}"
        for one in check(found, members, [team["name"] for team in TEAMS])
    ]


def teams_of(**changes: Any) -> Mapping[str, Any]:
    return {**FLEET, "teams": {**FLEET["teams"], **changes}}


def members_of(**changes: Any) -> Mapping[str, Any]:
    return {**FLEET, "members": {**FLEET["members"], **changes}}


def spark(*teams: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
    return {"values": {"pools": POOLS, "spark": {"teams": list(teams), **more},
                       "network": {"zones": ["a", "b"]}}}  # fmt: skip


def _copying(bucket: str) -> dict[str, Any]:
    copied = {"jarBucket": {"replicateTo": {"bucket": bucket, "region": "us-east-2"}}}
    return {"values": {**member("a", 0, "").values, **copied}}


MISTAKES: dict[str, tuple[Change, str]] = {
    "copies of two members in one bucket": (
        (FLEET, {name: _copying("copies") for name in "ab"}),
        "copies-apart jarBucket of b, jarBucket of a: all copy to copies",
    ),
    "copies in a member's own bucket": (
        (FLEET, {"a": _copying("spark-b-jars")}),
        "copies-apart jarBucket of a: spark-b-jars is jars of b, whose mounts",
    ),
    "blocks that overlap": (
        (FLEET, {"b": {"block": "10.2.128.0/20"}}),
        "blocks-distinct b, a: their VPCs have 10.2.128.0/20 and 10.2.0.0/16, which overlap",
    ),
    "one bucket's name twice": (
        (FLEET, {name: {"names": {("aws:s3:Bucket", "jars", "in AWS"): "jars"}} for name in "ab"}),
        "names-unique b, a: jars (aws:s3:Bucket) is jars in each, and a name is unique in AWS",
    ),
    "one role's name twice in an account": (
        (FLEET, {name: {"names": {("aws:iam:Role", "spark", "in the account"): "role"}}
                 for name in "ab"}),
        "names-unique b, a: role (aws:iam:Role) is spark in each",
    ),
    "Kubernetes two minors apart": (
        (FLEET, {"a": {"kubernetes": "1.37"}}),
        "versions-near test, a: Kubernetes is 1.35 and 1.37",
    ),
    "operators of two minors": (
        (FLEET, {"b": {"operator": "2.6.0"}}),
        "versions-near test, b: the Spark operator is 2.5.2 and 2.6.0",
    ),
    "another quota on one member": (
        (FLEET, {"a": spark({**TEAMS[0], "quota": {"cpu": 32}}, TEAMS[1])}),
        "same-for-jobs test, b, a: spark.teams.etl.quota.cpu is 64 on test, b; 32 on a",
    ),
    "other buckets on one member": (
        (FLEET, {"b": spark({**TEAMS[0], "buckets": TEAMS[0]["buckets"][:1]}, TEAMS[1])}),
        "same-for-jobs test, b, a: spark.teams.etl.buckets",
    ),
    "another image on one member": (
        (FLEET, {"a": spark(*TEAMS, image="x/spark:4.0.5")}),
        'same-for-jobs test, b, a: spark.image is not set on test, b; "x/spark:4.0.5" on a',
    ),
    "a pool that one member lacks": (
        (FLEET, {"b": {"values": {"pools": [], "spark": {"teams": TEAMS}}}}),
        "same-for-jobs test, b, a: pools.default is there on test, a; not set on b",
    ),
    "a named difference that is none": (
        ({**FLEET, "differences": [{"key": "drivers", "why": "it was one before"}]}, {}),
        "same-for-jobs the fleet: differences: drivers does not differ; remove the entry",
    ),
    "a team on no member": (
        ({**FLEET, "teams": {"etl": FLEET["teams"]["etl"]}}, {}),
        "teams-placed bi: teams: bi of the defaults' spark.teams is not here",
    ),
    "a team that a member's stack lacks": (
        (FLEET, {"b": spark(TEAMS[0])}),
        "teams-placed b: its stack has no team bi: add it to spark.teams",
    ),
    "a team that no member takes": (
        (teams_of(bi={"members": ["test"]}), {"test": spark(*TEAMS)}),
        "jobs-accepted bi: no member of bi has acceptJobs: true and a weight above 0",
    ),
    "a team that would not survive": (
        (members_of(b={"weight": 40, "acceptJobs": False}), {}),
        "survives-one etl: etl must survive the loss of a member, and only a takes its jobs",
    ),
    "all of it in one zone": (
        (
            FLEET,
            {
                name: {
                    "region": "us-west-2",
                    "values": {**spark(*TEAMS)["values"], "network": {"zones": ["a"]}},
                }
                for name in "ab"
            },
        ),
        "survives-one etl: all members of etl have the one zone us-west-2a",
    ),
    "data in another Region": (
        (FLEET, {"a": {"region": "eu-west-1"}}),
        "data-near etl: the data of etl is in us-west-2, and no member that takes its jobs is",
    ),
}  # fmt: skip


def test_a_fleet_without_a_mistake_has_no_problem() -> None:
    assert problems(FLEET, {}) == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str) -> None:
    (fleet, facts), says = MISTAKES[name]
    found = problems(fleet, facts)
    assert len(found) == 1, found
    assert found[0].startswith(says)


FINE: dict[str, Change] = {
    "a difference with a reason": (
        {**FLEET, "differences": [{"key": "spark.teams.etl.quota", "why": "a is smaller yet"}]},
        {"a": spark({**TEAMS[0], "quota": {"cpu": 32}}, TEAMS[1])},
    ),
    "one minor apart": (FLEET, {"a": {"kubernetes": "1.36"}}),
    "a standby in place of a second": (
        members_of(b={"weight": 0, "acceptJobs": "standby"}), {}),
    "one name in two Regions": (
        FLEET,
        {name: {"names": {("aws:sqs:Queue", "q", "in the account and Region"): "q"}}
         for name in "ab"},
    ),
    "a role of one name in two accounts": (
        FLEET,
        {name: {"account": f"{number}11122223333",
                "names": {("aws:iam:Role", "r", "in the account"): "r"}}
         for number, name in enumerate("ab")},
    ),
    "a Region that no file says": (FLEET, {"a": {"region": ""}, "b": {"region": ""}}),
    "a VPC that is given": (FLEET, {"a": {"block": ""}, "b": {"block": ""}}),
    "a member that drains says so itself": (
        {**members_of(b={"weight": 40, "acceptJobs": False}),
         "teams": teams_of(etl={"members": ["test", "a", "b"]})["teams"]},
        {"b": spark(*TEAMS, acceptJobs=False, submitTo=["a"])},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_what_is_meant_is_no_problem(name: str) -> None:
    assert problems(*FINE[name]) == []


def test_facts_are_those_of_the_members_stacks() -> None:
    found = facts_of(ROOT, ["prod-a", "no-such-member"])
    one, failed = found
    assert isinstance(one, Facts) and isinstance(failed, Failure)
    assert (one.region, one.block, one.operator) == ("us-west-2", "10.40.0.0/16", "2.5.2")
    assert {name for _, name, _ in one.names} >= {"spark-prod-a"}
    assert "no stack 'no-such-member'" in failed.message
