"""Logs in S3: a team's prefix, one log, errors of S3 in one sentence."""

import itertools
from collections.abc import Generator

import pytest

from ops.advice.run import read_run
from ops.advice.s3 import s3_logs
from ops.plan.errors import Failed, UserError
from tests.ops.advice.events import application, compressed, even, text
from tests.ops.publish.s3 import REGION, S3, Refuse, Request

_numbers = itertools.count(1)
EVENTS = application(*even())
HALF = len(EVENTS) // 2
ROLLED = "events/team-a/eventlog_v2_spark-1/"
OBJECTS = {
    "events/team-a/": b"",
    f"{ROLLED}appstatus_spark-1": b"",
    f"{ROLLED}events_1_spark-1.zstd": compressed(text(EVENTS[:HALF])),
    f"{ROLLED}events_2_spark-1.zstd": compressed(text(EVENTS[HALF:])),
    "events/team-a/spark-2.zstd": compressed(text(EVENTS)),
    "events/team-ab/spark-3": text(EVENTS),
}


@pytest.fixture
def bucket(server: S3, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    for key, value in server.environment().items():
        monkeypatch.setenv(key, value)
    name = f"logs-of-test-{next(_numbers)}"
    server.forget()
    where = {"LocationConstraint": REGION}
    server.client.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    for key, body in OBJECTS.items():
        server.client.put_object(Bucket=name, Key=key, Body=body)
    yield name
    # Other tests of this process use the server, too.
    server.forget()


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("events/team-a/", {"eventlog_v2_spark-1", "spark-2.zstd"}),
        ("events/team-a", {"eventlog_v2_spark-1", "spark-2.zstd"}),
        ("events/team-ab", {"spark-3"}),
        (ROLLED, {"eventlog_v2_spark-1"}),
        ("events/team-a/spark-2.zstd", {"spark-2.zstd"}),
        ("", {"eventlog_v2_spark-1", "events/team-a/spark-2.zstd", "events/team-ab/spark-3"}),
    ],
)
def test_the_logs_below_a_prefix(place: str, names: set[str], bucket: str) -> None:
    found = s3_logs(f"s3a://{bucket}/{place}", REGION)
    assert {one.name for one in found} == names
    assert all(read_run(one).facts.totals.tasks == 8 for one in found)


def test_a_prefix_without_logs_is_an_error(bucket: str) -> None:
    with pytest.raises(UserError, match="has no event logs"):
        s3_logs(f"s3://{bucket}/events/team-c/", REGION)


@pytest.mark.parametrize("place", ["s3://", "s3://UPPER/x", "s3://b"])
def test_what_is_no_place_in_s3_is_an_error(place: str) -> None:
    with pytest.raises(UserError, match="is not a place in S3"):
        s3_logs(place, REGION)


def test_a_missing_bucket_is_an_error(bucket: str) -> None:
    with pytest.raises(Failed, match="the bucket does not exist"):
        s3_logs(f"s3://{bucket}-absent/events/", REGION)


def test_a_denied_log_names_the_page_with_the_rights(server: S3, bucket: str) -> None:
    (log,) = s3_logs(f"s3://{bucket}/events/team-ab/", REGION)

    def deny(request: Request) -> None:
        if request.operation == "GetObject":
            raise Refuse(403, "AccessDenied")

    server.before = deny
    with pytest.raises(Failed, match=r"reading s3://.*spark-3: access denied.*docs/advise\.md"):
        read_run(log)
