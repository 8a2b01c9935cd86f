"""After a failure the same command completes the operation, and nothing is left over."""

from pathlib import Path

import pytest

from tests.tiers.cluster.processes import wait_until
from tests.tiers.engine import faults
from tests.tiers.engine.health import destroyed, finished
from tests.tiers.engine.project import Project
from tests.tiers.engine.providers.cloud import Thing
from tests.tiers.engine.providers.kubernetes_rules import (
    CLAIM,
    POD,
    roll_back,
    uid_of,
    uninstall,
)
from tests.tiers.engine.seeds import published_jar

# It waits for nothing but this, and has no call to the engine that would fail.
WAITS = """
import asyncio, pulumi
from tests.tiers.engine.faults import kill_engine

async def never():
    await asyncio.to_thread(kill_engine)
    await asyncio.Event().wait()

pulumi.export("never", pulumi.Output.from_input(never()))
"""
# Spread over the 91 operations of an `up` of dev.
POINTS = [round(91 * share / 100) for share in range(5, 100, 10)]


@pytest.fixture
def dev(open_project) -> Project:
    """A fresh stack."""
    return open_project("dev")


@pytest.mark.parametrize("operations", POINTS)
def test_an_up_that_fails_in_the_middle_is_finished_by_a_second_one(dev, operations):
    with faults.injected(dev.cloud, faults.after(dev.cloud, operations)):
        failed = dev.up()
    assert failed.failed
    assert "ExpiredToken" in failed.text
    assert len(dev.cloud.operations) == operations
    finished(dev)


@pytest.mark.parametrize("operations", [10, 45, 80])
def test_a_killed_up_is_finished_after_cancel_and_refresh(open_project, operations):
    # Each operation is noted when it is done, as for users: what is killed goes on from the notes.
    noted = open_project("dev", checkpoints=True)
    with faults.injected(noted.cloud, faults.killed_after(noted.cloud, operations)):
        assert noted.up().failed
    noted.recover().ok()
    finished(noted)


@pytest.mark.parametrize("release", ["karpenter-release", "spark-operator-release"])
def test_a_release_that_was_killed_while_it_was_installed_is_uninstalled_first(
    open_project, release: str
):
    noted = open_project("dev", checkpoints=True)
    with faults.injected(noted.cloud, faults.killed_inside(noted.cloud, release)):
        assert noted.up().failed
    noted.cloud.killed = False
    noted.recover().ok()
    assert "cannot re-use a name that is still in use" in noted.up().text
    uninstall(noted.cloud, release.removesuffix("-release"))
    finished(noted)


def test_a_release_that_was_killed_while_it_was_upgraded_is_rolled_back_first(
    first_dev: Project, tmp_path: Path
):
    with first_dev.copy(tmp_path, checkpoints=True) as noted:
        noted.change("spark.teams=[{name: team-a}]")
        release = "spark-operator-release"
        with faults.injected(noted.cloud, faults.killed_inside(noted.cloud, release)):
            assert noted.up().failed
        noted.cloud.killed = False
        noted.recover().ok()
        noted.change("spark.teams=[{name: team-a}, {name: team-c}]")
        assert "another operation (install/upgrade/rollback) is in progress" in noted.up().text
        roll_back(noted.cloud, "spark-operator")
        finished(noted)


@pytest.mark.parametrize("operations", [10, 45, 80])
def test_an_interrupted_destroy_is_finished_by_a_second_one(running_dev, operations):
    with faults.injected(running_dev.cloud, faults.after(running_dev.cloud, operations)):
        assert "ExpiredToken" in running_dev.destroy().text
    destroyed(running_dev)


def test_a_killed_destroy_is_finished_after_cancel_and_refresh(first_dev: Project, tmp_path: Path):
    with first_dev.copy(tmp_path, checkpoints=True) as noted:
        with faults.injected(noted.cloud, faults.killed_after(noted.cloud, 30)):
            assert noted.destroy().failed
        noted.recover().ok()
        destroyed(noted)


def test_a_destroy_of_half_a_platform_leaves_nothing(dev):
    with faults.injected(dev.cloud, faults.after(dev.cloud, 60)):
        assert dev.up().failed
    destroyed(dev)


def test_throttling_that_ends_is_not_noticed(dev):
    with faults.injected(dev.cloud, faults.throttled(times=2)):
        finished(dev)
    assert len(dev.cloud.attempts) == 3 * len(dev.cloud.operations)


def test_permanent_throttling_fails_and_leaves_created_resources_usable(dev):
    with faults.injected(dev.cloud, faults.throttled(times=10**6, verb="create")):
        assert "ThrottlingException" in dev.up().text
    finished(dev)


@pytest.mark.parametrize("name", ["system-group", "cluster-eks-eksCluster", "network-nat-a"])
def test_a_wait_that_times_out_leaves_a_resource_that_the_next_up_takes_on(dev, name):
    with faults.injected(dev.cloud, faults.timeout(name)):
        assert "timeout while waiting" in dev.up().text
    finished(dev)
    destroyed(dev)


def test_a_switch_that_fails_in_the_middle_is_finished_by_a_second_up(running_dev):
    running_dev.change("jarMount={level: node, method: userdata}")
    with faults.injected(running_dev.cloud, faults.after(running_dev.cloud, 9)):
        assert running_dev.up().failed
    finished(running_dev)


@pytest.mark.parametrize("operations", [round(17 * share / 100) for share in range(5, 100, 10)])
def test_an_interrupted_switch_is_taken_back_by_one_up(running_dev, operations):
    running_dev.change("jarMount={level: node, method: userdata}")
    with faults.injected(running_dev.cloud, faults.after(running_dev.cloud, operations)):
        assert running_dev.up().failed
    running_dev.change("jarMount={level: pod}")
    finished(running_dev)


def test_a_claim_that_was_deleted_outside_gets_its_volume_back(running_dev):
    claim = running_dev.cloud.get(CLAIM, "team-a/spark-jars")
    running_dev.cloud.remove(claim)
    running_dev.refresh().ok()
    finished(running_dev)
    again = running_dev.cloud.get(CLAIM, "team-a/spark-jars")
    assert uid_of(again) != uid_of(claim)


def test_a_switch_that_was_taken_back_while_a_job_ran_gets_its_claims_back(running_dev):
    claim = {"claim": "spark-jars"}
    pod = running_dev.cloud.add(Thing(POD, "team-a/driver", "", claim, claim))
    running_dev.change("jarMount={level: node, method: userdata}")
    assert running_dev.up().failed
    running_dev.cloud.remove(pod)
    # The API server deletes the claim that it was asked to delete, once no pod uses it.
    running_dev.cloud.remove(running_dev.cloud.get(CLAIM, "team-a/spark-jars"))
    running_dev.change("jarMount={level: pod}")
    running_dev.refresh().ok()
    finished(running_dev)


def test_a_switch_waits_until_no_pod_uses_its_claim(running_dev):
    claim = {"claim": "spark-jars"}
    pod = running_dev.cloud.add(Thing(POD, "team-a/driver", "", claim, claim))
    running_dev.change("jarMount={level: node, method: userdata}")
    waiting = running_dev.up()
    assert waiting.failed
    assert "claim team-a/spark-jars is used by pod team-a/driver" in waiting.text
    running_dev.cloud.remove(pod)
    finished(running_dev)


def test_a_bucket_with_jars_is_deleted_only_with_force_destroy(dev):
    dev.change("jarBucket.forceDestroy=false")
    dev.up().ok()
    dev.cloud.add(published_jar(dev.cloud))
    refused = dev.destroy()
    assert refused.failed
    assert "BucketNotEmpty" in refused.text
    dev.change("jarBucket.forceDestroy=true")
    dev.up().ok()
    destroyed(dev)


def test_a_program_that_waits_ends_with_its_engine(open_project, program_with):
    """Else its thread would keep the tests from ending."""
    program = program_with({})
    (program / "__main__.py").write_text(WAITS)
    project = open_project("dev", program=program)
    assert project.up().failed
    (loop,) = project.loops
    wait_until(lambda: not loop.is_running(), "the program has ended", seconds=10)
