"""A job whose input is cached on nodes: what it mounts and reads, and where there is no cache."""

from pathlib import Path
from typing import Any

import pytest

from ops.jobs.application import Request, documents
from ops.jobs.catalog import JOBS
from ops.jobs.findings import Severity
from ops.jobs.jobfile import load
from ops.jobs.team import team_of
from tests.ops.jobs.test_jobfile import written
from tests.ops.jobs.variants import errors, verdict_of
from tests.plans import DAEMONSET, DATA, NODE, plan_of
from tests.validate.manifest import errors_of

CLAIM, PATH = "spark-data-a61a90e9", "/mnt/data/acme-lake/raw"


def objects(
    folder: Path, url: str, *sets: str, team: str = "team-a", request: bool = False, **content: Any
) -> list[dict[str, Any]]:
    found = {"arguments": ["{input}", "{output}"], "jars": JOBS["taxi-trip"].jars, **content}
    job = load(written(folder, main="program.py", **found))
    asked = Request("x", "r1", input=url, output="s3a://acme-lake/out/x", cache=request)
    return documents(job, team_of(plan_of("dev", *sets), team), asked)


@pytest.mark.parametrize("level", [(), NODE, DAEMONSET], ids=["pod", "userdata", "daemonset"])
@pytest.mark.parametrize("word", ["file", "command"])
def test_driver_and_executors_read_the_input_from_the_volume(
    tmp_path: Path, level: tuple[str, ...], word: str
) -> None:
    own = {"cache": True} if word == "file" else {"request": True}
    sets = (*DATA, *level)
    made = objects(tmp_path, "s3a://acme-lake/raw/trips/day=1/", *sets, **own)
    spec = made[-1]["spec"]
    assert spec["arguments"] == [f"file://{PATH}/trips/day=1/", "s3a://acme-lake/out/x"]
    (volume,) = [one for one in spec["volumes"] if one["name"] == CLAIM]
    assert volume["persistentVolumeClaim"] == {"claimName": CLAIM, "readOnly": True}
    for role in ("driver", "executor"):
        (mount,) = [one for one in spec[role]["volumeMounts"] if one["name"] == CLAIM]
        assert mount == {"name": CLAIM, "mountPath": PATH, "readOnly": True}
    assert spec["hadoopConf"]["fs.file.impl"] == "org.apache.hadoop.fs.RawLocalFileSystem"
    assert [line for one in made for line in errors_of(one)] == []
    verdict = verdict_of(made, plan_of("dev", *sets))
    assert errors(verdict) == []
    assert not [one.line for one in verdict.of(Severity.unknown) if "claim" in one.line]


@pytest.mark.parametrize(
    ("url", "sets", "team"),
    [
        ("s3a://acme-lake/raw/x/", DATA[:1], "team-a"),
        ("s3a://acme-lake/raw", DATA[:1], "team-a"),
        ("s3a://acme-lake/rawer/x/", DATA, "team-a"),
        ("s3a://acme-lake/", DATA, "team-a"),
        ("s3a://other/raw/x/", DATA, "team-a"),
        # It may read a part of the cached folder.
        ("s3a://acme-lake/raw/b/", DATA, "team-b"),
    ],
    ids=["no cache", "no slash", "another folder", "more than it", "another bucket", "a part"],
)
def test_what_is_not_cached_for_the_team_is_read_from_s3(
    tmp_path: Path, url: str, sets: tuple[str, ...], team: str
) -> None:
    plain = objects(tmp_path, url, *sets, team=team)
    cached = objects(tmp_path, url, *sets, team=team, cache=True)
    assert cached == plain
    assert cached[-1]["spec"]["arguments"][0] == url


def test_the_folder_itself_may_be_named_without_its_slash(tmp_path: Path) -> None:
    spec = objects(tmp_path, "s3a://acme-lake/raw", *DATA, cache=True)[-1]["spec"]
    assert spec["arguments"][0] == f"file://{PATH}"


def test_a_job_that_does_not_ask_for_it_reads_s3(tmp_path: Path) -> None:
    spec = objects(tmp_path, "s3a://acme-lake/raw/x/", *DATA)[-1]["spec"]
    assert spec["arguments"][0] == "s3a://acme-lake/raw/x/"
    assert CLAIM not in str(spec)


def test_a_claim_of_another_name_is_not_known(tmp_path: Path) -> None:
    made = objects(tmp_path, "s3a://acme-lake/raw/x/", *DATA, cache=True)
    verdict = verdict_of(made, plan_of("dev", DATA[0]))
    said = verdict.of(Severity.unknown)
    assert any(f"creates no claim {CLAIM}" in one.line for one in said)
