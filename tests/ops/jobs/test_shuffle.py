"""Shuffle files on volumes that the driver claims: what a job gets, and what is wrong with one."""

from pathlib import Path
from typing import Any

import pytest

from ops.jobs.application import Request, documents
from ops.jobs.jobfile import load
from ops.jobs.shuffle import MOUNT_PATH
from ops.jobs.team import team_of
from ops.plan.errors import UserError
from tests.ops.jobs.test_jobfile import written
from tests.ops.jobs.variants import errors, verdict_of, warnings
from tests.plans import plan_of
from tests.validate.manifest import errors_of

PLAN = plan_of("dev", "spark.teams=[{name: team-a, shuffle: claim}, {name: team-b}]")
DISK = {"cores": 1, "memory": "1g", "overhead": "1g", "localDisk": "50Gi"}
VOLUME = "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-1"
ANOTHER = VOLUME.replace("dir-1", "dir-2")


def objects(folder: Path, team: str = "team-a", **content: Any) -> list[dict[str, Any]]:
    job = load(written(folder, main="program.py", executor=DISK, **content))
    return documents(job, team_of(PLAN, team), Request("x", "r1"))


def test_a_claiming_team_s_executors_have_a_volume_each_and_no_disk_of_the_node(
    tmp_path: Path,
) -> None:
    found = objects(tmp_path, executors=4)
    spec = found[-1]["spec"]
    conf = spec["sparkConf"]
    assert conf[f"{VOLUME}.options.storageClass"] == "spark-shuffle"
    assert conf[f"{VOLUME}.options.claimName"] == "OnDemand"
    assert conf[f"{VOLUME}.options.sizeLimit"] == "50Gi"
    assert conf[f"{VOLUME}.mount.path"] == MOUNT_PATH == "/data/spark-x/executor-x"
    assert {conf[f"spark.kubernetes.driver.{one}PersistentVolumeClaim"] for one in
            ("own", "reuse", "waitToReuse")} == {"true"}  # fmt: skip
    mounted = {one["name"] for one in spec["executor"]["volumeMounts"]}
    assert not any(name.startswith("spark-local-dir") for name in mounted)
    assert spec["executor"]["podSecurityContext"]["fsGroup"] == 185
    assert spec["executor"]["podSecurityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"
    assert "fsGroup" not in spec["driver"]["podSecurityContext"]
    assert [line for one in found for line in errors_of(one)] == []
    assert errors(verdict_of(found, PLAN)) == []


@pytest.mark.parametrize(
    ("team", "content", "claims"),
    [
        ("team-a", {}, True),
        ("team-a", {"shuffle": "node"}, False),
        ("team-b", {}, False),
        ("team-b", {"shuffle": "claim"}, True),
    ],
)
def test_a_job_says_otherwise_than_its_team(
    tmp_path: Path, team: str, content: dict[str, Any], claims: bool
) -> None:
    conf = objects(tmp_path, team, **content)[-1]["spec"]["sparkConf"]
    assert (f"{VOLUME}.mount.path" in conf) is claims


def test_claims_with_executors_that_come_and_go_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give one number, or shuffle: node"):
        objects(tmp_path, executors={"min": 1, "max": 4})


def test_a_stack_without_the_class_refuses_a_claim(tmp_path: Path) -> None:
    job = load(written(tmp_path, main="program.py", shuffle="claim"))
    with pytest.raises(UserError, match="needs the StorageClass spark-shuffle"):
        documents(job, team_of(plan_of("dev"), "team-a"), Request("x", "r1"))


_OWN = "spark.kubernetes.driver.ownPersistentVolumeClaim"
_REUSES = (
    "spark.kubernetes.driver.reusePersistentVolumeClaim",
    "spark.kubernetes.driver.waitToReusePersistentVolumeClaim",
)
_PLUGIN = "spark.shuffle.sort.io.plugin.class"


def changed(folder: Path, conf: dict[str, str], **fields: Any) -> Any:
    found = objects(folder, executors=2)
    spec = found[-1]["spec"]
    spec["sparkConf"] |= conf
    spec |= fields
    return verdict_of(found, PLAN)


def test_two_claims_of_an_executor_are_an_error_where_executors_wait_for_one(
    tmp_path: Path,
) -> None:
    second = {
        f"{ANOTHER}.options.claimName": "OnDemand", f"{ANOTHER}.options.sizeLimit": "50Gi",
        f"{ANOTHER}.options.storageClass": "spark-shuffle",
        f"{ANOTHER}.mount.path": "/more/spark-x/executor-x",
    }  # fmt: skip
    assert any("the others wait for ever" in one for one in errors(changed(tmp_path, second)))
    wait = {"spark.kubernetes.driver.waitToReusePersistentVolumeClaim": "false"}
    verdict = changed(tmp_path, second | wait)
    assert not any("wait for ever" in one for one in errors(verdict))
    assert any("are mixed when executors reuse them" in one for one in warnings(verdict))


def test_dynamic_allocation_with_reused_claims_is_a_warning(tmp_path: Path) -> None:
    verdict = changed(
        tmp_path, {}, dynamicAllocation={"enabled": True, "minExecutors": 1, "maxExecutors": 2}
    )
    assert any("leaves its volume" in one for one in warnings(verdict))


@pytest.mark.parametrize("path", ["/data1", "/data", "/data/x/y"])
def test_a_path_that_recovers_nothing_is_a_warning(tmp_path: Path, path: str) -> None:
    verdict = changed(tmp_path, {f"{VOLUME}.mount.path": path})
    assert any("recovers no shuffle files" in one for one in warnings(verdict))


@pytest.mark.parametrize(
    ("conf", "told"),
    [
        ({}, False),
        ({_OWN: "false"}, True),
        ({_OWN: "false", **dict.fromkeys(_REUSES, "false"), _PLUGIN: ""}, False),
        ({_OWN: "false", _REUSES[1]: "false", _PLUGIN: ""}, True),
    ],
)
def test_claims_that_executors_own_are_told_where_they_are_to_be_reused(
    tmp_path: Path, conf: dict[str, str], told: bool
) -> None:
    verdict = changed(tmp_path, conf)
    found = [one for one in warnings(verdict) if "a claim goes with its executor" in one]
    assert bool(found) is told, warnings(verdict)
    if told:
        assert found[0].startswith(f"spec.sparkConf[{_OWN}] false: ")
        assert not [one for one in warnings(verdict) if "recovers no shuffle files" in one]


@pytest.mark.parametrize("option", ["storageClass", "sizeLimit"])
def test_a_claim_that_spark_does_not_make_is_an_error(tmp_path: Path, option: str) -> None:
    found = objects(tmp_path, executors=2)
    del found[-1]["spec"]["sparkConf"][f"{VOLUME}.options.{option}"]
    assert any("Spark makes no claim" in one for one in errors(verdict_of(found, PLAN)))


def test_a_quota_holds_the_claims_of_the_team_s_executors_beside_those_of_the_stack(
    tmp_path: Path,
) -> None:
    team = "{name: team-a, shuffle: claim, quota: {storageGiB: 100}}"
    plan = plan_of("dev", f"spark.teams=[{team}, {{name: team-b}}]")
    assert errors(verdict_of(objects(tmp_path, executors=2), plan)) == []
    (error,) = errors(verdict_of(objects(tmp_path, executors=3), plan))
    assert "needs 150.0 GiB of requests.storage and the quota of team team-a is 100.0 GiB" in error
    # 1 GiB more is that of the JARs.
    quotas = [{"hard": {"requests.storage": "150Gi", "persistentvolumeclaims": "3"}}]
    found = errors(verdict_of(objects(tmp_path, executors=3), plan, quotas=quotas))
    assert [one.partition(" and ")[0].rpartition(" needs ")[2] for one in found] == [
        "150.0 GiB of requests.storage",
        "3 of persistentvolumeclaims",
    ]
