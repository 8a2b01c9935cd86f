"""Shuffle files on the team's folder of Lustre: what a job gets, and what is wrong with one."""

from pathlib import Path
from typing import Any

import pytest

from ops.jobs.application import Request, documents
from ops.jobs.findings import Severity
from ops.jobs.jobfile import load
from ops.jobs.shuffle import RECOVERY
from ops.jobs.team import team_of
from ops.plan.errors import UserError
from tests.ops.jobs.test_jobfile import written
from tests.ops.jobs.variants import errors, verdict_of
from tests.plans import LUSTRE, plan_of
from tests.validate.manifest import errors_of

PLAN = plan_of("dev", *LUSTRE)
VOLUME = "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-1"
PLUGIN = "spark.shuffle.sort.io.plugin.class"


def objects(folder: Path, team: str = "team-a", **content: Any) -> list[dict[str, Any]]:
    job = load(written(folder, main="program.py", **content))
    return documents(job, team_of(PLAN, team), Request("x", "r1"))


@pytest.mark.parametrize("executors", [4, {"min": 1, "max": 4}], ids=["fixed", "dynamic"])
def test_executors_share_the_team_s_folder_and_recover_nothing(
    tmp_path: Path, executors: Any
) -> None:
    found = objects(tmp_path, executors=executors)
    spec = found[-1]["spec"]
    conf = spec["sparkConf"]
    assert conf[f"{VOLUME}.options.claimName"] == "spark-shuffle"
    assert conf[f"{VOLUME}.mount.path"] == "/data/lustre"
    assert PLUGIN not in conf
    mounted = {one["name"] for one in spec["executor"]["volumeMounts"]}
    assert not any(name.startswith("spark-local-dir") for name in mounted)
    assert [line for one in found for line in errors_of(one)] == []
    verdict = verdict_of(found, PLAN)
    assert errors(verdict) == []
    assert verdict.of(Severity.unknown) == []


def test_a_claim_that_the_team_does_not_have_is_not_known(tmp_path: Path) -> None:
    found = objects(tmp_path, executors=4)
    said = verdict_of(found, PLAN, mounts_lustre=False).of(Severity.unknown)
    assert any("no claim spark-shuffle" in one.line for one in said)


def test_a_team_without_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no claim spark-shuffle"):
        objects(tmp_path, "team-b", shuffle="lustre")
    assert objects(tmp_path, "team-a", shuffle="node")


def test_recovery_on_a_folder_that_executors_share_is_an_error(tmp_path: Path) -> None:
    found = objects(tmp_path, executors=4)
    found[-1]["spec"]["sparkConf"][PLUGIN] = RECOVERY
    assert any("moves the shuffle files of those that run" in one
               for one in errors(verdict_of(found, PLAN)))  # fmt: skip
