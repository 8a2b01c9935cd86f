"""JARs of a Maven repository are used only when their bytes are the published ones."""

from collections.abc import Generator
from pathlib import Path

import pytest

from ops.plan.errors import Failed, UserError
from ops.plan.releases import Coordinate
from ops.publish.maven import Repository
from tests.ops.publish.conftest import Silent, write_jar
from tests.ops.publish.maven_server import MavenServer

WANTED = Coordinate("org.apache.hadoop", "hadoop-aws", "3.4.1")
PATH = "org/apache/hadoop/hadoop-aws/3.4.1/hadoop-aws-3.4.1.jar"


@pytest.fixture
def maven(tmp_path: Path) -> Generator[MavenServer]:
    server = MavenServer()
    server.add(PATH, write_jar(tmp_path / "upstream" / "hadoop-aws-3.4.1.jar"), "sha1")
    yield server
    server.close()


@pytest.fixture
def repository(maven: MavenServer, tmp_path: Path) -> Repository:
    return Repository(maven.url, tmp_path / "cache", pause=0)


def test_an_artifact_is_downloaded_with_the_better_checksum_that_is_published(
    maven: MavenServer, repository: Repository, tmp_path: Path
) -> None:
    heard = Silent()
    path = repository.fetch(WANTED, heard)
    assert path.name == "hadoop-aws-3.4.1.jar" and path.read_bytes() == maven.files[PATH]
    assert heard.lines[-1] == "org.apache.hadoop:hadoop-aws:3.4.1: sha1 as published"

    maven.add(PATH, path, "sha256")
    maven.files[f"{PATH}.sha1"] = b"0" * 40
    repository.fetch(WANTED, heard)
    assert "sha256 as published" in heard.lines[-1]


def test_classifiers_and_named_checksums_count(maven: MavenServer, repository: Repository) -> None:
    wanted = Coordinate("org.apache.hadoop", "hadoop-aws", "3.4.1", "tests")
    path = PATH.replace(".jar", "-tests.jar")
    maven.files[path] = maven.files[PATH]
    maven.files[f"{path}.sha1"] = maven.files[f"{PATH}.sha1"].upper() + b"  hadoop-aws.jar\n"
    assert repository.fetch(wanted, Silent()).name == "hadoop-aws-3.4.1-tests.jar"


def test_a_download_is_kept_and_checked_again(maven: MavenServer, repository: Repository) -> None:
    path = repository.fetch(WANTED, Silent())
    repository.fetch(WANTED, Silent())
    assert maven.asked[PATH] == 1
    path.write_bytes(b"spoiled on this disk")
    assert repository.fetch(WANTED, Silent()).read_bytes() == maven.files[PATH]
    assert maven.asked[PATH] == 2


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_that_are_not_the_published_ones_are_refused_and_not_kept(
    maven: MavenServer, repository: Repository, tmp_path: Path, algorithm: str
) -> None:
    maven.add(PATH, tmp_path / "upstream" / "hadoop-aws-3.4.1.jar", algorithm)
    maven.files[PATH] = maven.files[PATH][:-1] + b"?"
    with pytest.raises(Failed, match=f"publishes the {algorithm} .* the file is not used"):
        repository.fetch(WANTED, Silent())
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == []


def test_without_a_valid_checksum_none_is_used(maven: MavenServer, repository: Repository) -> None:
    maven.files[f"{PATH}.sha1"] = b"<html>not found</html>"
    with pytest.raises(Failed, match="contains no such checksum"):
        repository.fetch(WANTED, Silent())
    del maven.files[f"{PATH}.sha1"]
    with pytest.raises(Failed, match="publishes no checksum"):
        repository.fetch(WANTED, Silent())


def test_a_missing_artifact_is_refused_at_once(maven: MavenServer, repository: Repository) -> None:
    with pytest.raises(UserError, match=r"org.x:y:1: http://127.* has no such artifact"):
        repository.fetch(Coordinate("org.x", "y", "1"), Silent())
    assert max(maven.asked.values()) == 1


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_busy_server_is_retried(maven: MavenServer, repository: Repository, status: int) -> None:
    maven.failing = {PATH: (status, 3), f"{PATH}.sha1": (status, 3)}
    assert repository.fetch(WANTED, Silent()).read_bytes() == maven.files[PATH]


def test_a_lasting_failure_or_denial_is_told(maven: MavenServer, repository: Repository) -> None:
    maven.failing = {PATH: (502, 99)}
    with pytest.raises(Failed, match=r"HTTP 502 \(4 times\)"):
        repository.fetch(WANTED, Silent())
    maven.failing = {PATH: (403, 99)}
    with pytest.raises(Failed, match=r"HTTP 403$"):
        repository.fetch(WANTED, Silent())


def test_a_download_that_breaks_off_is_repeated(maven: MavenServer, repository: Repository) -> None:
    maven.short[PATH] = 2
    assert repository.fetch(WANTED, Silent()).read_bytes() == maven.files[PATH]
    assert maven.asked[PATH] == 3


def test_a_repository_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    gone = MavenServer()
    gone.close()
    with pytest.raises(Failed, match=rf"{gone.host}.*refused \(4 times\)"):
        Repository(gone.url, tmp_path, pause=0).fetch(WANTED, Silent())


@pytest.mark.parametrize(
    "url", ["http://repo.example.com/maven2", "repo.example.com", "ftp://x/y", "https://", ""]
)
def test_a_repository_without_https_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="https://host/path"):
        Repository(url, tmp_path)


def test_a_password_is_for_the_repository_and_no_log(maven: MavenServer, tmp_path: Path) -> None:
    elsewhere = MavenServer()
    elsewhere.files["x.jar"] = maven.files[PATH]
    maven.moved[PATH] = f"{elsewhere.url}/x.jar"
    url = maven.url.replace("http://", "http://me:s3cr%2Ft@")
    repository = Repository(url, tmp_path / "cache", pause=0)
    heard = Silent()
    repository.fetch(WANTED, heard)
    assert set(maven.authorized) == {"Basic bWU6czNjci90"}, "me:s3cr/t"
    assert elsewhere.authorized == []
    elsewhere.close()
    with pytest.raises(UserError) as refusal:
        repository.fetch(Coordinate("org.x", "y", "1"), heard)
    assert "s3cr" not in f"{refusal.value} {heard.lines}"
