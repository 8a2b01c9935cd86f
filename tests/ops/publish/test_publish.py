"""What publishing uploads, skips and rejects."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops.plan.errors import Failed, UserError
from ops.publish.files import File, read
from ops.publish.publish import MANIFEST
from tests.ops.publish.conftest import Place, write_environment
from tests.ops.publish.s3 import Refuse, Request

MakeJar = Callable[..., File]


def refusing(operation: str, status: int, code: str, message: str = "") -> Callable[..., None]:
    """S3 answers each request of this operation with this error."""

    def rule(request: Request) -> None:
        if request.operation == operation:
            raise Refuse(status, code, message)

    return rule


def test_a_release_is_its_jars_and_a_list_of_names_and_sums(place: Place, jar: MakeJar) -> None:
    one, two = jar("x.jar", 100), jar("y_2.13-3.5.0+1.jar", 2500)
    result = place.publish([one, two], "2026-11-01")
    assert result.sent == {"x.jar", "y_2.13-3.5.0+1.jar"}
    there = place.objects()
    assert there["2026-11-01/x.jar"] == one.path.read_bytes()
    assert there["2026-11-01/y_2.13-3.5.0+1.jar"] == two.path.read_bytes()
    assert json.loads(there[f"2026-11-01/{MANIFEST}"]) == {
        "release": "2026-11-01",
        "jars": [
            {
                "name": file.name,
                "sha256": hashlib.sha256(file.path.read_bytes()).hexdigest(),
                "size": file.path.stat().st_size,
            }
            for file in (one, two)
        ],
    }


def test_a_release_with_an_environment_lists_it_apart_and_never_changes(
    place: Place, jar: MakeJar, tmp_path: Path
) -> None:
    one = jar("x.jar")
    packed = read(write_environment(tmp_path / "environment.tar.gz", "bin/python"))
    assert place.publish([packed, one]).sent == {"x.jar", "environment.tar.gz"}
    listed = json.loads(place.objects()[f"r1/{MANIFEST}"])
    assert [each["name"] for each in listed["jars"]] == ["x.jar"]
    assert listed["files"] == [
        {"name": "environment.tar.gz", "sha256": packed.sha256, "size": packed.size}
    ]
    head = place.s3.client.head_object(
        Bucket=place.to.bucket, Key=f"{place.to.prefix}r1/environment.tar.gz"
    )
    assert head["ContentType"] == "application/gzip"
    assert place.publish([one, packed]).new is False
    other = read(write_environment(tmp_path / "environment.tar.gz", "bin/python", "more"))
    for wrong, told in (
        ([one], r"environment\.tar\.gz: published, but missing"),
        ([one, other], r"environment\.tar\.gz: published with sha256"),
    ):
        with pytest.raises(UserError, match=told):
            place.publish(wrong)


def test_repeating_a_release_in_any_order_writes_nothing(place: Place, jar: MakeJar) -> None:
    files = [jar("x.jar", 100), jar("y.jar", 2500)]
    place.publish(files)
    before = place.objects()
    place.s3.forget()
    result = place.publish(files[::-1])
    assert (result.new, result.sent) == (False, frozenset())
    assert [entry.name for entry in result.release.jars] == ["x.jar", "y.jar"], "as published"
    reads = {"ListObjectsV2", "GetObject", "HeadObject"}
    assert {request.operation for request in place.s3.requests} == reads
    assert place.s3.count("GetObject") == 1, "JARs are compared by checksum, not read"
    assert place.objects() == before


def test_changed_added_and_missing_jars_are_refused_by_name(place: Place, jar: MakeJar) -> None:
    place.publish([jar("x.jar"), jar("y.jar")])
    before = place.objects()
    place.s3.forget()
    with pytest.raises(UserError) as refusal:
        place.publish([jar("x.jar", seed=1), jar("z.jar")])
    message = str(refusal.value)
    assert "x.jar: published with sha256" in message
    assert "y.jar: published, but missing in this request" in message
    assert "z.jar: not in the published release" in message
    assert "publish under another name" in message
    assert place.s3.stored == {} and place.objects() == before


def test_an_unfinished_release_with_other_jars_is_refused(place: Place, jar: MakeJar) -> None:
    given = jar("x.jar")
    place.put("r1/x.jar", jar("x.jar", seed=1).path.read_bytes())
    place.put("r2/other.jar", b"other")
    before = place.objects()
    for release, named in (("r1", "x.jar"), ("r2", "other.jar")):
        with pytest.raises(UserError, match=f"(?s)unfinished release.*{named}.*aws s3 rm"):
            place.publish([jar("x.jar")] if release == "r2" else [given], release)
    assert place.objects() == before


def test_jars_that_another_tool_uploaded_are_taken_as_they_are(place: Place, jar: MakeJar) -> None:
    given = jar("x.jar", 2500)
    place.put("r1/x.jar", given.path.read_bytes())
    place.s3.forget()
    assert place.publish([given]).sent == frozenset()
    assert place.s3.stored == {place.to.key("r1", MANIFEST): 1}


def test_an_object_in_the_place_of_a_published_jar_is_reported(place: Place, jar: MakeJar) -> None:
    given = jar("x.jar", 100)
    place.publish([given])
    place.put("r1/x.jar", b"?" * given.size)
    with pytest.raises(Failed, match=r"(?s)damaged.*x.jar"):
        place.publish([given])


def test_a_deleted_jar_is_brought_back_by_publishing_it_again(place: Place, jar: MakeJar) -> None:
    files = [jar("x.jar"), jar("y.jar")]
    place.publish(files)
    before = place.objects()
    place.s3.client.delete_object(Bucket=place.to.bucket, Key=place.to.key("r1", "y.jar"))
    assert place.publish(files).sent == {"y.jar"}
    assert place.objects() == before


def test_s3_refuses_a_file_that_changed_while_it_was_sent(place: Place, jar: MakeJar) -> None:
    file = jar("x.jar")
    body = bytearray(file.path.read_bytes())
    body[-1] ^= 1
    file.path.write_bytes(body)
    with pytest.raises(Failed, match="BadDigest"):
        place.publish([file])
    assert place.objects() == {}


def test_another_checksum_from_s3_leaves_no_release(place: Place, jar: MakeJar) -> None:
    place.s3.reported = "A" * 43 + "="
    with pytest.raises(Failed, match="S3 reports another checksum"):
        place.publish([jar("x.jar")])
    place.s3.forget()
    assert f"r1/{MANIFEST}" not in place.objects()


@pytest.mark.parametrize("status", [500, 503])
def test_a_request_that_s3_fails_is_tried_again(
    place: Place, jar: MakeJar, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("botocore.retries.standard.time.sleep", lambda seconds: None)
    failed: list[Request] = []

    def twice(request: Request) -> None:
        if request.operation == "PutObject" and len(failed) < 2:
            failed.append(request)
            raise Refuse(status, "SlowDown" if status == 503 else "InternalError")

    place.s3.before = twice
    assert place.publish([jar("x.jar", 100), jar("y.jar", 2500)], attempts=5).new
    assert len(failed) == 2
    assert set(place.s3.stored.values()) == {1}


def test_an_s3_that_keeps_failing_ends_the_run_with_its_answer(place: Place, jar: MakeJar) -> None:
    place.s3.before = refusing("PutObject", 503, "SlowDown", "Please reduce your request rate.")
    with pytest.raises(Failed, match=r"(?s)x.jar.*SlowDown.*run it again"):
        place.publish([jar("x.jar")])


@pytest.mark.parametrize("operation", ["ListObjectsV2", "PutObject", "HeadObject"])
def test_a_missing_right_names_object_and_page(place: Place, jar: MakeJar, operation: str) -> None:
    place.s3.before = refusing(operation, 403, "AccessDenied", "Access Denied")
    with pytest.raises(Failed, match=f"s3://{place.to.bucket}.*denied.*docs/publish-jars.md"):
        place.publish([jar("x.jar"), jar("y.jar", 2500)])
    place.s3.forget()
    assert f"r1/{MANIFEST}" not in place.objects()


def test_an_object_written_at_the_last_moment_is_not_replaced(place: Place, jar: MakeJar) -> None:
    given = jar("x.jar")

    def first(request: Request) -> None:
        if request.operation == "PutObject":
            place.s3.before = lambda request: None
            place.put("r1/x.jar", b"another client's")

    place.s3.before = first
    with pytest.raises(UserError, match=r"(?s)other bytes.*x\.jar"):
        place.publish([given])
    assert place.objects() == {"r1/x.jar": b"another client's"}


def test_two_runs_at_once_make_one_release_and_both_end_well(place: Place, jar: MakeJar) -> None:
    files = [jar("x.jar", 100), jar("y.jar", 4500), jar("z.jar", 2500)]
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: place.publish(files), range(2)))
    assert {result.release for result in both} == {both[0].release}
    assert sorted(result.new for result in both) == [False, True]
    assert set(place.s3.stored.values()) == {1}, "no object was replaced"


def test_two_runs_at_once_with_different_jars_never_mix(place: Place, jar: MakeJar) -> None:
    def attempt(files: list[File]) -> str:
        try:
            place.publish(files)
        except (Failed, UserError) as error:
            return type(error).__name__
        return "published"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(attempt, [[jar("w.jar")], [jar("x.jar", 2500)]]))
    there = place.objects()
    if f"r1/{MANIFEST}" in there:
        assert results.count("published") == 1
        listed = {one["name"] for one in json.loads(there[f"r1/{MANIFEST}"])["jars"]}
        assert listed in ({"w.jar"}, {"x.jar"})
    else:
        assert "published" not in results


def test_a_file_that_is_deleted_before_the_upload_is_named(place: Place, jar: MakeJar) -> None:
    file = jar("x.jar")
    file.path.unlink()
    with pytest.raises(Failed, match=r"x\.jar: No such file"):
        place.publish([file])
