"""Runs of a fleet of two, each on a real API server with the real operator, sent by the command
`submit` through the real kubectl: by weight, once, and past a member that drains, hangs or is
dead."""

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from ops.fleet import tools
from ops.fleet.clusters import SECONDS, Kubectl, NoAnswer
from ops.fleet.facts import Facts
from ops.fleet.live import Cluster
from ops.fleet.route import Run, candidates
from ops.fleet.submit import submit
from ops.fleet.upgrade import Step, Upgrade
from ops.plan.errors import Failed
from tests.tiers.cluster.api import Object
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.cluster.objects import apply_all, clear, identity
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.teams import refusal
from tests.tiers.operator.applications import pods_of, state_of
from tests.tiers.operator.fleet import JOB, MEMBERS, TEAM, Live, api_server, live, operators, silent
from tests.tiers.operator.programs import Programs
from tests.tiers.operator.test_drain import EVERY_SECONDS, runs_of
from tests.tiers.operator.test_jobs_at_once import Jobs

RUNS = 20
SKIPPED_SECONDS = SECONDS + 4
"""Within which a member that does not answer is skipped; kubectl starts, too."""
SCHEDULE: Object = {
    "apiVersion": "sparkoperator.k8s.io/v1beta2",
    "kind": "ScheduledSparkApplication",
    "metadata": {"name": "often", "namespace": TEAM},
    "spec": {"schedule": f"@every {EVERY_SECONDS}s", "concurrencyPolicy": "Forbid"},
}
DRAIN: list[Object] = [
    {"kind": f"ValidatingAdmissionPolicy{kind}", "metadata": {"name": "spark-drain"}}
    for kind in ("", "Binding")
]
SCHEDULED = "no schedule of one is still to start runs"
TAKES_NO_JOBS = "takes no new jobs"
_NUMBERS = count()


@pytest.fixture(scope="module")
def found(
    plane: ControlPlane, spark: Programs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """The fleet."""
    folder = tmp_path_factory.mktemp("fleet")
    with live(plane, spark, folder) as started, pytest.MonkeyPatch.context() as patch:
        for key, value in started.environment.items():
            patch.setenv(key, value)
        yield started


@pytest.fixture(scope="module")
def manifests(found: Live) -> dict[str, Object]:
    """The application of the job on each member, as `make job` writes it."""
    written = {
        name: tools.manifests(found.root, name, TEAM, "name", ["--job", JOB]) for name in MEMBERS
    }
    assert all(len(one) == 1 for one in written.values()), "nothing beside the application"
    return {name: one[0] for name, one in written.items()}


def run_for(found: Live, member: str) -> str:
    """The id of a new run whose first choice is a member."""
    return next(
        run
        for run in (f"run-{number}" for number in _NUMBERS)
        if candidates(found.fleet, Run(TEAM, JOB, run))[0].name == member
    )


def send(found: Live, manifests: dict[str, Object], run: str, **options: Any) -> str:
    """Sends a run that does not start, with the library; returns the member."""

    def render(member: str, name: str) -> list[Object]:
        one = manifests[member]
        spec = {**one["spec"], "suspend": True}
        return [{**one, "metadata": {**one["metadata"], "name": name}, "spec": spec}]

    options = {"regions": {}, "render": render, "clusters": Kubectl(), **options}
    return submit("made", found.fleet, Run(TEAM, JOB, run), **options).member


def test_runs_are_where_their_hashes_say_by_weight(
    found: Live, manifests: dict[str, Object]
) -> None:
    runs = [f"day-{number}" for number in range(RUNS)]
    first = {run: candidates(found.fleet, Run(TEAM, JOB, run))[0].name for run in runs}
    assert {run: send(found, manifests, run) for run in runs} == first
    for member in MEMBERS:
        mine = {f"{JOB}-{run}" for run in runs if first[run] == member}
        assert found.runs(member).keys() == mine
        assert len(mine) >= RUNS // 5
        for one in found.runs(member).values():
            assert one["metadata"]["labels"]["spark-on-eks/fleet"] == "made"
            assert "weight" in one["metadata"]["annotations"]["spark-on-eks/routed"]
    # A second request is told where each is, also if its weight moved since.
    found.write(one={"weight": 0})
    for run in runs[:3]:
        with pytest.raises(Failed, match=f"is on {first[run]} already, as {JOB}-{run}"):
            send(found, manifests, run)
    found.write()
    found.clear()


def test_a_lost_answer_is_told_by_the_same_command_and_starts_nothing_twice(
    found: Live, manifests: dict[str, Object]
) -> None:
    run = run_for(found, "two")
    folder = found.root / "lost"
    folder.mkdir()
    lossy = folder / "kubectl"
    # The server does what it is asked, and its answer is lost on the way back.
    lossy.write_text(
        '#!/bin/sh\nkubectl "$@" >"$0.out" || exit 1\n'
        'case " $* " in *" create "*) echo "Unable to connect: EOF" >&2; exit 1;; esac\n'
        'cat "$0.out"\n'
    )
    lossy.chmod(0o755)
    with pytest.raises(Failed, match="whether two has the run is not known"):
        send(found, manifests, run, clusters=Kubectl([str(lossy)]))
    with pytest.raises(Failed, match="is on two already"):
        send(found, manifests, run)
    assert not found.runs("one")
    found.clear()


def test_a_member_that_hangs_between_both_questions_gets_no_second_run(
    found: Live, manifests: dict[str, Object]
) -> None:
    run = run_for(found, "two")
    hanging = silent(found.planes["two"])

    def render(member: str, name: str) -> list[Object]:
        hanging.__enter__()
        one = manifests[member]
        return [{**one, "metadata": {**one["metadata"], "name": name}}]

    try:
        with pytest.raises(Failed, match="whether two has the run is not known"):
            send(found, manifests, run, render=render)
    finally:
        hanging.__exit__(None, None, None)
    assert not found.runs("one")
    assert not found.runs("two"), "its connection was closed before it woke"
    assert send(found, manifests, run) == "two"
    found.clear()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"type": "Cobol"}, 'Unsupported value: "Cobol"'),
        ({"tpye": "Scala"}, 'unknown field "spec.tpye"'),
        ({"deps": {"packages": ["a:b:1"]}}, "denied request"),
    ],
    ids=str,
)
def test_what_an_api_server_refuses_is_told_in_its_words(
    found: Live, manifests: dict[str, Object], change: Object, says: str
) -> None:
    def render(member: str, name: str) -> list[Object]:
        one = manifests[member]
        metadata, spec = {**one["metadata"], "name": name}, {**one["spec"], **change}
        return [{**one, "metadata": metadata, "spec": spec}]

    with pytest.raises(Failed, match="one refuses the run") as error:
        send(found, manifests, run_for(found, "one"), render=render)
    assert says in str(error.value)
    assert not found.runs("one")


def test_runs_start_once_and_a_member_that_drains_passes_new_ones_on(
    found: Live, spark: Programs
) -> None:
    with operators(found, spark, MEMBERS):
        try:
            _once_and_drained(found)
        finally:
            found.write()
            clear(found.planes["one"].api, [SCHEDULE, *DRAIN])
            found.clear()


def _once_and_drained(found: Live) -> None:
    api = found.planes["one"].api
    run = run_for(found, "one")
    sent = found.submit(run)
    assert sent.code == 0, sent
    assert sent.out == f"{JOB}-{run} is on one: of the team's members, weight 60 of 100\n"
    again = found.submit(run)
    assert (again.code, again.out) == (1, "")
    assert f"run {run} of {JOB} is on one already, as {JOB}-{run}" in again.error
    application = found.runs("one")[f"{JOB}-{run}"]
    api.create({**SCHEDULE, "spec": {**SCHEDULE["spec"], "template": application["spec"]}})
    wait_until(lambda: bool(pods_of(api, application, "driver")), "a driver", seconds=120)
    wait_until(lambda: bool(runs_of(api, SCHEDULE)), "a run of the schedule", seconds=60)
    _drain(found)
    kept = runs_of(api, SCHEDULE)
    # A file of before still names it: its API server passes the run on.
    found.write()
    moved = run_for(found, "one")
    passed = found.submit(moved)
    assert passed.code == 0, passed
    assert passed.out.splitlines() == [
        f"{JOB}-{moved} is on two: of the team's members, weight 40 of 100",
        f"one {TAKES_NO_JOBS}",
    ]
    found.write(one={"acceptJobs": False})
    assert {"nothing runs on one", SCHEDULED} <= {*not_yet(found)}
    other = run_for(found, "two")
    chosen = found.submit(other)
    assert (chosen.code, len(chosen.out.splitlines())) == (0, 1), chosen
    assert {f"{JOB}-{moved}", f"{JOB}-{other}"} <= found.runs("two").keys()
    # What was there ends, and the schedule starts nothing more.
    work = Jobs(api)
    work.until(lambda: state_of(api, application) == "COMPLETED", 120)
    for one in kept.values():
        work.until(lambda one=one: state_of(api, one) == "COMPLETED", 120)
    time.sleep(2 * EVERY_SECONDS)
    assert runs_of(api, SCHEDULE).keys() == kept.keys()
    assert not_yet(found) == [SCHEDULED], "the member may not be destroyed yet"
    api.delete(SCHEDULE)
    wait_until(lambda: not not_yet(found), "it may be destroyed", seconds=30)
    elsewhere = found.planes["two"].api, found.runs("two")[f"{JOB}-{moved}"]
    wait_until(lambda: bool(pods_of(*elsewhere, "driver")), "a driver there", seconds=120)


def not_yet(found: Live) -> list[str]:
    """What keeps member one from being destroyed, as the command `upgrade` sees it."""
    clusters = {
        name: Cluster(Kubectl(), one.context or name) for name, one in found.fleet.members.items()
    }
    facts = {name: Facts(name, {}, "", "", "", "", "", {}) for name in MEMBERS}
    move = Upgrade(found.fleet, "one", "two", facts, [], clusters, lambda _: {})
    return [one.what for one in move.conditions(Step.destroy) if not one.lets_go_on]


def _drain(found: Live) -> None:
    """Applies what `acceptJobs: false` adds to a member, as `pulumi up` does."""
    api = found.planes["one"].api
    before = {identity(one) for one in found.objects("one")}
    found.write(one={"acceptJobs": False})
    added = [one for one in found.objects("one") if identity(one) not in before]
    assert {*map(identity, added)} == {*map(identity, DRAIN)}
    apply_all(api, added)
    any_run = {**next(iter(found.runs("one").values()))}
    any_run["metadata"] = {"name": "any", "namespace": TEAM}
    wait_until(lambda: TAKES_NO_JOBS in refusal(api, any_run), "it drains", seconds=30)


def test_a_member_that_hangs_or_is_dead_is_skipped_in_time(
    found: Live, manifests: dict[str, Object]
) -> None:
    plane = found.planes["two"]
    run = run_for(found, "two")
    with silent(plane):
        hanging = found.submit(run)
        assert hanging.code == 0, hanging
        assert f"{JOB}-{run} is on one: " in hanging.out
        assert "two is skipped: " in hanging.out and "it may run twice" in hanging.out
        start = time.monotonic()
        with pytest.raises(NoAnswer):
            Kubectl().applications(found.fleet.members["two"].context, TEAM, "a=b")
        assert time.monotonic() - start < SKIPPED_SECONDS
        strict = found.submit(run_for(found, "one"), "--strict")
        assert (strict.code, strict.out) == (1, "")
        assert "nothing was sent, since a member does not answer" in strict.error
    assert f"is on one already, as {JOB}-{run}" in found.submit(run).error
    server = api_server(plane)
    server.process.kill()
    server.process.wait()
    dead = run_for(found, "two")
    assert send(found, manifests, dead) == "one"
    with pytest.raises(Failed, match="was refused"):
        send(found, manifests, run_for(found, "two"), strict=True)
