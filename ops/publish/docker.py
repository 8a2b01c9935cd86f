"""Trains the class-data archive of a published release in a container of Spark's image.

The container has no network, no credentials and nothing of this machine but the release's files
and the folder of the result.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.plan.archives import PROCESSORS
from ops.plan.errors import Failed, UserError
from ops.plan.releases import MOUNTED_JARS
from ops.publish import train
from ops.publish.files import File
from ops.publish.publish import MANIFEST, Release

_ELSEWHERE = "docs/archives.md says how to train it elsewhere"


@dataclass(frozen=True)
class Image:
    """Spark's image for one processor, pulled. `name` ends with its digest."""

    name: str
    arch: str


def processor(wanted: str) -> str:
    """The processor of `1` is this machine's; others are themselves. Raises UserError for a machine
    whose processor no node has."""
    if wanted in PROCESSORS:
        return wanted
    own = train.PROCESSORS.get(platform.machine(), "arm64" if platform.machine() == "arm64" else "")
    if not own:
        raise UserError(f"no node has the processor of this machine, {platform.machine()}")
    return own


def pull(image: str, arch: str) -> Image:
    """Pulls the image. Raises UserError without Docker, Failed if it cannot be pulled."""
    if not shutil.which("docker"):
        raise UserError(
            f"--archive {arch} trains in Docker, which is not on this machine; {_ELSEWHERE}"
        )
    _docker("pull", "--quiet", "--platform", f"linux/{arch}", image)
    if "@" in image:
        return Image(image, arch)
    name = _docker("image", "inspect", "--format", "{{index .RepoDigests 0}}", image).strip()
    return Image(f"{image}@{name.rpartition('@')[2]}", arch)


def train_in(
    image: Image, release: Release, files: Sequence[File], times: Mapping[str, int], out: Path
) -> None:
    """Writes archive and description to a folder. `times` are those of the JARs in S3, in seconds:
    the JVM compares them. Raises Failed, with the end of its output, if the training fails."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="spark-release-") as folder:
        for one in files:
            copy = shutil.copyfile(one.path, Path(folder, one.name))
            os.utime(copy, (times[one.name], times[one.name]))
        Path(folder, MANIFEST).write_bytes(release.to_json())
        mounts = {
            f"{folder}:{MOUNTED_JARS}/{release.name}": ":ro",
            f"{Path(train.__file__).resolve()}:/train.py": ":ro",
            f"{out.resolve()}:/archive": "",
        }
        _docker(
            *("run", "--rm", "--platform", f"linux/{image.arch}", "--network", "none"),
            # The image's own user may not write the result.
            *("--user", "0", "--security-opt", "no-new-privileges"),
            *(word for mount, mode in mounts.items() for word in ("--volume", f"{mount}{mode}")),
            *(image.name, "python3", "/train.py", release.name, image.name, "/archive"),
        )


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise Failed(f"docker {words[0]} failed; {_ELSEWHERE}:\n{said}")
    return done.stdout
