"""A run goes to one member, once, and the answer says why."""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ops.fleet.clusters import Kubectl, NoAnswer, Refused, Room
from ops.fleet.route import Run, candidates
from ops.fleet.settings import Fleet
from ops.fleet.submit import Lacks, Sent, submit
from ops.plan.errors import Failed, UserError

FLEET = Fleet.model_validate({
    "defaults": "prod",
    "order": ["a", "b", "c"],
    "members": {
        "a": {"weight": 50, "context": "admin@a"},
        "b": {"weight": 50},
        "c": {"acceptJobs": "standby"},
    },
    "teams": {"etl": {"members": ["a", "b", "c"]}},
})  # fmt: skip
RUN = Run("etl", "load", "2026-12-01")
FIRST, SECOND, STANDBY = (one.name for one in candidates(FLEET, RUN))
CONTEXT = {"a": "admin@a", "b": "b", "c": "c"}


@dataclass
class Stub:
    """Clusters that answer as a test says; keeps what was created."""

    silent: Sequence[str] = ()
    refusing: Mapping[str, str] = field(default_factory=dict)
    loses: Sequence[str] = ()
    """Do not answer a create."""
    falls_silent: Sequence[str] = ()
    """Answer until something is applied."""
    full: Sequence[str] = ()
    created: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    applied: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def _answers(self, context: str) -> None:
        if context in [CONTEXT[name] for name in self.silent]:
            raise NoAnswer("no answer in 10 seconds")

    def applications(self, context: str, namespace: str, labels: str) -> list[str]:
        self._answers(context)
        wanted = dict(pair.split("=") for pair in labels.split(","))
        return [
            one["metadata"]["name"]
            for where, one in self.created
            if where == context and wanted.items() <= one["metadata"]["labels"].items()
        ]

    def room(self, context: str, namespace: str) -> Room:
        self._answers(context)
        used_up = context in [CONTEXT[name] for name in self.full]
        return Room(0.01 if used_up else 0.5, 7 if used_up else 0)

    def create(self, context: str, manifest: Mapping[str, Any]) -> None:
        self._answers(context)
        for name, said in self.refusing.items():
            if CONTEXT[name] == context:
                raise Refused(said)
        if context in [CONTEXT[name] for name in self.loses]:
            raise NoAnswer("the connection was lost")
        self.created.append((context, manifest))

    def apply(self, context: str, manifest: Mapping[str, Any]) -> None:
        if context in [CONTEXT[name] for name in self.falls_silent]:
            raise NoAnswer("i/o timeout")
        self.applied.append((context, manifest))


def render(member: str, name: str) -> list[dict[str, Any]]:
    return [
        {"kind": "ConfigMap", "metadata": {"name": f"{name}-conf"}},
        {"kind": "SparkApplication", "metadata": {"name": name, "labels": {"stack": member}}},
    ]


def sent(
    clusters: Stub, run: Run = RUN, *, lacks: Lacks | None = None, jars: str = "", **options: bool
) -> Sent:
    def with_jars(member: str, name: str) -> list[dict[str, Any]]:
        *beside, application = render(member, name)
        return [*beside, {**application, "spec": {"sparkConf": {"x": jars}}}]

    return submit("prod", FLEET, run, with_jars, clusters, regions={}, lacks=lacks, **options)


def test_it_goes_to_the_first_candidate_with_its_run_and_the_reason_on_it() -> None:
    clusters = Stub()
    found = sent(clusters)
    assert (found.member, found.name, found.notes) == (FIRST, "load-2026-12-01", [])
    ((context, application),) = clusters.created
    assert context == CONTEXT[FIRST]
    metadata = application["metadata"]
    assert metadata["labels"] == {
        "stack": FIRST,
        "spark-on-eks/fleet": "prod",
        "spark-on-eks/job": "load",
        "spark-on-eks/run": "2026-12-01",
    }
    assert metadata["annotations"] == {"spark-on-eks/routed": found.reason}
    assert [one["kind"] for _, one in clusters.applied] == ["ConfigMap"]


def test_a_run_is_not_started_twice_wherever_it_is() -> None:
    clusters = Stub()
    sent(clusters)
    with pytest.raises(Failed, match=f"run 2026-12-01 of load is on {FIRST} already, as load-"):
        sent(clusters)
    moved = Stub(silent=[FIRST])
    sent(moved)
    moved.silent = []
    with pytest.raises(Failed, match=f"is on {SECOND} already"):
        sent(moved)
    assert len(moved.created) == 1


def test_another_run_of_the_job_and_the_same_run_of_another_job_are_others() -> None:
    clusters = Stub()
    for run in (RUN, Run("etl", "load", "2026-12-02"), Run("etl", "other", "2026-12-01")):
        sent(clusters, run)
    assert len(clusters.created) == 3


def test_a_member_that_does_not_answer_is_skipped_and_what_is_not_known_is_said() -> None:
    found = sent(Stub(silent=[FIRST]))
    assert found.member == SECOND
    (note,) = found.notes
    assert note.startswith(f"{FIRST} is skipped: no answer in 10 seconds.")
    assert "it may run twice" in note


def test_strict_sends_nothing_while_a_member_does_not_answer() -> None:
    clusters = Stub(silent=[STANDBY])
    with pytest.raises(Failed, match="nothing was sent, since a member does not answer"):
        sent(clusters, strict=True)
    assert not clusters.created


def test_a_standby_takes_it_when_no_other_member_answers() -> None:
    assert sent(Stub(silent=[FIRST, SECOND])).member == STANDBY


def test_without_an_answer_nothing_is_sent() -> None:
    with pytest.raises(Failed, match="no member that takes the run answers: nothing was sent"):
        sent(Stub(silent=[FIRST, SECOND, STANDBY]))


def test_a_member_that_drains_passes_it_on() -> None:
    found = sent(Stub(refusing={FIRST: "denied: this cluster takes no new jobs: submit to b"}))
    assert (found.member, found.notes) == (SECOND, [f"{FIRST} takes no new jobs"])


@pytest.mark.parametrize(
    "said", ["exceeded quota", 'sparkapplications "load-2026-12-01" already exists']
)
def test_any_other_refusal_ends_it(said: str) -> None:
    clusters = Stub(refusing={FIRST: said})
    with pytest.raises(Failed, match=f"{FIRST} refuses the run: {said}"):
        sent(clusters)
    assert not clusters.created


def test_a_lost_answer_to_the_create_goes_nowhere_else() -> None:
    clusters = Stub(loses=[FIRST])
    with pytest.raises(Failed, match=f"whether {FIRST} has the run is not known"):
        sent(clusters)
    assert not clusters.created


def test_a_member_that_falls_silent_before_the_run_is_sent_passes_it_on() -> None:
    found = sent(Stub(falls_silent=[FIRST]))
    assert (found.member, found.notes) == (
        SECOND,
        [f"{FIRST} is skipped: i/o timeout. The run was not sent there"],
    )


def test_a_look_passes_over_a_quota_that_is_used_up() -> None:
    found = sent(Stub(full=[FIRST]), look=True)
    assert found.member == SECOND
    assert found.notes == [
        f"{FIRST} is passed over: 1% of the quota of etl is free, and 7 applications wait"
    ]
    assert sent(Stub(full=[FIRST])).member == FIRST, "only where it is asked for"
    assert sent(Stub(full=[FIRST, SECOND, STANDBY]), look=True).member == FIRST


JARS = "/opt/spark/jars/*:/mnt/s3/jars/r2/a.jar:/mnt/s3/jars/r1/b.jar,local:///mnt/s3/jars/r2/c.py"


def test_a_member_without_a_release_that_the_job_mounts_is_passed_over() -> None:
    asked = []

    def lacks(member: str, releases: Sequence[str]) -> str:
        asked.append((member, list(releases)))
        return "release r2: not published" if member == FIRST else ""

    clusters = Stub()
    found = sent(clusters, lacks=lacks, jars=JARS)
    assert (found.member, found.notes) == (
        SECOND,
        [f"{FIRST} is passed over: release r2: not published"],
    )
    assert asked == [(FIRST, ["r1", "r2"]), (SECOND, ["r1", "r2"])]
    assert [context for context, _ in clusters.created] == [CONTEXT[SECOND]]
    assert [context for context, _ in clusters.applied] == [CONTEXT[SECOND]]


def test_where_a_release_is_not_known_to_be_there_nothing_is_sent() -> None:
    def lacks(member: str, releases: Sequence[str]) -> str:
        raise Failed("there are no AWS credentials")

    clusters = Stub()
    with pytest.raises(Failed, match="no member takes the run") as told:
        sent(clusters, lacks=lacks, jars=JARS)
    assert not clusters.created
    assert f"{FIRST} is passed over: whether it has release r1, r2 is not known" in str(told.value)
    assert sent(clusters, jars=JARS).member == FIRST, "asked for nothing, it looks for none"


def test_a_job_without_a_release_asks_no_bucket() -> None:
    def lacks(member: str, releases: Sequence[str]) -> str:
        raise AssertionError(member)

    assert sent(Stub(), lacks=lacks, jars="/opt/spark/jars/*").member == FIRST


@pytest.mark.parametrize("run", ["", "A", "a_b", "-a", "a-", "a" * 41, "2026-12-01T06:00"])
def test_an_id_that_is_no_part_of_a_name_is_refused(run: str) -> None:
    with pytest.raises(UserError, match="must be at most 40 lower-case letters"):
        sent(Stub(), Run("etl", "load", run))


def kubectl(folder: Path, script: str) -> Kubectl:
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$*\" >>{folder}/called\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Kubectl([str(program)])


def test_kubectl_is_asked_in_the_members_context_with_a_limit_of_time(tmp_path: Path) -> None:
    found = kubectl(tmp_path, """echo '{"items": [{"metadata": {"name": "x"}}]}'""")
    assert found.applications("admin@a", "etl", "a=b") == ["x"]
    assert (tmp_path / "called").read_text().split() == [
        "--context", "admin@a", "--request-timeout=5s", "get", "--raw",
        "/apis/sparkoperator.k8s.io/v1beta2/namespaces/etl/sparkapplications?labelSelector=a%3Db",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ('Error from server (AlreadyExists): sparkapplications "x" already exists', Refused),
        ("Error from server (Forbidden): this cluster takes no new jobs", Refused),
        ('The SparkApplication \\"x\\" is invalid:\n* spec.type: a\n* spec.mode: b', Refused),
        ("Warning: old\nError from server (Invalid): this cluster takes no new jobs", Refused),
        ("error: You must be logged in to the server (Unauthorized)", Refused),
        ("Error from server (InternalError): failed calling webhook", NoAnswer),
        ("Error from server: etcdserver: request timed out", NoAnswer),
        ("Error from server (Timeout): the server was unable to return a response", NoAnswer),
        ("Unable to connect to the server: dial tcp: i/o timeout", NoAnswer),
        ('error: context \\"a\\" does not exist', NoAnswer),
        ("", NoAnswer),
    ],
)
def test_a_refusal_is_told_from_no_answer(tmp_path: Path, said: str, error: type) -> None:
    found = kubectl(tmp_path, f"""echo "{said}" >&2; exit 1""")
    with pytest.raises(error):
        found.create("a", {"metadata": {"namespace": "etl"}})


def test_without_kubectl_the_error_names_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not installed"):
        Kubectl([str(tmp_path / "none")]).applications("a", "etl", "")


def test_the_room_is_the_smallest_free_share_of_all_quotas(tmp_path: Path) -> None:
    items = (
        '{"items": [{"status": {"hard": {"requests.cpu": "10", "pods": "4"}, '
        '"used": {"requests.cpu": "9500m", "pods": "1"}, '
        '"applicationState": {"state": "SUBMITTED"}}}, {}]}'
    )
    assert kubectl(tmp_path, f"echo '{items}'").room("a", "etl") == Room(pytest.approx(0.05), 2)
