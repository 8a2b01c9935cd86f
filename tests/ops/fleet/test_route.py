"""Which member a run goes to."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.fleet.route import Run, candidates
from ops.fleet.settings import Accepts, Fleet
from ops.plan.errors import UserError

NAMES = [f"m{number}" for number in range(8)]
WEIGHTS = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 100), min_size=1)
IDS = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True)


def fleet(weights: Mapping[str, int], **accepts: str) -> Fleet:
    return Fleet.model_validate({
        "defaults": "prod",
        "order": list(weights),
        "members": {
            name: {"weight": weight, "acceptJobs": accepts.get(name, True)}
            for name, weight in weights.items()
        },
        "teams": {"a": {"members": list(weights), "dataRegion": "eu-west-1"}},
    })  # fmt: skip


def order(found: Fleet, run: str, regions: Mapping[str, str] | None = None) -> list[str]:
    return [one.name for one in candidates(found, Run("a", "load", run), dict(regions or {}))]


@given(WEIGHTS, IDS)
def test_a_run_goes_to_the_same_member_each_time_it_is_asked(
    weights: dict[str, int], run: str
) -> None:
    reversed_ = dict(reversed(weights.items()))
    assert order(fleet(weights), run) == order(fleet(reversed_), run)


@given(WEIGHTS, IDS)
def test_every_member_is_a_candidate_once(weights: dict[str, int], run: str) -> None:
    assert sorted(order(fleet(weights), run)) == sorted(weights)


@given(WEIGHTS.filter(lambda weights: len(weights) > 1), IDS)
def test_without_a_member_only_its_runs_move(weights: dict[str, int], run: str) -> None:
    whole = order(fleet(weights), run)
    for gone in weights:
        rest = {name: weight for name, weight in weights.items() if name != gone}
        assert order(fleet(rest), run) == [name for name in whole if name != gone]


@given(WEIGHTS, IDS, st.integers(1, 50))
def test_a_weight_that_grows_takes_runs_and_gives_none_away(
    weights: dict[str, int], run: str, more: int
) -> None:
    grown = next(iter(weights))
    before, after = (
        order(fleet(w), run)[0] for w in (weights, {**weights, grown: weights[grown] + more})
    )
    assert after in (before, grown)


@pytest.mark.parametrize("weights", [{"m0": 60, "m1": 40}, {"m0": 5, "m1": 15, "m2": 80}])
def test_over_many_runs_each_member_has_its_share_within_two_percent(
    weights: dict[str, int],
) -> None:
    found = fleet(weights)
    runs = 10_000
    counted = Counter(order(found, f"run-{number}")[0] for number in range(runs))
    for name, weight in weights.items():
        assert abs(counted[name] / runs - weight / 100) < 0.02


def test_the_region_of_the_data_comes_first_and_a_standby_last() -> None:
    found = fleet({"near": 1, "far": 999, "spare": 500}, spare="standby")
    regions = {"near": "eu-west-1", "far": "us-east-1", "spare": "eu-west-1"}
    for number in range(50):
        assert order(found, f"r{number}", regions) == ["near", "far", "spare"]


def test_a_member_that_drains_or_has_no_weight_is_no_candidate() -> None:
    found = fleet({"a0": 0, "b0": 10, "c0": 10}, c0="false")
    assert order(found, "1") == ["b0"]


def test_a_team_that_no_member_takes_is_an_error_that_says_what_to_set() -> None:
    with pytest.raises(UserError, match="no member of a takes jobs: set acceptJobs: true and a"):
        order(fleet({"a0": 0, "b0": 10}, b0="false"), "1")
    with pytest.raises(UserError, match="there is no team 'b' in this fleet; the teams are: a"):
        candidates(fleet({"a0": 1}), Run("b", "load", "1"))


def test_a_boolean_and_its_text_mean_the_same() -> None:
    assert {
        one.accept_jobs
        for value in (True, "true")
        for one in fleet({"a0": 1}, a0=value).members.values()  # type: ignore[arg-type]
    } == {Accepts.yes}
