"""Teams on a running platform: each change of one touches that team's resources and no other's."""

from pathlib import Path
from typing import Any

import pytest

from tests.tiers.engine import health
from tests.tiers.engine.cli import ROOT
from tests.tiers.engine.copies import copy_of
from tests.tiers.engine.outcome import operations
from tests.tiers.engine.project import Project

DATA = {"name": "lake", "prefix": "raw/", "access": "read"}
OPERATOR = "update Release spark-operator-release"


@pytest.fixture(scope="module")
def running(open_project) -> Project:
    """Dev with two pools, the second with JARs of its own, and two teams on the first."""
    project = open_project("dev")
    own = {"name": "big", "jarBucket": {"forceDestroy": True}}
    project.set(pools=[{"name": "default"}, own], spark=teams("alpha", "beta"))
    project.up().ok()
    return project


def teams(*given: str | dict[str, Any]) -> dict[str, Any]:
    """`spark`, with teams by name or as they are."""
    return {"teams": [{"name": one} if isinstance(one, str) else one for one in given]}


def touched(project: Project, spark: dict[str, Any]) -> list[str]:
    """What an `up` with these teams does; the platform works afterwards."""
    project.set(spark=spark)
    done = operations(project.up().ok())
    assert health.complaints(project.world) == []
    assert project.preview().ok().changes == []
    return done


def test_a_new_team_makes_its_own_and_has_the_operator_watch_it(running: Project):
    done = touched(running, teams("alpha", "beta", "gamma"))
    assert OPERATOR in done
    others = [one for one in done if one != OPERATOR]
    assert others
    assert all(one.startswith("create ") and " team-gamma-" in one for one in others)


def test_a_team_that_moves_to_another_pool_gets_its_claim_anew_and_nothing_else(running: Project):
    done = touched(running, teams("alpha", "beta", {"name": "gamma", "pool": "big"}))
    assert done == [
        "replace PersistentVolume team-gamma-jars-pod",
        "replace PersistentVolumeClaim team-gamma-jars-claim",
    ]


def test_a_bucket_given_to_a_team_is_a_policy_of_its_role(running: Project):
    gamma = {"name": "gamma", "pool": "big", "buckets": [DATA]}
    done = touched(running, teams("alpha", "beta", gamma))
    assert all(one.startswith("create ") and " team-gamma-access" in one for one in done)
    assert [one.split()[1] for one in done] == ["Policy", "RolePolicyAttachment"]


def test_a_quota_is_changed_in_place(running: Project):
    alpha = {"name": "alpha", "quota": {"cpu": 500}}
    gamma = {"name": "gamma", "pool": "big", "buckets": [DATA]}
    done = touched(running, teams(alpha, "beta", gamma))
    assert done == ["update ResourceQuota team-alpha-quota"]


def test_a_team_that_is_taken_away_takes_its_own_with_it(running: Project):
    done = touched(running, teams({"name": "alpha", "quota": {"cpu": 500}}, "beta"))
    others = [one for one in done if one != OPERATOR]
    assert OPERATOR in done
    assert all(one.startswith("delete ") and " team-gamma-" in one for one in others)
    left = {thing.id for thing in running.world.things.values() if "gamma" in thing.id}
    assert left == set()


def test_another_order_in_the_list_changes_nothing_but_the_operators_list(running: Project):
    alpha = {"name": "alpha", "quota": {"cpu": 500}}
    assert touched(running, teams("beta", alpha)) == [OPERATOR]


def test_another_priority_replaces_the_class_of_that_name(running: Project, tmp_path: Path):
    change = {"components/spark/priorities.py": ("20_000", "30_000")}
    before, running.program = running.program, copy_of(ROOT, tmp_path, change)
    done = operations(running.up().ok())
    running.program = before
    assert done == ["replace PriorityClass spark-priorities-spark-driver"]


def test_after_that_a_destroy_leaves_nothing(running: Project):
    running.destroy().ok()
    assert running.world.left() == []
