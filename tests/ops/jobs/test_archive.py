"""Jobs that use a class-data archive: the class path of its training run, the path of a pool's
processor, and what is refused because no JVM would use it."""

from pathlib import Path
from typing import Any

import pytest

from ops.jobs.application import jar_names
from ops.jobs.archive import same_image
from ops.jobs.catalog import JOBS
from ops.jobs.team import team_of
from ops.jobs.verify import script
from ops.plan.archives import Archive
from ops.plan.errors import UserError
from ops.plan.model import Plan
from tests.ops.archives import SPARK, description
from tests.ops.jobs.test_verify import is_clean_bash
from tests.ops.jobs.variants import application, errors, objects_of, verdict_of, warnings
from tests.plans import DAEMONSET, NODE, plan_of

JARS = dict.fromkeys(jar_names(JOBS["taxi-trip"]), (1, 1))
ARM = "pools=[{name: default, families: [m7g, r7g], limits: {cpu: 128, memoryGiB: 512}}]"


def archive(
    release: str = "r1", jars: dict[str, tuple[int, int]] = JARS, **changed: Any
) -> Archive:
    return Archive.from_json(description(release, jars, **changed), "archive.json")


def conf_of(plan: Plan, given: Archive | None, job: str = "taxi-trip") -> dict[str, str]:
    return application(plan, job, "team-a", release="r1", archive=given)["spec"]["sparkConf"]


def test_the_class_path_is_that_of_the_training_run_jar_by_jar() -> None:
    conf = conf_of(plan_of("dev"), archive())
    listed = ":".join([*SPARK, *(f"/mnt/s3/jars/r1/{name}" for name in JARS)])
    assert conf["spark.driver.extraClassPath"] == conf["spark.executor.extraClassPath"] == listed


def test_the_folder_of_configuration_is_not_before_it_in_executors() -> None:
    key = "spark.kubernetes.executor.disableConfigMap"
    assert conf_of(plan_of("dev"), archive())[key] == "true"
    assert key not in conf_of(plan_of("dev"), None)


def test_without_an_archive_a_job_is_as_it_was() -> None:
    conf = conf_of(plan_of("dev"), None)
    assert conf["spark.driver.extraClassPath"].startswith("/opt/spark/jars/*:")
    assert not [key for key in conf if "extraJavaOptions" in key]


@pytest.mark.parametrize("level", [NODE, DAEMONSET], ids=["userdata", "daemonset"])
@pytest.mark.parametrize("pools", [(), (ARM,)], ids=["both processors", "arm"])
def test_at_node_level_the_node_has_its_own_copy_which_it_compared(
    level: tuple[str, ...], pools: tuple[str, ...]
) -> None:
    options = conf_of(plan_of("dev", *level, *pools), archive())["spark.executor.extraJavaOptions"]
    assert options.startswith("-XX:SharedArchiveFile=/mnt/s3/jars/r1/spark.jsa -Xshare:auto ")
    assert "VerifySharedSpaces" not in options


def test_at_pod_level_no_path_is_right_for_both_processors() -> None:
    conf = conf_of(plan_of("dev"), archive())
    assert "spark.executor.extraJavaOptions" not in conf


def test_at_pod_level_the_path_is_that_of_the_pool_s_one_processor() -> None:
    conf = conf_of(plan_of("dev", ARM), archive())
    path = "/mnt/s3/jars/r1/archives/arm64/spark.jsa"
    assert f"-XX:SharedArchiveFile={path} " in conf["spark.executor.extraJavaOptions"]
    # Drivers' nodes have a pool of their own, with both processors.
    assert path not in conf.get("spark.driver.extraJavaOptions", "")


def test_damage_is_looked_for_and_pages_are_shared() -> None:
    options = conf_of(plan_of("dev", ARM), archive())["spark.executor.extraJavaOptions"].split()
    assert "-XX:+VerifySharedSpaces" in options
    assert "-XX:ArchiveRelocationMode=0" in options
    unlocked = options.index("-XX:+UnlockDiagnosticVMOptions")
    assert unlocked < options.index("-XX:ArchiveRelocationMode=0")
    assert "-Xshare:on" not in options, "a job never waits for its archive"


@pytest.mark.parametrize("level", [(), NODE, DAEMONSET], ids=["pod", "userdata", "daemonset"])
def test_the_judge_accepts_it(level: tuple[str, ...]) -> None:
    plan = plan_of("dev", *level)
    made = [
        objects_of(plan, "taxi-trip", "team-a", release="r1", archive=one)
        for one in (None, archive())
    ]
    before, after = (verdict_of(objects, plan, "team-a") for objects in made)
    assert errors(after) == []
    assert warnings(after) == warnings(before)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (archive("r2"), "the archive is of release r2, the job uses r1"),
        (archive(jars=dict(reversed(JARS.items()))), "list these first in the job's file"),
        (archive(jars={**JARS, "more.jar": (1, 1)}), "list these first in the job's file"),
        (archive(image=f"spark:4.1.0@sha256:{'1' * 64}"), "the archive is for the image spark:4.1"),
    ],
)
def test_an_archive_that_no_jvm_of_the_job_would_use_is_refused(given: Archive, told: str) -> None:
    with pytest.raises(UserError, match=told):
        conf_of(plan_of("dev"), given)


@pytest.mark.parametrize(
    ("image", "same"),
    [
        ("apache/spark:4.0.4", True),
        ("123456789012.dkr.ecr.us-west-2.amazonaws.com/docker-hub/apache/spark:4.0.4", True),
        (f"other/name@sha256:{'1' * 64}", True),
        (f"apache/spark:4.0.4@sha256:{'2' * 64}", False),
        ("apache/spark:4.0.5", False),
        ("apache/spark-py:4.0.4", False),
    ],
)
def test_images_are_the_same_by_digest_else_by_name_and_tag(image: str, same: bool) -> None:
    assert same_image(image, f"docker.io/apache/spark:4.0.4@sha256:{'1' * 64}") is same


@pytest.mark.parametrize("level", [(), NODE, DAEMONSET], ids=["pod", "userdata", "daemonset"])
def test_verify_compares_the_archive_and_asks_the_jvm(
    level: tuple[str, ...], tmp_path: Path
) -> None:
    plan = plan_of("dev", *level)
    team, given = team_of(plan, "team-a"), archive()
    text = script(plan, team, "r1", list(JARS), given)
    assert f'--key "spark/jars/r1/archives/{given.arch}/spark.jsa"' in text
    # At pod level its executors may be on both processors, and then have none.
    assert ("mixed mode, sharing)" in text) is ("UseSharedSpaces" in text) is bool(level)
    assert ("Executors use no archive" in text) is not bool(level)
    assert "spark.jsa" not in script(plan, team, "r1", list(JARS))
    is_clean_bash(tmp_path, text)
