"""Shuffle files in Celeborn: what a job gets, and what is wrong with one."""

from pathlib import Path
from typing import Any

import pytest

from ops.jobs.application import Request, documents
from ops.jobs.jobfile import load
from ops.jobs.team import team_of
from ops.plan.errors import UserError
from tests.ops.jobs.test_jobfile import written
from tests.ops.jobs.variants import errors, verdict_of, warnings
from tests.plans import CELEBORN, plan_of
from tests.validate.manifest import errors_of

PLAN = plan_of("dev", *CELEBORN)
JAR = "org.apache.celeborn:celeborn-client-spark-4-shaded_2.13:0.7.0"
MANAGER = "org.apache.spark.shuffle.celeborn.SparkShuffleManager"
POLICY = "spark.celeborn.client.spark.shuffle.fallback.policy"
DYNAMIC = {"min": 1, "max": 4}


def objects(folder: Path, team: str = "team-a", **content: Any) -> list[dict[str, Any]]:
    job = load(written(folder, **{"main": "program.py", "jars": [JAR], **content}))
    return documents(job, team_of(PLAN, team), Request("x", "r1"))


def conf(folder: Path, **content: Any) -> dict[str, str]:
    return objects(folder, **content)[-1]["spec"]["sparkConf"]


def test_a_job_of_a_team_that_uses_it_is_configured_and_judged_sound(tmp_path: Path) -> None:
    found = objects(tmp_path, executors=4)
    spark = found[-1]["spec"]["sparkConf"]
    assert spark["spark.shuffle.manager"] == MANAGER
    assert spark["spark.serializer"] == "org.apache.spark.serializer.KryoSerializer"
    assert spark["spark.celeborn.master.endpoints"].count(":9097") == 3
    assert spark["spark.celeborn.auth.enabled"] == "true"
    assert spark["spark.celeborn.client.push.replicate.enabled"] == "true"
    assert spark[POLICY] == "NEVER"
    assert spark["spark.sql.adaptive.localShuffleReader.enabled"] == "false"
    assert "celeborn-client-spark-4-shaded_2.13-0.7.0.jar" in spark["spark.driver.extraClassPath"]
    assert [line for one in found for line in errors_of(one)] == []
    assert errors(verdict_of(found, PLAN)) == []


def test_executors_that_come_and_go_are_not_kept_for_shuffle_files(tmp_path: Path) -> None:
    found = objects(tmp_path, executors=DYNAMIC)
    dynamic = found[-1]["spec"]["dynamicAllocation"]
    assert dynamic["shuffleTrackingEnabled"] is False
    assert "shuffleTrackingTimeout" not in dynamic
    verdict = verdict_of(found, PLAN)
    assert errors(verdict) == []
    assert not any("shuffleTracking" in one for one in warnings(verdict))


def test_the_job_s_own_keys_win(tmp_path: Path) -> None:
    assert conf(tmp_path, conf={POLICY: "AUTO"})[POLICY] == "AUTO"


@pytest.mark.parametrize(
    ("team", "content", "uses"),
    [("team-a", {"shuffle": "node", "jars": []}, False), ("team-b", {"jars": []}, False)],
)
def test_a_job_that_keeps_files_on_its_nodes_needs_no_client(
    tmp_path: Path, team: str, content: dict[str, Any], uses: bool
) -> None:
    assert ("spark.shuffle.manager" in conf(tmp_path, team=team, **content)) is uses


@pytest.mark.parametrize(
    ("team", "content", "says"),
    [
        ("team-b", {"shuffle": "celeborn"}, "the service is closed to the team"),
        ("team-a", {"jars": []}, "needs the client in jars"),
        ("team-a", {"jars": [JAR.replace("spark-4", "spark-3")]}, "celeborn-client-spark-4"),
    ],
)
def test_a_job_that_cannot_use_it_is_refused(
    tmp_path: Path, team: str, content: dict[str, Any], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        objects(tmp_path, team, **content)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("spark.celeborn.master.endpoints", "rss:9097", "these are not the stack's masters"),
        ("spark.celeborn.auth.enabled", "false", "the masters refuse an application"),
        ("spark.serializer", "org.apache.spark.serializer.JavaSerializer", "Java's serializer"),
        ("spark.sql.adaptive.localShuffleReader.enabled", "true", "looks for files on executors"),
        ("spark.driver.extraClassPath", "/opt/spark/jars/*", "has no celeborn-client-spark"),
    ],
)
def test_a_configuration_that_fails_is_an_error(
    tmp_path: Path, key: str, value: str, says: str
) -> None:
    found = objects(tmp_path, executors=4)
    assert not any(says in one for one in errors(verdict_of(found, PLAN)))
    found[-1]["spec"]["sparkConf"][key] = value
    assert any(says in one for one in errors(verdict_of(found, PLAN)))


def test_a_shuffle_that_may_fall_back_under_dynamic_allocation_is_an_error(tmp_path: Path) -> None:
    says = "goes with an executor that is given up"
    for policy, executors, wrong in (
        ("AUTO", DYNAMIC, True), ("NEVER", DYNAMIC, False), ("AUTO", 4, False),
    ):  # fmt: skip
        found = objects(tmp_path, executors=executors, conf={POLICY: policy})
        assert any(says in one for one in errors(verdict_of(found, PLAN))) is wrong
    found = objects(tmp_path, executors=DYNAMIC)
    del found[-1]["spec"]["sparkConf"][POLICY]
    assert any(says in one for one in errors(verdict_of(found, PLAN)))


def test_dynamic_allocation_needs_the_plugin_or_keeps_executors(tmp_path: Path) -> None:
    found = objects(tmp_path, executors=DYNAMIC)
    del found[-1]["spec"]["sparkConf"]["spark.shuffle.sort.io.plugin.class"]
    assert any("needs Celeborn's plugin" in one for one in errors(verdict_of(found, PLAN)))
    found[-1]["spec"]["dynamicAllocation"]["shuffleTrackingEnabled"] = True
    assert any("that they do not have" in one for one in warnings(verdict_of(found, PLAN)))


def test_a_partition_on_one_worker_is_a_warning(tmp_path: Path) -> None:
    found = objects(tmp_path, executors=4)
    del found[-1]["spec"]["sparkConf"]["spark.celeborn.client.push.replicate.enabled"]
    assert any("on one worker only" in one for one in warnings(verdict_of(found, PLAN)))


def test_an_application_of_another_team_does_not_reach_it(tmp_path: Path) -> None:
    found = objects(tmp_path, executors=4)
    found[-1]["metadata"]["namespace"] = "team-b"
    said = errors(verdict_of(found, PLAN, "team-b"))
    assert any("NetworkPolicies close Celeborn to team team-b" in one for one in said)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"spark.shuffle.manager": None}, "shuffle files are on executors"),
        ({"spark.shuffle.manager": "sort"}, "shuffle files are on executors"),
        ({"spark.shuffle.manager": MANAGER.replace("Spark", "Rss")}, "no such class"),
        ({"spark.shuffle.sort.io.plugin.class": None}, "needs Celeborn's plugin"),
    ],
)
def test_the_plugin_and_the_manager_go_together(
    tmp_path: Path, changes: dict[str, str | None], says: str
) -> None:
    found = objects(tmp_path, executors=DYNAMIC)
    spark = found[-1]["spec"]["sparkConf"]
    for key, value in changes.items():
        spark.pop(key)
        spark |= {key: value} if value else {}
    assert any(says in one for one in errors(verdict_of(found, PLAN)))


def test_what_spark_reads_alike_is_no_error(tmp_path: Path) -> None:
    found = objects(tmp_path, executors=4)
    spark = found[-1]["spec"]["sparkConf"]
    masters = spark["spark.celeborn.master.endpoints"].split(",")
    spark["spark.celeborn.master.endpoints"] = ", ".join(reversed(masters))
    spark["spark.celeborn.auth.enabled"] = "TRUE"
    assert errors(verdict_of(found, PLAN)) == []
