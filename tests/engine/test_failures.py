"""What fails in the middle is finished by the same command again, and nothing is left over."""

import pytest

from tests.engine import faults, health
from tests.engine.project import Project
from tests.engine.seeds import published_jar, running_pod

OPERATIONS = 91
"""Of an `up` of dev: the points are spread over them."""
POINTS = [round(OPERATIONS * share / 100) for share in range(5, 100, 10)]


@pytest.fixture
def dev(open_project) -> Project:
    """A fresh stack, whose state is written as for users."""
    return open_project("dev", checkpoints=True)


def finished(stack: Project) -> None:
    stack.up().ok()
    assert health.complaints(stack.world) == []
    assert stack.preview().ok().changes == []


@pytest.mark.parametrize("operations", POINTS)
def test_an_up_that_fails_in_the_middle_is_finished_by_a_second_one(dev, operations):
    with faults.injected(dev.world, faults.after(dev.world, operations)):
        failed = dev.up()
    assert failed.failed
    assert "ExpiredToken" in failed.text
    assert len(dev.world.operations) == operations
    finished(dev)


@pytest.mark.parametrize("operations", [10, 45, 80])
def test_a_killed_up_is_finished_after_cancel_and_refresh(dev, operations):
    with faults.injected(dev.world, faults.killed_after(dev.world, operations)):
        assert dev.up().failed
    dev.recover().ok()
    finished(dev)


@pytest.mark.parametrize("operations", [10, 45, 80])
def test_an_interrupted_destroy_is_finished_by_a_second_one(dev, operations):
    dev.up().ok()
    with faults.injected(dev.world, faults.after(dev.world, operations)):
        assert "ExpiredToken" in dev.destroy().text
    dev.destroy().ok()
    assert dev.world.left() == []
    assert dev.state() == []


def test_a_killed_destroy_is_finished_after_cancel_and_refresh(dev):
    dev.up().ok()
    with faults.injected(dev.world, faults.killed_after(dev.world, 30)):
        assert dev.destroy().failed
    dev.recover().ok()
    dev.destroy().ok()
    assert dev.world.left() == []


def test_a_destroy_of_half_a_platform_leaves_nothing(dev):
    with faults.injected(dev.world, faults.after(dev.world, 60)):
        assert dev.up().failed
    dev.destroy().ok()
    assert dev.world.left() == []


def test_throttling_that_ends_is_not_noticed(dev):
    with faults.injected(dev.world, faults.throttled(times=2)):
        finished(dev)
    assert len(dev.world.attempts) == 3 * len(dev.world.operations)


def test_throttling_that_does_not_end_fails_and_leaves_what_was_made_usable(dev):
    with faults.injected(dev.world, faults.throttled(times=10**6, verb="create")):
        assert "ThrottlingException" in dev.up().text
    finished(dev)


@pytest.mark.parametrize("name", ["system-group", "cluster-eks-eksCluster", "network-nat-a"])
def test_a_wait_that_times_out_leaves_a_resource_that_the_next_up_takes_on(dev, name):
    with faults.injected(dev.world, faults.timeout(name)):
        assert "timeout while waiting" in dev.up().text
    finished(dev)
    dev.destroy().ok()
    assert dev.world.left() == []


def test_a_switch_that_fails_in_the_middle_is_finished_by_a_second_up(dev):
    dev.up().ok()
    dev.set(jarMount={"level": "node", "method": "userdata"})
    with faults.injected(dev.world, faults.after(dev.world, 9)):
        assert dev.up().failed
    finished(dev)


def test_a_switch_waits_for_pods_that_use_their_claim_and_goes_on_when_they_are_gone(dev):
    dev.up().ok()
    pod = dev.world.add(running_pod("team-a"))
    dev.set(jarMount={"level": "node", "method": "userdata"})
    waiting = dev.up()
    assert waiting.failed
    assert "claim team-a/spark-jars is used by pod team-a/driver" in waiting.text
    dev.world.remove(pod)
    finished(dev)


def test_a_bucket_that_holds_jars_is_not_deleted_unless_the_stack_says_so(dev):
    dev.set(jarBucket__forceDestroy=False)
    dev.up().ok()
    dev.world.add(published_jar(dev.world))
    refused = dev.destroy()
    assert refused.failed
    assert "BucketNotEmpty" in refused.text
    dev.set(jarBucket__forceDestroy=True)
    dev.up().ok()
    dev.destroy().ok()
    assert dev.world.left() == []
