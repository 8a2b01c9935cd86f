"""The claims on the JARs with the real kubernetes provider, API server and controllers: after
a deletion, or a change of level that is interrupted, one `up` lets every team read its JARs."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.tiers.cluster.conftest import running as running_plane
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.cluster.objects import await_gone
from tests.tiers.engine import faults
from tests.tiers.engine.project import Project, cli
from tests.tiers.engine.providers import real_kubernetes
from tests.tiers.engine.real_claims import LEVELS, OPERATIONS, TYPES, Claims, interrupt
from tests.tiers.engine.seeds import account
from tests.tiers.programs import ROOT, or_skip

SWITCHES = [("pod", "node"), ("node", "pod")]
UNHEARD = [
    ("delete", "{}-claim"),
    ("create", "{}-node-binding"),
    ("delete", "{}-pod"),
]
"""Steps of a switch to node level, on the first team's objects."""


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A control plane with the CRDs of the stack's charts."""
    or_skip(cli)
    or_skip(real_kubernetes.program)
    with running_plane() as started:
        yield started


@pytest.fixture(scope="module")
def opened(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory):
    """Runs a program on that control plane, as dev says, up to its first `up`."""
    kubernetes = partial(real_kubernetes.RealKubernetes, plane.kubeconfig)
    with ExitStack() as stack:

        def run(program: Path, *teams: str) -> Claims:
            folder = tmp_path_factory.mktemp("dev")
            project = Project(
                folder, "dev", account(), program, True, more={"kubernetes": kubernetes}
            )
            stack.enter_context(project)
            project.change(*(f"spark.teams[{at}].name={team}" for at, team in enumerate(teams)))
            project.up().ok()
            return Claims(project, plane.api, teams)

        yield run


@pytest.fixture(scope="module")
def whole(opened) -> Claims:
    """The claims of the whole stack."""
    return opened(ROOT, "team-a", "team-b")


@pytest.fixture(scope="module")
def alone(opened, tmp_path_factory: pytest.TempPathFactory) -> Claims:
    """The claims of a program that makes nothing else."""
    program = tmp_path_factory.mktemp("claims")
    for name in ("Pulumi.yaml", "settings.py", "versions.py", "components", "stacks", "userdata"):
        (program / name).symlink_to(ROOT / name)
    (program / "__main__.py").symlink_to(Path(__file__).parent / "claims_program.py")
    return opened(program, "only-a", "only-b")


def test_after_the_first_up_every_team_reads_its_jars(whole: Claims):
    whole.are_read()
    assert whole.project.preview().ok().operations == []
    assert whole.project.refresh().ok().operations == []


@pytest.mark.parametrize(("before", "after"), SWITCHES)
def test_a_switch_of_the_whole_stack_fails_is_taken_back_and_succeeds(whole, before, after):
    whole.at(before)
    _fails_after(OPERATIONS // 2, whole, after)
    whole.comes_back(before)
    whole.comes_back(after)


@pytest.mark.parametrize("operations", range(OPERATIONS))
@pytest.mark.parametrize(("before", "after"), SWITCHES)
def test_a_switch_that_fails_at_any_point_is_taken_back_by_one_up(alone, before, after, operations):
    alone.at(before)
    _fails_after(operations, alone, after)
    alone.comes_back(before)


def test_a_switch_without_a_failure_is_as_long_as_these_points_go(alone: Claims):
    alone.at("pod")
    begun = len(alone.project.cloud.operations)
    alone.comes_back("node")
    done = alone.project.cloud.operations[begun:]
    assert sum(one.type in TYPES for one in done) == OPERATIONS


@pytest.mark.parametrize(("verb", "name"), UNHEARD)
def test_a_switch_whose_engine_was_killed_is_taken_back_by_one_up(alone, verb, name):
    _killed_after(verb, name, alone)
    alone.comes_back("pod")


def test_a_volume_that_a_killed_engine_created_is_taken_on_by_the_next_switch(alone: Claims):
    _killed_after("create", "{}-node", alone)
    # The engine does not know of it, and no claim binds to it.
    alone.comes_back("pod", left_over=[f"spark-jars-{alone.teams[0]}.jars-node"])
    alone.comes_back("node")
    alone.comes_back("pod")


def test_a_claim_that_a_killed_engine_created_is_taken_on_by_the_same_command(alone: Claims):
    _killed_after("create", "{}-claim", alone)
    alone.comes_back("node")


def test_a_claim_that_a_killed_engine_created_is_deleted_before_the_switch_is_taken_back(alone):
    _killed_after("create", "{}-claim", alone)
    alone.to("pod")
    refused = alone.project.up()
    assert refused.failed
    assert "Apply failed with 1 conflict" in refused.text
    assert ".spec.volumeName" in refused.text
    # The row of docs/jar-mounts.md.
    alone.api.delete(alone.claim)
    await_gone(alone.api, alone.claim)
    alone.comes_back("pod")


@pytest.mark.parametrize("level", LEVELS)
def test_a_claim_that_an_administrator_deleted_comes_back(alone: Claims, level):
    alone.at(level)
    alone.delete_claim()
    # The engine does not look: it takes the claim to be there.
    assert alone.project.preview().ok().operations == []
    alone.comes_back(level, refresh=True)


def test_a_claim_that_was_deleted_during_a_job_comes_back_after_it(alone: Claims):
    alone.at("pod")
    with alone.job():
        alone.api.delete(alone.claim)
        alone.project.refresh().ok()
        assert alone.project.up().ok().operations == []
        # The job goes on reading.
        assert alone.api.get(alone.claim)["status"]["phase"] == "Bound"
    await_gone(alone.api, alone.claim)
    alone.comes_back("pod", refresh=True)


def test_a_claim_that_an_administrator_created_again_gets_its_volume(alone: Claims):
    alone.at("pod")
    claim = alone.api.get(alone.claim)
    alone.delete_claim()
    again = alone.api.create({**alone.claim, "spec": claim["spec"]})
    alone.comes_back("pod", refresh=True)
    assert alone.api.get(alone.claim)["metadata"]["uid"] == again["metadata"]["uid"]


def test_a_claim_that_was_deleted_with_its_volume_comes_back_with_it(alone: Claims):
    alone.at("pod")
    alone.api.delete(alone.volume)
    alone.api.delete(alone.claim)
    await_gone(alone.api, alone.claim)
    await_gone(alone.api, alone.volume)
    alone.comes_back("pod", refresh=True)


def test_a_switch_waits_for_the_job_that_uses_the_claim(alone: Claims):
    alone.at("pod")
    with ExitStack() as switch, alone.job():
        outcomes = switch.enter_context(alone.switch_that_waits("node"))
        # Nothing is taken from the job.
        assert alone.api.get(alone.claim)["status"]["phase"] == "Bound"
        assert outcomes == []
    outcomes[0].ok()
    alone.comes_back("node")


def test_a_switch_that_is_interrupted_during_a_job_is_taken_back_after_it(alone: Claims):
    alone.at("pod")
    with alone.job():
        with alone.switch_that_waits("node") as outcomes:
            interrupt()
        assert outcomes[0].failed
        alone.to("pod")
        alone.project.up().ok()
    await_gone(alone.api, alone.claim)
    alone.comes_back("pod", refresh=True)


def _fails_after(operations: int, claims: Claims, level: str) -> None:
    claims.to(level)
    cloud = claims.project.cloud
    with faults.injected(cloud, faults.after(cloud, operations, types=TYPES)):
        failed = claims.project.up()
    assert failed.failed
    assert "ExpiredToken" in failed.text


def _killed_after(verb: str, name: str, claims: Claims) -> None:
    """A switch to node level whose engine is killed when it has asked for this operation, and
    recovers as docs/deploy.md says."""
    claims.at("pod")
    claims.to("node")
    fault = faults.killed_unheard(verb, name.format(f"team-{claims.teams[0]}-jars"))
    with faults.injected(claims.project.cloud, fault):
        assert claims.project.up().failed
    claims.project.recover().ok()
