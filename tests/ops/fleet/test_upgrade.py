"""A step of a move to a newer Kubernetes version is refused until what it needs is seen to hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.fleet.clusters import NoAnswer, Refused
from ops.fleet.comparison import MORE, RUNS, by_chance
from ops.fleet.facts import Facts
from ops.fleet.live import Cluster, Ended
from ops.fleet.settings import Fleet
from ops.fleet.show import upgrade_text
from ops.fleet.upgrade import Compared, Condition, Step, Upgrade
from ops.plan.command import Format
from ops.plan.errors import Failed, UserError

NOW = datetime.now(UTC)
APPLICATIONS = "/apis/sparkoperator.k8s.io/v1beta2/namespaces/etl/sparkapplications"
SCHEDULES = "/apis/sparkoperator.k8s.io/v1beta2/namespaces/etl/scheduledsparkapplications"
DRAINS = [
    f"/apis/admissionregistration.k8s.io/v1/validatingadmission{kind}/spark-drain"
    for kind in ("policies", "policybindings")
]
NOW_DRAINS: dict[str, Any] = {path: {} for path in DRAINS}
QUERY = "/api/v1/namespaces/monitoring/services/kube-prometheus-stack-prometheus:9090/proxy"


def fleet(old: Mapping[str, Any] | None = None, new: Mapping[str, Any] | None = None) -> Fleet:
    return Fleet.model_validate({
        "defaults": "prod",
        "order": ["new", "old"],
        "members": {"old": {"weight": 90, **(old or {})}, "new": {"weight": 10, **(new or {})}},
        "teams": {"etl": {"members": ["old", "new"]}},
    })  # fmt: skip


def fact(name: str, version: str, block: str) -> Facts:
    values = {"spark": {"teams": [{"name": "etl"}]}}
    return Facts(name, values, "eu-west-1", "1", block, version, "2.5.2", {})


FACTS = {
    "old": fact("old", "1.35", "10.1.0.0/16"),
    "new": fact("new", "1.36", "10.2.0.0/16"),
}


def applications(completed: int, failed: int = 0, running: int = 0, hours_ago: int = 1) -> Any:
    ended = (NOW - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    states = ["COMPLETED"] * completed + ["FAILED"] * failed + ["RUNNING"] * running
    return {
        "items": [
            {
                "metadata": {"name": f"run-{number}"},
                "status": {
                    "applicationState": {"state": state},
                    **({} if state == "RUNNING" else {"terminationTime": ended}),
                },
            }
            for number, state in enumerate(states)
        ]
    }


@dataclass
class Api:
    """Answers of the members' API servers, by context and path; None: it does not answer."""

    answers: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    start: Mapping[str, float] = field(default_factory=lambda: {"old": 40, "new": 40})
    dollars: Mapping[str, float] = field(default_factory=lambda: {"old": 8, "new": 8})

    def read(self, context: str, path: str) -> dict[str, Any]:
        found = self.answers[context]
        if found is None:
            raise NoAnswer("no answer in 10 seconds")
        if path.startswith(QUERY):
            query = parse_qs(urlsplit(path).query)["query"][0]
            values = self.dollars if "cost" in query else self.start
            result = [{"value": [1, str(values[context])]}] if context in values else []
            return {"data": {"result": result}}
        if path not in found:
            raise Refused("Error from server (NotFound): not found")
        if isinstance(found[path], Refused):
            raise found[path]
        return found[path]


def cluster(version: str, **more: Any) -> dict[str, Any]:
    major, _, minor = version.partition(".")
    return {
        "/version": {"major": major, "minor": minor},
        "/api/v1/namespaces/etl": {},
        APPLICATIONS: applications(40),
        SCHEDULES: {"items": []},
        **more,
    }


def api(**more: Any) -> Api:
    return Api({"old": cluster("1.35"), "new": cluster("1.36"), **more})


def upgrade(
    of: Api | None = None,
    with_: Fleet | None = None,
    facts: Mapping[str, Facts] = FACTS,
    releases: Any = None,
    accept: frozenset[Compared] = frozenset(),
) -> Upgrade:
    reads = of or api()
    clusters = {name: Cluster(reads, name) for name in ("old", "new")}
    has = releases or (lambda _: {"jars/r1": ""})
    return Upgrade(with_ or fleet(), "old", "new", facts, ["etl"], clusters, has, 24, accept)


def refused(move: Upgrade, step: Step) -> list[str]:
    return [one.what for one in move.conditions(step) if not one.lets_go_on]


DRAINED = cluster("1.35", **NOW_DRAINS)


def test_each_step_may_be_taken_when_all_holds() -> None:
    assert refused(upgrade(with_=fleet(new={"weight": 0})), Step.weight) == []
    assert refused(upgrade(), Step.drain) == []
    drained = fleet(old={"acceptJobs": False})
    assert refused(upgrade(api(old=DRAINED), drained), Step.destroy) == []


def test_the_next_step_is_the_one_of_the_fleets_file() -> None:
    assert upgrade(with_=fleet(new={"weight": 0})).next_step() is Step.weight
    assert upgrade().next_step() is Step.drain
    assert upgrade(with_=fleet(old={"acceptJobs": False})).next_step() is Step.destroy


def _releases(old: Mapping[str, str], new: Mapping[str, str]) -> Any:
    return {"old": old, "new": new}.__getitem__


REFUSED = {
    "the same version": (
        {"facts": {**FACTS, "new": fact("new", "1.35", "10.2.0.0/16")},
         "of": api(new=cluster("1.35"))},
        Step.weight, "new is of a newer version",
    ),
    "overlapping blocks": (
        {"facts": {**FACTS, "new": fact("new", "1.36", "10.1.0.0/16")}},
        Step.weight, "no problem between the members",
    ),
    "another version answers": (
        {"of": api(new=cluster("1.35"))}, Step.weight, "new answers with 1.36",
    ),
    "the namespaces are not there": (
        {"of": api(new={"/version": {"major": "1", "minor": "36"}})},
        Step.weight, "new has the teams' namespaces",
    ),
    "it drains": (
        {"of": api(new=cluster("1.36", **NOW_DRAINS))},
        Step.weight, "new accepts applications",
    ),
    "whether it drains is not known": (
        {"of": api(new=cluster("1.36", **{DRAINS[0]: Refused("(Forbidden): no")}))},
        Step.weight, "new accepts applications",
    ),
    "a release is not there": (
        {"releases": _releases({"jars/r1": "", "jars/r2": ""}, {"jars/r1": ""})},
        Step.weight, "new has the releases of JARs of old",
    ),
    "a release is not complete": (
        {"releases": _releases({"jars/r1": ""}, {"jars/r1": "missing: a.jar"})},
        Step.weight, "new has the releases of JARs of old",
    ),
    "it has no weight": (
        {"with_": fleet(new={"weight": 0})}, Step.drain,
        "new has weight, no problem between the members without old",
    ),
    "it has few runs": (
        {"of": api(new=cluster("1.36", **{APPLICATIONS: applications(RUNS - 1)}))},
        Step.drain, "no more runs fail on new, a run costs no more on new",
    ),
    "its runs are of long ago": (
        {"of": api(new=cluster("1.36", **{APPLICATIONS: applications(40, hours_ago=30)}))},
        Step.drain, "no more runs fail on new, a run costs no more on new",
    ),
    "its runs fail": (
        {"of": api(new=cluster("1.36", **{APPLICATIONS: applications(30, failed=10)}))},
        Step.drain, "no more runs fail on new",
    ),
    "it starts late": (
        {"of": Api(api().answers, start={"old": 40, "new": 40 * MORE + 1})},
        Step.drain, "runs start as soon on new",
    ),
    "it costs more": (
        {"of": Api(api().answers, dollars={"old": 8, "new": 8 * MORE + 1})},
        Step.drain, "a run costs no more on new",
    ),
    "a standby alone is left": (
        {"with_": fleet(new={"acceptJobs": "standby"})},
        Step.drain, "no problem between the members without old",
    ),
    "it does not drain by the file": (
        {"of": api(old=DRAINED)}, Step.destroy, "old has acceptJobs: false",
    ),
    "it does not drain": (
        {"with_": fleet(old={"acceptJobs": False})}, Step.destroy, "old refuses new applications",
    ),
    "a policy without its binding": (
        {"with_": fleet(old={"acceptJobs": False}), "of": api(old={**DRAINED, DRAINS[1]: Refused(
            "Error from server (NotFound): not found")})},
        Step.destroy, "old refuses new applications",
    ),
    "a run is left": (
        {"with_": fleet(old={"acceptJobs": False}),
         "of": api(old={**DRAINED, APPLICATIONS: applications(3, running=1)})},
        Step.destroy, "nothing runs on old",
    ),
    "a schedule is left": (
        {"with_": fleet(old={"acceptJobs": False}),
         "of": api(old={**DRAINED, SCHEDULES: {"items": [{"metadata": {"name": "daily"}}]}})},
        Step.destroy, "no schedule of old is still to start runs",
    ),
    "the new one is gone": (
        {"with_": fleet(old={"acceptJobs": False}),
         "of": api(old=DRAINED, new=cluster("1.35"))},
        Step.destroy, "new answers with 1.36",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_step_is_refused_while_one_condition_does_not_hold(name: str) -> None:
    given_, step, what = REFUSED[name]
    assert refused(upgrade(**given_), step) == what.split(", ")


def test_a_suspended_schedule_starts_nothing() -> None:
    daily = {"metadata": {"name": "daily"}, "spec": {"suspend": True}}
    of = api(old={**DRAINED, SCHEDULES: {"items": [daily]}})
    assert refused(upgrade(of, fleet(old={"acceptJobs": False})), Step.destroy) == []


def test_nothing_is_known_of_a_cluster_that_does_not_answer() -> None:
    found = upgrade(api(old=None)).conditions(Step.drain)
    unknown = {one.what: one.seen for one in found if one.holds is None}
    assert unknown.keys() == {
        "no more runs fail on new", "runs start as soon on new", "a run costs no more on new",
    }  # fmt: skip
    drained = fleet(old={"acceptJobs": False})
    assert len(refused(upgrade(api(old=None), drained), Step.destroy)) == 3

    def away(_: str) -> Mapping[str, str]:
        raise Failed("S3 is away")

    assert refused(upgrade(releases=away), Step.weight) == ["new has the releases of JARs of old"]


def test_start_and_cost_may_be_left_out_where_they_are_not_known_and_only_there() -> None:
    unknown = Api(api().answers, start={}, dollars={})
    both = frozenset(Compared)
    assert refused(upgrade(unknown), Step.drain) == [
        "runs start as soon on new", "a run costs no more on new",
    ]  # fmt: skip
    assert refused(upgrade(unknown, accept=both), Step.drain) == []
    late = Api(api().answers, start={"old": 40, "new": 90}, dollars={})
    assert refused(upgrade(late, accept=both), Step.drain) == ["runs start as soon on new"]


@given(st.integers(20, 200), st.integers(20, 200), st.data())
def test_as_many_failures_in_proportion_are_never_a_difference(
    old: int, new: int, data: st.DataObject
) -> None:
    failed = data.draw(st.integers(0, old))
    assert by_chance(Ended(old, failed), Ended(new, new * failed // old)) > 0.4
    assert by_chance(Ended(old, failed), Ended(new, 0)) == pytest.approx(1)


def test_the_probability_is_that_of_the_textbook() -> None:
    """Fisher's tea: of four and four, three right: 0.243 (The Design of Experiments, 1935)."""
    assert by_chance(Ended(4, 1), Ended(4, 3)) == pytest.approx(17 / 70)
    assert by_chance(Ended(1000, 10), Ended(20, 4)) < 0.001


@pytest.mark.parametrize(("old", "new"), [("old", "x"), ("x", "new"), ("old", "old")])
def test_other_members_are_refused(old: str, new: str) -> None:
    with pytest.raises(UserError, match=r"the members are: old, new|are both old"):
        Upgrade(fleet(), old, new, FACTS, [], {}, lambda _: {})


def test_the_answer_says_what_is_missing_or_how_the_step_is_taken() -> None:
    conditions = [Condition("a holds", True), Condition("b holds", None, "not\nasked")]
    text = upgrade_text(Format.text, "drain", conditions, ["do it"])
    assert text.splitlines()[2:] == [
        "not known  b holds    not asked",
        "",
        "drain: not yet, 1 condition does not hold",
    ]
    assert "do it" not in text
    ready = upgrade_text(Format.text, "drain", conditions[:1], ["do it"])
    assert ready.splitlines()[-2:] == ["drain: may be taken", "- do it"]
    assert '"ready": false' in upgrade_text(Format.json, "drain", conditions, [])
