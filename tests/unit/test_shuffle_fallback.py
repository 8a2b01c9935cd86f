"""Fallback storage: whose prefix, who reaches it, and when it expires."""

import pytest

from tests.plans import FALLBACK, named, plan_of
from tests.rights import may

_BUCKET = "arn:aws:s3:::spark-dev-logs-111122223333-us-west-2"
_OWN, _OTHER = "shuffle-fallback/team-a", "shuffle-fallback/team-b"
_FILE = "spark-1/0/861282032/shuffle_0_0_0.data"
_ROLE = "team-team-a-access-role"


@pytest.mark.parametrize(
    "action", ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload"]
)
def test_a_team_s_jobs_reach_the_team_s_prefix_only(action: str) -> None:
    plan = plan_of("dev", *FALLBACK)
    for key, allowed in (
        (f"{_OWN}/{_FILE}", True),
        (f"{_OTHER}/{_FILE}", False),
        (f"{_OWN}-2/{_FILE}", False),
        (f"shuffle-fallback/{_FILE}", False),
    ):
        assert may(plan, _ROLE, f"s3:{action}", f"{_BUCKET}/{key}") is allowed


def test_a_team_s_jobs_list_the_team_s_prefix_only() -> None:
    plan = plan_of("dev", *FALLBACK)
    assert may(plan, _ROLE, "s3:ListBucket", _BUCKET, s3_prefix=f"{_OWN}/")
    for prefix in (f"{_OTHER}/", _OWN, "shuffle-fallback/", ""):
        assert not may(plan, _ROLE, "s3:ListBucket", _BUCKET, s3_prefix=prefix)


def test_history_servers_read_no_shuffle_files() -> None:
    plan = plan_of("dev", *FALLBACK)
    role = "spark-history-team-a-role"
    assert not may(plan, role, "s3:GetObject", f"{_BUCKET}/{_OWN}/{_FILE}")


def test_off_by_default_nothing_of_it_is_there() -> None:
    plan = plan_of("dev", FALLBACK[0])
    assert not may(plan, _ROLE, "s3:PutObject", f"{_BUCKET}/{_OWN}/{_FILE}")
    assert "shuffle-fallback" not in str([one.inputs for one in plan.resources])


@pytest.mark.parametrize(("overrides", "days"), [((), 3), (("spark.shuffleFallback.days=9",), 9)])
def test_shuffle_files_expire_and_event_logs_as_before(
    overrides: tuple[str, ...], days: int
) -> None:
    plan = plan_of("dev", *FALLBACK, *overrides)
    rules = named(plan, "LifecycleConfiguration", "event-logs-lifecycle").inputs["rules"]
    (one,) = [rule for rule in rules if "shuffle-fallback/".startswith(rule["filter"]["prefix"])]
    assert one["filter"] == {"prefix": "shuffle-fallback/"}
    assert one["expiration"] == {"days": days}
    assert one["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}
    logs = [rule for rule in rules if rule["filter"]["prefix"].startswith("events/")]
    without = plan_of("dev", FALLBACK[0])
    before = named(without, "LifecycleConfiguration", "event-logs-lifecycle").inputs["rules"]
    assert logs == before
