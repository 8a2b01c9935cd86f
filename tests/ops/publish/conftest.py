"""S3 and a Maven repository on loopback, JARs, and the publisher."""

import itertools
import os
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ops.publish import cli, files
from ops.publish.destination import Destination
from ops.publish.files import File
from ops.publish.progress import Report
from ops.publish.publish import Published, publish
from ops.publish.store import Store
from tests.ops.publish.s3 import ACCESS_KEY, OWNER, REGION, S3, SECRET_KEY
from tests.plans import plan_of

_numbers = itertools.count(1)
Run = Callable[..., Result]


def write_jar(path: Path, size: int = 100, classes: Iterable[str] = (), seed: int = 0) -> Path:
    """A JAR with these classes, or one of its own, and `size` bytes that cannot be compressed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in (*classes, "META-INF/MANIFEST.MF"):
            archive.writestr(zipfile.ZipInfo(name), b"")
        filler = random.Random(f"{path.name} {seed}").randbytes(size)
        archive.writestr(zipfile.ZipInfo(f"only/in/{path.stem}.class"), filler)
    return path


def write_module(path: Path, *members: str) -> Path:
    """A zip archive of modules, as a wheel is one, too."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in members or (f"{path.stem}/__init__.py",):
            archive.writestr(name, "")
    return path


def write_environment(path: Path, *members: str) -> Path:
    """A packed environment."""
    with tarfile.open(path, "w:gz") as archive:
        for name in members:
            archive.addfile(tarfile.TarInfo(name))
    return path


class Silent(Report):
    """Keeps all messages, and prints none."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


class Place:
    """A bucket of its own, and publishing to it."""

    def __init__(self, s3: S3) -> None:
        self.s3 = s3
        self.to = Destination(f"jars-of-test-{next(_numbers)}", "spark/jars/", REGION, OWNER)
        s3.forget()
        s3.client.create_bucket(
            Bucket=self.to.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        s3.forget()

    def publish(self, files: list[File], release: str = "r1", attempts: int = 1) -> Published:
        """Publishes JARs; `attempts` is the maximum number of attempts per request."""
        client = self.s3.client if attempts == 1 else self.s3.client_with(attempts)
        return publish(release, files, Store(client, self.to), self.to, Silent())

    def objects(self) -> dict[str, bytes]:
        """Everything below the folder of releases."""
        listed = self.s3.client.list_objects_v2(Bucket=self.to.bucket, Prefix=self.to.prefix)
        return {
            item["Key"].removeprefix(self.to.prefix): self.s3.client.get_object(
                Bucket=self.to.bucket, Key=item["Key"]
            )["Body"].read()
            for item in listed.get("Contents", [])
        }

    def put(self, name: str, body: bytes) -> None:
        """Writes an object as another client."""
        self.s3.client.put_object(Bucket=self.to.bucket, Key=f"{self.to.prefix}{name}", Body=body)


@pytest.fixture
def place(server: S3) -> Place:
    return Place(server)


@pytest.fixture
def jar(tmp_path: Path) -> Callable[..., File]:
    """Writes a JAR and reads it."""

    def make(name: str, size: int = 100, classes: Iterable[str] = (), seed: int = 0) -> File:
        return files.read(write_jar(tmp_path / name, size, classes, seed))

    return make


@pytest.fixture
def environment(server: S3, tmp_path: Path) -> dict[str, str]:
    """The AWS on loopback only, without a profile."""
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": str(tmp_path / "none")}
    return {**nowhere, "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path), **server.environment()}


@pytest.fixture(autouse=True)
def one_plan_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stack is planned once a process: that takes seconds."""
    monkeypatch.setattr("ops.plan.record.record", lambda _, stack, keys: plan_of(stack, *keys))


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in this process, with variables changed or (None) taken away."""

    def call(*arguments: str, **variables: str | None) -> Result:
        monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in {**environment, **variables}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        words = ["publish-jars", *arguments, "--cache", str(tmp_path / "cache")]
        result = CliRunner().invoke(cli.app, words)
        told = result.stdout + result.stderr
        assert "Traceback" not in told
        assert SECRET_KEY not in told and ACCESS_KEY not in told
        return result

    return call
