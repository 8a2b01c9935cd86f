"""Archives that the publisher trains itself: what it asks of Docker, and what it leaves undone.

A stand-in for Docker's command writes what a training run writes of the files that it is given;
tests/tiers/operator runs the training itself.
"""

import json
import os
import platform
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from ops.publish import destination, docker
from tests.ops.publish.conftest import Place, Run, write_jar
from tests.plans import ROOT

IMAGE, DIGEST = "docker.io/apache/spark:4.0.4", f"sha256:{'1' * 64}"
OWN = docker.processor("1")
STAND_IN = f"""#!{sys.executable}
import hashlib, json, os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.ops.archives import description

words = sys.argv[1:]
with open(os.environ["DOCKER_CALLS"], "a") as calls:
    calls.write(json.dumps(words) + "\\n")
if words[0] == os.environ.get("DOCKER_FAILS"):
    sys.exit("no space left on device")
if words[0] == "image":
    print("docker.io/apache/spark@{DIGEST}")
if words[0] == "run":
    volumes = [words[at + 1] for at, word in enumerate(words) if word == "--volume"]
    places = {{one.split(":")[1]: Path(one.split(":")[0]) for one in volumes}}
    assert places["/train.py"].name == "train.py"
    release, image, out = words[-3:]
    jars = places["/mnt/s3/jars/" + release]
    listed = json.loads((jars / "release.json").read_text())["jars"]
    stats = {{one["name"]: (jars / one["name"]).stat() for one in listed}}
    text = description(
        release, {{name: (one.st_size, int(one.st_mtime)) for name, one in stats.items()}},
        sha256=hashlib.sha256(b"class data").hexdigest(), size=10, image=image,
        arch=words[words.index("--platform") + 1].removeprefix("linux/"),
    )
    (places[out] / "spark.jsa").write_bytes(b"class data")
    (places[out] / "archive.json").write_bytes(text)
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of Docker's calls, a JSON list of words each."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CALLS", str(tmp_path / "calls"))
    # Where archives are kept.
    monkeypatch.setattr("ops.publish.command.ROOT", tmp_path)
    return tmp_path / "calls"


def asked(calls: Path) -> list[list[str]]:
    return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []


def words(place: Place, tmp_path: Path, *more: str) -> list[str]:
    jars = [str(write_jar(tmp_path / name)) for name in ("x.jar", "y.jar")]
    for one in jars:
        # Not the time of the upload, which the JVM compares.
        os.utime(one, (1, 1))
    to = f"s3://{place.to.bucket}/{place.to.prefix}"
    return [*jars, "--release", "r1", "--to", to, *more]


def test_an_archive_is_trained_on_the_published_jars_and_published(
    place: Place, run: Run, calls: Path, tmp_path: Path
) -> None:
    given = words(place, tmp_path, "--archive", "1", "--archive", "arm64", "--image", IMAGE)
    done = run(*given)
    assert done.exit_code == 0, done.stderr
    processors = list(dict.fromkeys([OWN, "arm64"]))
    for arch in processors:
        text = json.loads(place.objects()[f"r1/archives/{arch}/archive.json"])
        assert (text["arch"], text["image"]) == (arch, f"{IMAGE}@{DIGEST}")
        kept = tmp_path / ".cache" / "archives" / place.to.bucket / "r1" / arch / "archive.json"
        assert f"ARCHIVE={kept}" in done.stderr
        assert json.loads(kept.read_bytes()) == text
    names = [one[0] for one in asked(calls)]
    # Docker is asked for the images before anything is uploaded.
    count = len(processors)
    assert names == ["pull", "image"] * count + ["run"] * count


def test_the_container_has_no_network_and_writes_the_result_only(
    place: Place, run: Run, calls: Path, tmp_path: Path
) -> None:
    done = run(*words(place, tmp_path, "--archive", "arm64", "--image", f"{IMAGE}@{DIGEST}"))
    assert done.exit_code == 0, done.stderr
    (command,) = [one for one in asked(calls) if one[0] == "run"]
    options = list(pairwise(command))
    assert ("--network", "none") in options and ("--platform", "linux/arm64") in options
    assert ("--security-opt", "no-new-privileges") in options
    volumes = [value for key, value in options if key == "--volume"]
    assert [one for one in volumes if not one.endswith(":ro")] == [
        f"{tmp_path}/.cache/archives/{place.to.bucket}/r1/arm64:/archive"
    ]
    assert len(volumes) == 3 and "--env" not in command and "--privileged" not in command


def test_an_archive_that_is_published_is_not_trained_again(
    place: Place, run: Run, calls: Path, tmp_path: Path
) -> None:
    given = words(place, tmp_path, "--archive", "arm64", "--image", IMAGE)
    assert run(*given).exit_code == 0
    calls.unlink()
    before = place.objects()
    done = run(*given)
    assert (done.exit_code, asked(calls), place.objects()) == (0, [], before)
    assert "already published: s3://" in done.stderr


def test_without_docker_or_an_image_nothing_is_published(
    place: Place, run: Run, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(*words(place, tmp_path, "--archive", "arm64"))
    assert done.exit_code == 2 and "an image that you name: --image" in done.stderr
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    done = run(*words(place, tmp_path, "--archive", "arm64", "--image", IMAGE))
    assert done.exit_code == 2 and "not on this machine; docs/archives.md" in done.stderr
    assert (asked(calls), place.objects()) == ([], {})


@pytest.mark.parametrize("what", ["pull", "run"])
def test_what_docker_says_is_told_and_the_release_stays_without_an_archive(
    place: Place,
    run: Run,
    calls: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    monkeypatch.setenv("DOCKER_FAILS", what)
    given = words(place, tmp_path, "--archive", "arm64", "--image", IMAGE)
    done = run(*given)
    assert done.exit_code == 1 and "no space left on device" in done.stderr
    assert not [name for name in place.objects() if "archives" in name]
    assert ("r1/release.json" in place.objects()) == (what == "run")
    monkeypatch.setenv("DOCKER_FAILS", "")
    assert run(*given).exit_code == 0
    assert "r1/archives/arm64/archive.json" in place.objects()
    assert asked(calls)


def test_a_stack_s_image_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.plan.aws.account_in", lambda region: "111122223333")
    assert destination.image_of("dev").startswith("docker.io/apache/spark:")


@pytest.mark.parametrize(
    ("machine", "found"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("arm64", "arm64")]
)
def test_this_machine_s_processor(
    monkeypatch: pytest.MonkeyPatch, machine: str, found: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert docker.processor("1") == found
