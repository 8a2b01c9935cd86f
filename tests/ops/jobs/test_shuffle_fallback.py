"""Fallback storage: which jobs get it, and what is wrong with an application of one's own."""

from pathlib import Path
from typing import Any

import pytest

from ops.jobs.application import Request, documents
from ops.jobs.jobfile import load
from ops.jobs.shuffle_fallback import CLEAN_UP, PATH
from ops.jobs.team import rights_of, team_of
from tests.ops.jobs.test_jobfile import written
from tests.ops.jobs.variants import errors, verdict_of, warnings
from tests.plans import FALLBACK, plan_of

_TEAMS = "spark.teams=[{name: team-a}, {name: team-b, shuffle: claim}]"
PLAN = plan_of("dev", _TEAMS, *FALLBACK)
_S3 = {
    "jars": ["org.apache.hadoop:hadoop-aws:3.4.1", "software.amazon.awssdk:bundle:2.24.6"],
    "arguments": ["s3a://lake/out"],
}


def objects(folder: Path, team: str = "team-a", **content: Any) -> list[dict[str, Any]]:
    job = load(written(folder, main="program.py", **content))
    return documents(job, team_of(PLAN, team), Request("x", "r1"))


@pytest.mark.parametrize(
    ("team", "content", "gets"),
    [
        ("team-a", _S3, True),
        ("team-a", {**_S3, "executors": {"min": 1, "max": 4}}, True),
        ("team-a", {}, False),
        ("team-a", {"arguments": ["s3a://lake/out"]}, False),  # no JARs for S3
        ("team-a", {"jars": _S3["jars"]}, False),  # no S3
        ("team-a", {**_S3, "shuffle": "claim"}, False),
        ("team-b", _S3, False),
        ("team-b", {**_S3, "shuffle": "node"}, True),
    ],
)
def test_jobs_on_nodes_that_use_s3_get_their_team_s_folder(
    tmp_path: Path, team: str, content: dict[str, Any], gets: bool
) -> None:
    conf = objects(tmp_path, team, **content)[-1]["spec"]["sparkConf"]
    folder = f"s3a://spark-dev-logs-111122223333-us-west-2/shuffle-fallback/{team}/"
    assert conf.get(PATH) == (folder if gets else None)
    assert conf.get(CLEAN_UP) == ("true" if gets else None)


def test_without_the_stack_s_key_no_job_gets_it(tmp_path: Path) -> None:
    job = load(written(tmp_path, main="program.py", **_S3))
    team = team_of(plan_of("dev", FALLBACK[0]), "team-a")
    assert PATH not in documents(job, team, Request("x", "r1"))[-1]["spec"]["sparkConf"]


def test_a_job_may_say_otherwise(tmp_path: Path) -> None:
    conf = objects(tmp_path, **_S3, conf={CLEAN_UP: "false"})[-1]["spec"]["sparkConf"]
    assert conf[CLEAN_UP] == "false" and PATH in conf


def test_the_judge_takes_it_and_warns_of_another_team_s_folder(tmp_path: Path) -> None:
    found = objects(tmp_path, **_S3)
    assert errors(verdict_of(found, PLAN)) == []
    assert not [line for line in warnings(verdict_of(found, PLAN)) if "shuffle-fallback" in line]
    conf = found[-1]["spec"]["sparkConf"]
    conf[PATH] = conf[PATH].replace("team-a", "team-b")
    (line,) = [line for line in warnings(verdict_of(found, PLAN)) if "shuffle-fallback" in line]
    assert PATH in line and "gives team team-a no permission on it" in line


def test_the_judge_refuses_it_without_the_jars_for_s3(tmp_path: Path) -> None:
    found = objects(tmp_path)
    found[-1]["spec"]["sparkConf"][PATH] = "s3a://lake/shuffle"
    assert [line for line in errors(verdict_of(found, PLAN)) if "S3AFileSystem" in line]


def test_the_folder_is_no_place_for_a_job_s_data() -> None:
    assert rights_of(PLAN, team_of(PLAN, "team-a")).folder is None
