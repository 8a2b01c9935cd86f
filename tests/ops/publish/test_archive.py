"""Archives of class data: what is uploaded beside a release, when, and what is refused."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.plan.errors import Failed, UserError
from ops.publish.archive import Trained, publish_archive, read_trained
from ops.publish.files import File
from ops.publish.publish import Published
from tests.ops.archives import description
from tests.ops.publish.conftest import Place, Silent
from tests.ops.publish.s3 import Request
from tests.ops.publish.test_rights import ACTION_OF, STATEMENTS
from tests.rights import allowed

MakeJar = Callable[..., File]
BYTES = b"class data"


def times(place: Place) -> dict[str, int]:
    """Seconds of the time of each object in S3."""
    listed = place.s3.client.list_objects_v2(Bucket=place.to.bucket)["Contents"]
    return {one["Key"].rpartition("/")[2]: int(one["LastModified"].timestamp()) for one in listed}


def trained(
    folder: Path, place: Place, jars: list[File], data: bytes = BYTES, **changed: Any
) -> Trained:
    """What a training run on the published JARs writes."""
    written = times(place)
    sizes = {one.name: (one.size, written.get(one.name, 0)) for one in jars}
    own = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    folder.mkdir(exist_ok=True)
    (folder / "archive.json").write_bytes(description("r1", sizes, **own, **changed))
    (folder / "spark.jsa").write_bytes(data)
    return read_trained(folder, "r1")


def publish(place: Place, one: Trained, release: Published) -> bool:
    return publish_archive(one, release.release, place.s3.client, place.to, Silent())


def test_an_archive_is_beside_the_jars_and_leaves_the_release_as_it_is(
    place: Place, jar: MakeJar, tmp_path: Path
) -> None:
    jars = [jar("x.jar"), jar("y.jar")]
    release = place.publish(jars)
    before = place.objects()
    one = trained(tmp_path / "arm64", place, jars)
    assert publish(place, one, release) and not publish(place, one, release)
    new = {name: body for name, body in place.objects().items() if name not in before}
    assert new == {
        "r1/archives/arm64/spark.jsa": BYTES,
        "r1/archives/arm64/archive.json": one.archive.to_json(),
    }
    assert {name: place.objects()[name] for name in before} == before
    assert place.publish(jars).new is False, "the release is the same with an archive"


def test_its_description_is_written_last(place: Place, jar: MakeJar, tmp_path: Path) -> None:
    def breaks_off(request: Request) -> None:
        if request.operation == "PutObject" and request.key.endswith("archive.json"):
            raise ConnectionError

    jars = [jar("x.jar")]
    release = place.publish(jars)
    one = trained(tmp_path / "arm64", place, jars)
    place.s3.before = breaks_off
    with pytest.raises(Failed):
        publish(place, one, release)
    place.s3.before = lambda request: None
    names = {name for name in place.objects() if "archives" in name}
    assert names == {"r1/archives/arm64/spark.jsa"}
    place.s3.forget()
    assert publish(place, one, release)
    assert place.s3.count("PutObject") == 1, "the archive itself is not sent again"


def test_each_processor_has_its_own(place: Place, jar: MakeJar, tmp_path: Path) -> None:
    jars = [jar("x.jar")]
    release = place.publish(jars)
    for arch in ("amd64", "arm64"):
        assert publish(place, trained(tmp_path / arch, place, jars, arch=arch), release)
    assert sum("spark.jsa" in name for name in place.objects()) == 2


def test_another_archive_under_the_same_name_is_refused(
    place: Place, jar: MakeJar, tmp_path: Path
) -> None:
    jars = [jar("x.jar")]
    release = place.publish(jars)
    publish(place, trained(tmp_path / "a", place, jars), release)
    before = place.objects()
    other = trained(tmp_path / "b", place, jars, b"other data")
    with pytest.raises(UserError, match="has another archive: a release never changes"):
        publish(place, other, release)
    assert place.objects() == before


def test_bytes_that_another_wrote_are_found(place: Place, jar: MakeJar, tmp_path: Path) -> None:
    jars = [jar("x.jar")]
    release = place.publish(jars)
    one = trained(tmp_path / "a", place, jars)
    place.put("r1/archives/arm64/spark.jsa", b"evil class")
    with pytest.raises(UserError, match=r"has other bytes; it is unfinished"):
        publish(place, one, release)
    place.s3.client.delete_object(
        Bucket=place.to.bucket, Key=f"{place.to.prefix}r1/archives/arm64/spark.jsa"
    )
    publish(place, one, release)
    place.put("r1/archives/arm64/spark.jsa", b"evil class")
    with pytest.raises(Failed, match="restore its earlier version"):
        publish(place, one, release)


@pytest.mark.parametrize("what", ["size", "time", "order", "missing"])
def test_an_archive_that_no_jvm_would_use_is_refused(
    place: Place, jar: MakeJar, tmp_path: Path, what: str
) -> None:
    jars = [jar("x.jar"), jar("y.jar", 2500)]
    release = place.publish(jars)
    sizes = {one.name: (one.size, times(place)[one.name]) for one in jars}
    if what == "size":
        sizes["x.jar"] = (1, sizes["x.jar"][1])
    elif what == "time":
        sizes["x.jar"] = (sizes["x.jar"][0], 1)
    elif what == "order":
        sizes = dict(reversed(sizes.items()))
    else:
        del sizes["y.jar"]
    (tmp_path / "archive.json").write_bytes(
        description("r1", sizes, sha256=hashlib.sha256(BYTES).hexdigest(), size=len(BYTES))
    )
    (tmp_path / "spark.jsa").write_bytes(BYTES)
    with pytest.raises(UserError, match="made for other JARs than those of r1"):
        publish(place, read_trained(tmp_path, "r1"), release)
    assert not [name for name in place.objects() if "archives" in name]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"size": 3}, "is not the file that its archive.json describes"),
        ({"sha256": "0" * 64}, "is not the file that its archive.json describes"),
        ({"arch": "riscv"}, "arch 'riscv' is not one of amd64, arm64"),
        ({"image": "spark:4.0.4"}, "has no digest"),
        ({"files": [], "classPath": []}, "its class path is not Spark's JARs"),
        ({"classPath": []}, "classPath and files differ"),
        ({"files": 3}, "is not the archive.json of an archive"),
    ],
)
def test_what_a_training_run_did_not_write_is_refused(
    tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    own = {"sha256": hashlib.sha256(BYTES).hexdigest(), "size": len(BYTES), **changed}
    (tmp_path / "archive.json").write_bytes(description("r1", {"x.jar": (1, 1)}, **own))
    (tmp_path / "spark.jsa").write_bytes(BYTES)
    with pytest.raises(UserError, match=told):
        read_trained(tmp_path, "r1")


def test_a_folder_without_one_and_an_archive_of_another_release_are_refused(
    tmp_path: Path,
) -> None:
    with pytest.raises(UserError, match=r"archive\.json: No such file"):
        read_trained(tmp_path, "r1")
    own = {"sha256": hashlib.sha256(BYTES).hexdigest(), "size": len(BYTES)}
    (tmp_path / "archive.json").write_bytes(description("r1", {"x.jar": (1, 1)}, **own))
    (tmp_path / "spark.jsa").write_bytes(BYTES)
    with pytest.raises(UserError, match="is for release r1, not r2"):
        read_trained(tmp_path, "r2")


def test_the_publisher_s_rights_are_enough(place: Place, jar: MakeJar, tmp_path: Path) -> None:
    jars = [jar("x.jar")]
    release = place.publish(jars)
    one = trained(tmp_path / "arm64", place, jars)
    place.s3.forget()
    publish(place, one, release)
    for request in place.s3.requests:
        place_of = f"arn:aws:s3:::BUCKET/{request.key}".rstrip("/")
        assert allowed(STATEMENTS, ACTION_OF[request.operation], place_of, {}), request
