"""The claims on the JARs, with the real kubernetes provider, API server and controllers: whatever
deletes or interrupts them, after one `up` every team reads its JARs."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial

import pytest

from tests.names import CLAIM, JARS_LABEL
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.conftest import running as running_plane
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.cluster.objects import await_gone
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import executor, joined, node, node_of_pod, running
from tests.tiers.engine import faults
from tests.tiers.engine.project import Project
from tests.tiers.engine.providers import real_kubernetes
from tests.tiers.engine.providers.kubernetes_rules import BINDING, VOLUME
from tests.tiers.engine.providers.kubernetes_rules import CLAIM as CLAIM_TYPE
from tests.tiers.engine.seeds import account
from tests.tiers.programs import or_skip

TEAMS = ("team-a", "team-b")
LEVELS = {"pod": "jarMount={level: pod}", "node": "jarMount={level: node, method: userdata}"}
TYPES = (VOLUME, CLAIM_TYPE, BINDING)
OPERATIONS = 10
"""Of a switch on volumes and claims: per team a volume is created, its claim deleted and created
and the volume bound, and the old volume deleted."""


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A control plane with the CRDs of the stack's charts."""
    or_skip(real_kubernetes.program)
    with running_plane() as started:
        yield started


@pytest.fixture(scope="module")
def api(plane: ControlPlane) -> Api:
    """Its client."""
    return plane.api


@pytest.fixture(scope="module")
def project(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Dev on that control plane, after its first `up`."""
    kubernetes = partial(real_kubernetes.RealKubernetes, plane.kubeconfig)
    folder = tmp_path_factory.mktemp("dev")
    more = {"kubernetes": kubernetes}
    with Project(folder, "dev", account(), checkpoints=True, more=more) as opened:
        opened.up().ok()
        yield opened


@pytest.fixture
def at(project: Project, api: Api):
    """Takes the stack to a level, whatever the test before left."""

    def taken(level: str) -> Project:
        project.change(LEVELS[level])
        project.up().ok()
        settled(api, level)
        return project

    return taken


def unread(api: Api, level: str) -> list[str]:
    """A line for each reason why a team would not read its JARs at this level."""
    found = []
    volumes = {one["metadata"]["name"]: one for one in api.items("PersistentVolume")}
    wanted = {team: f"{CLAIM}-{team}.jars-{level}" for team in TEAMS}
    found += [f"{name}: is left over" for name in volumes.keys() - set(wanted.values())]
    for team, name in wanted.items():
        claim = api.find("PersistentVolumeClaim", CLAIM, team)
        volume = volumes.get(name)
        if claim is None or volume is None:
            found.append(f"{team}: claim {claim is not None}, volume {volume is not None}")
            continue
        if claim["metadata"].get("deletionTimestamp"):
            found.append(f"{team}: its claim is being deleted")
        phases = claim["status"].get("phase"), volume["status"]["phase"]
        if phases != ("Bound", "Bound") or claim["spec"]["volumeName"] != name:
            found.append(f"{team}: {phases}, {claim['spec']['volumeName']}")
        if volume["spec"]["claimRef"].get("uid") != claim["metadata"]["uid"]:
            found.append(f"{team}: the volume is for another claim")
        api.create(executor("reader", team, "default"), dry_run=True)
    return found


def settled(api: Api, level: str) -> None:
    """Asserts that every team reads its JARs, once the controllers had a few seconds."""
    with suppress(TimeoutError):
        wait_until(lambda: not unread(api, level), "every team reads its JARs", seconds=10)
    assert unread(api, level) == []


def reads(project: Project, api: Api, level: str) -> None:
    """Asserts that one `up` gives every team its JARs, and that nothing is left to do."""
    project.up().ok()
    settled(api, level)
    assert project.preview().ok().operations == []


def claim_of(team: str) -> Object:
    """Which claim is meant."""
    return {"kind": "PersistentVolumeClaim", "metadata": {"name": CLAIM, "namespace": team}}


def test_after_the_first_up_every_team_reads_its_jars(project: Project, api: Api):
    assert unread(api, "pod") == []
    assert project.preview().ok().operations == []
    assert project.refresh().ok().operations == []


@pytest.mark.parametrize("operations", range(OPERATIONS))
@pytest.mark.parametrize(("before", "after"), [("pod", "node"), ("node", "pod")])
def test_a_switch_that_fails_is_taken_back_by_one_up(at, api, before, after, operations):
    project = at(before)
    project.change(LEVELS[after])
    with faults.injected(project.cloud, faults.after(project.cloud, operations, types=TYPES)):
        failed = project.up()
    assert failed.failed
    assert "ExpiredToken" in failed.text
    project.change(LEVELS[before])
    reads(project, api, before)


# The steps of a switch whose outcome the state does not know when the engine is killed: the names
# of the first team's volume, claim and binding.
UNHEARD = [
    ("create", "team-team-a-jars-node"),
    ("delete", "team-team-a-jars-claim"),
    ("create", "team-team-a-jars-claim"),
    ("create", "team-team-a-jars-node-binding"),
    ("delete", "team-team-a-jars-pod"),
]


@pytest.mark.parametrize(("verb", "name"), UNHEARD)
def test_a_switch_whose_engine_was_killed_is_taken_back_by_one_up(at, api, verb, name):
    project = at("pod")
    project.change(LEVELS["node"])
    with faults.injected(project.cloud, faults.killed_unheard(verb, name)):
        assert project.up().failed
    assert project.recover().ok()
    project.change(LEVELS["pod"])
    reads(project, api, "pod")


@contextmanager
def a_job(api: Api) -> Iterator[None]:
    """A pod of team-a that uses its claim on a node."""
    pod = executor("job", "team-a", "default", tolerations=[], nodeSelector={})
    labels = {JARS_LABEL: "jars"}
    with joined(api, [node("worker", labels, [])]), running(api, [pod]):
        assert node_of_pod(api, pod) == "worker"
        yield


@contextmanager
def switching(project: Project, api: Api) -> Iterator[None]:
    """A switch from pod level that waits for the pod of a job, and is interrupted by Ctrl-C."""
    project.change(LEVELS["node"])
    with ThreadPoolExecutor(1) as pool:
        up = pool.submit(project.up)
        api.wait(claim_of("team-a"), is_going, "being deleted")
        yield
        for engine in faults.engines():
            os.kill(engine, signal.SIGINT)
        assert up.result().failed


def is_going(one: Object) -> bool:
    """Whether the API server was asked to delete it."""
    return "deletionTimestamp" in one["metadata"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_claim_that_an_administrator_deleted_comes_back(at, api, level):
    project = at(level)
    api.delete(claim_of("team-a"))
    await_gone(api, claim_of("team-a"))
    volume = {"kind": "PersistentVolume", "metadata": {"name": f"{CLAIM}-team-a.jars-{level}"}}
    api.wait(volume, lambda one: one["status"]["phase"] == "Released", "released")
    project.refresh().ok()
    reads(project, api, level)


@pytest.mark.parametrize("level", LEVELS)
def test_a_claim_that_was_deleted_under_a_job_comes_back_when_the_job_has_ended(at, api, level):
    project = at(level)
    with a_job(api):
        api.delete(claim_of("team-a"))
        # The job goes on reading: nothing is taken from under it.
        assert project.refresh().ok().operations == []
        assert project.up().ok().operations == []
        assert api.get(claim_of("team-a"))["status"]["phase"] == "Bound"
    await_gone(api, claim_of("team-a"))
    project.refresh().ok()
    reads(project, api, level)


def test_a_claim_that_an_administrator_made_again_gets_its_volume(at, api):
    project = at("pod")
    claim = api.get(claim_of("team-a"))
    api.delete(claim_of("team-a"))
    await_gone(api, claim_of("team-a"))
    kept = {key: claim["metadata"][key] for key in ("name", "namespace")}
    again = api.create({**claim, "kind": "PersistentVolumeClaim", "metadata": kept, "status": {}})
    project.refresh().ok()
    reads(project, api, "pod")
    assert api.get(claim_of("team-a"))["metadata"]["uid"] == again["metadata"]["uid"]


def test_a_volume_and_its_claim_that_an_administrator_deleted_come_back(at, api):
    project = at("pod")
    volume = {"kind": "PersistentVolume", "metadata": {"name": f"{CLAIM}-team-a.jars-pod"}}
    api.delete(volume)
    api.delete(claim_of("team-a"))
    await_gone(api, claim_of("team-a"))
    await_gone(api, volume)
    project.refresh().ok()
    reads(project, api, "pod")


def test_a_switch_waits_for_the_job_that_uses_its_claim(at, api):
    project = at("pod")
    project.change(LEVELS["node"])
    with ThreadPoolExecutor(1) as pool:
        with a_job(api):
            up = pool.submit(project.up)
            api.wait(claim_of("team-a"), is_going, "being deleted")
            assert api.get(claim_of("team-a"))["status"]["phase"] == "Bound"
            assert not up.done()
        up.result().ok()
    settled(api, "node")
    assert project.preview().ok().operations == []


def test_a_switch_that_was_interrupted_and_taken_back_while_a_job_ran(at, api):
    project = at("pod")
    with a_job(api):
        with switching(project, api):
            pass
        project.change(LEVELS["pod"])
        project.up()
    await_gone(api, claim_of("team-a"))
    project.refresh().ok()
    reads(project, api, "pod")
