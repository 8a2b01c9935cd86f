"""Valid and invalid requests, and the lines for a job."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ops.plan.errors import Failed, UserError
from ops.plan.releases import Coordinate, release_name
from ops.publish import files
from ops.publish.destination import from_url
from ops.publish.files import File, read
from ops.publish.publish import Release
from ops.publish.request import parse, refuse_duplicates
from tests.ops.publish.conftest import write_environment, write_jar, write_module

MakeJar = Callable[..., File]


def test_coordinates_paths_and_lists_are_taken_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "jars.txt").write_text(
        "# Delta\nio.delta:delta-spark_2.13:4.0.0\n\n  near/x.jar # ours\n"
    )
    assert parse(["a:b:1:tests", "@lists/jars.txt", "y.jar", " "], tmp_path) == [
        Coordinate("a", "b", "1", "tests"),
        Coordinate("io.delta", "delta-spark_2.13", "4.0.0"),
        tmp_path / "lists" / "near" / "x.jar",
        tmp_path / "y.jar",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nothing to publish"),
        (["", "  "], "nothing to publish"),
        (["@empty.txt"], "nothing to publish"),
        (["org.apache.hadoop:hadoop-aws"], "neither group:artifact:version"),
        (["a:b:c:d:e"], "neither group:artifact:version"),
        (["a:b:1/../../x"], "neither group:artifact:version"),
        (["../a:b:1"], "neither group:artifact:version"),
        (["x.egg"], "neither group:artifact:version"),
        (["a:b:1-SNAPSHOT"], "a snapshot changes"),
        (["a:b:LATEST"], "use a fixed version"),
        (["a:b:1", "a:b:1"], "b-1.jar is listed twice"),
        (["x/a.jar", "y/a.jar"], "a.jar is listed twice"),
        (["@missing.txt"], "missing.txt cannot be read: No such file"),
        (["@nested.txt"], "includes another list, @empty.txt"),
        (["@latin.txt"], "is not text in UTF-8"),
    ],
)
def test_a_wrong_request_is_refused_with_why(tmp_path: Path, words: list[str], told: str) -> None:
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "nested.txt").write_text("@empty.txt\n")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9.jar\n")
    with pytest.raises(UserError, match=told):
        parse(words, tmp_path)


@pytest.mark.parametrize("name", ["2026-11-01", "r1", "1.2.0", "a" * 63])
def test_a_release_may_be_called(name: str) -> None:
    assert release_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a..b", "a/b", "-a", "a-", "A", "a b", "a_b", "jour-é", "a" * 64, "a\n"]
)
def test_a_release_may_not_be_called(name: str) -> None:
    with pytest.raises(UserError, match="cannot be a release's name"):
        release_name(name)


@pytest.mark.parametrize(
    "name", ["my lib.jar", "bücher.jar", "a:b.jar", "*.jar", ".x.jar", "x.JAR"]
)
def test_a_file_name_that_no_class_path_could_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be in a release"):
        files.read(write_jar(tmp_path / name))


def test_what_is_no_file_or_no_jar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.jar").write_text("<html>404</html>")
    (tmp_path / "folder.jar").mkdir()
    for name, told in (("text", "not a zip"), ("folder", "no such file"), ("gone", "no such file")):
        with pytest.raises(UserError, match=told):
            files.read(tmp_path / f"{name}.jar")


def test_files_beside_jars_are_in_a_release_and_on_no_class_path(
    tmp_path: Path, jar: MakeJar
) -> None:
    (tmp_path / "etl.py").write_text("print(1)")
    given = [
        read(write_environment(tmp_path / "environment.tar.gz", "bin/python")),
        jar("b.jar"),
        read(write_module(tmp_path / "ours.zip")),
        read(write_module(tmp_path / "theirs-1.0-py3-none-any.whl")),
        read(tmp_path / "etl.py"),
    ]
    release = Release.of("r1", given)
    assert [one.name for one in release.jars] == ["b.jar"]
    classes, modules = "/opt/spark/jars/*:/mnt/s3/jars/r1/b.jar", "/mnt/s3/jars/r1/ours.zip"
    modules += ":/mnt/s3/jars/r1/theirs-1.0-py3-none-any.whl"
    assert release.spark_conf() == (
        f'spark.driver.extraClassPath: "{classes}"\nspark.executor.extraClassPath: "{classes}"\n'
        f'spark.kubernetes.driverEnv.PYTHONPATH: "{modules}"\n'
        f'spark.executorEnv.PYTHONPATH: "{modules}"\n'
    )
    assert Release.from_json("r1", release.to_json()) == release
    assert {one.name for one in given} == set(release.every)


@pytest.mark.parametrize(
    ("name", "members", "told"),
    [
        ("x.zip", ["m/_fast.cpython-312-x86_64-linux-gnu.so"], "compiled code, such as m/_fast"),
        ("x-1-cp312-cp312-manylinux_2_28_x86_64.whl", ["x/y.so"], "compiled code, such as x/y"),
        ("x.tar.gz", [], "is an empty archive"),
    ],
)
def test_an_archive_that_no_job_could_use_is_refused(
    tmp_path: Path, name: str, members: list[str], told: str
) -> None:
    write = write_environment if name.endswith(".tar.gz") else write_module
    with pytest.raises(UserError, match=told):
        read(write(tmp_path / name, *members))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x.zip", "is not a zip archive"),
        ("x.whl", "is not a zip archive"),
        ("x.tar.gz", "is not a gzip-compressed tar archive"),
        ("x.py", "is not text in UTF-8"),
    ],
)
def test_a_file_whose_bytes_are_of_another_kind_is_refused(
    tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b\xff<html>404</html>")
    with pytest.raises(UserError, match=told):
        read(tmp_path / name)


def test_a_jar_over_one_request_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    with pytest.raises(UserError, match="accepts 10 in one request"):
        files.read(write_jar(tmp_path / "x.jar"))


def test_the_same_class_in_two_jars_is_refused_with_a_list(tmp_path: Path) -> None:
    shared = [f"org/slf4j/C{number}.class" for number in range(5)]
    one = write_jar(tmp_path / "a.jar", classes=shared)
    two = write_jar(tmp_path / "b.jar", classes=shared)
    with pytest.raises(UserError) as refusal:
        refuse_duplicates([one, two, write_jar(tmp_path / "c.jar")])
    assert "  a.jar and b.jar: org.slf4j.C0, org.slf4j.C1, org.slf4j.C2 and 2 more\n" in str(
        refusal.value
    )
    assert "--allow-duplicates" in str(refusal.value) and "c.jar" not in str(refusal.value)


def test_the_list_of_duplicates_is_always_short(tmp_path: Path) -> None:
    many = [write_jar(tmp_path / f"j{n}.jar", classes=["a/B.class"]) for n in range(30)]
    with pytest.raises(UserError, match="and 19 more pairs") as refusal:
        refuse_duplicates(many)
    assert len(str(refusal.value).splitlines()) == 13


def test_descriptors_resources_and_versions_of_a_class_are_no_duplicates(tmp_path: Path) -> None:
    common = [
        "module-info.class",
        "org/x/package-info.class",
        "META-INF/versions/11/org/x/Y.class",
        "META-INF/versions/9/module-info.class",
        "log4j.properties",
    ]
    refuse_duplicates([write_jar(tmp_path / name, classes=common) for name in ("a.jar", "b.jar")])


def test_the_jobs_lines_put_sparks_own_jars_first_and_name_each_other(jar: MakeJar) -> None:
    path = "/opt/spark/jars/*:/mnt/s3/jars/2026-11-01/b.jar:/mnt/s3/jars/2026-11-01/a.jar"
    assert Release.of("2026-11-01", [jar("b.jar"), jar("a.jar")]).spark_conf() == (
        f'spark.driver.extraClassPath: "{path}"\nspark.executor.extraClassPath: "{path}"\n'
    )


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"jars": [{"name": "x"}]}', b"\xff"])
def test_a_release_json_that_is_none_ends_the_run(text: bytes) -> None:
    with pytest.raises(Failed, match=r"release\.json of r1 was not written by this command"):
        Release.from_json("r1", text)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://bucket/jars/", "is not an S3 location"),
        ("s3://bucket/my jars/", "is not an S3 location"),
        ("s3://BUCKET/jars/", "is not an S3 location"),
        ("s3://bucket/spark/", "below jars/ only"),
        ("s3://bucket/spark/myjars/", "below jars/ only"),
    ],
)
def test_a_place_that_no_mount_shows_is_refused(url: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        from_url(url, "us-west-2", "123456789012")


def test_a_place_may_be_named_with_or_without_the_last_slash() -> None:
    place = from_url("s3://bucket/spark/jars", "us-west-2", "123456789012")
    assert place == from_url("s3://bucket/spark/jars/", "us-west-2", "123456789012")
    assert place.url("r1", "x.jar") == "s3://bucket/spark/jars/r1/x.jar"
