"""A release on this machine: published to S3 by the command, and mounted behind the claim."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.tiers.cluster.processes import start, wait_until
from tests.tiers.node.s3_server import JARS_PREFIX, S3Server
from tests.tiers.operator.kubelet import Edit, edited
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.programs import ROOT

BUCKET = "spark-jars"
_ATTEMPTS = 4
"""On a busy machine S3 in Python breaks off; the same command goes on where it ended."""


def publish(
    s3: S3Server, release: str, files: Sequence[str | Path], archive: Path | None = None
) -> str:
    """Runs the publisher's command; what it prints for a job."""
    where = ["--to", f"s3://{BUCKET}/{JARS_PREFIX}", "--release", release]
    where += ["--archive", str(archive)] if archive else []
    command = [sys.executable, "-m", "ops", "publish-jars", *where, "--", *map(str, files)]
    environment = {**os.environ, **s3.environment()}
    for _ in range(_ATTEMPTS):
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if not done.returncode:
            return done.stdout
    raise RuntimeError(f"the release was not published: {done.stderr}")


@contextmanager
def mounted(s3: S3Server, pod_host: PodHost, bucket: str = BUCKET) -> Iterator[Path]:
    """The folder behind the claim: the releases are mounted in it at `jars`, for the block."""
    parent, cache = pod_host.folder / "parent", pod_host.folder / "cache"
    for folder in (parent, cache, parent / "jars"):
        pod_host.seen(folder).mkdir(exist_ok=True)
    with served(s3, pod_host, s3.node_mount(bucket, parent / "jars", cache), parent / "jars"):
        yield parent


@contextmanager
def served(
    s3: S3Server, pod_host: PodHost, mount: Sequence[str | Path], point: Path
) -> Iterator[None]:
    """Runs a program that mounts S3 at a folder of the pods' host, for the block."""
    log = pod_host.seen(pod_host.folder) / "mount.log"
    child = start(pod_host.inside(*mount), log, s3.environment())
    wait_until(lambda: any(pod_host.seen(point).iterdir()), f"{point} is mounted", child)
    try:
        yield
    finally:
        child.stop()
        # The mount of a program that is gone stays, and cannot be mounted over.
        command = pod_host.inside("umount", "--lazy", str(point))
        subprocess.run(command, capture_output=True, check=False)


def on_this_machine(server: str, s3: S3Server) -> Edit:
    """The only differences from a cluster in AWS."""
    return edited(server, s3.s3a())
