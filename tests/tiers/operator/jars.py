"""The JARs of a release, published for real and mounted as a node mounts them."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.tiers.cluster.processes import Child, start, wait_until
from tests.tiers.node.s3_server import JARS_PREFIX, S3Server
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.programs import ROOT

_MOUNT_SECONDS = 60
_ATTEMPTS = 4
"""On a busy machine S3 in Python breaks off; the same command goes on where it ended."""


def publish(s3: S3Server, bucket: str, release: str, jars: Sequence[str]) -> None:
    """Runs the publisher's command."""
    where = ["--to", f"s3://{bucket}/{JARS_PREFIX}", "--release", release]
    command = [sys.executable, "-m", "ops", "publish-jars", *where, "--", *jars]
    environment = {**os.environ, **s3.environment()}
    for _ in range(_ATTEMPTS):
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if not done.returncode:
            return
    raise RuntimeError(f"the release was not published: {done.stderr}")


def mount(s3: S3Server, bucket: str, pod_host: PodHost) -> tuple[Child, Path]:
    """Mounts the bucket's JARs on the machine as a node does.

    Returns the mount's process and the folder that pods get: the JARs are at `jars` in it.
    """
    parent, cache = pod_host.folder / "parent", pod_host.folder / "cache"
    point = parent / "jars"
    for folder in (parent, cache, point):
        pod_host.seen(folder).mkdir()
    command = pod_host.inside(*s3.node_mount(bucket, point, cache))
    child = start(command, Path(pod_host.seen(pod_host.folder), "mount.log"), s3.environment())
    mounted = pod_host.seen(point)
    wait_until(lambda: any(mounted.iterdir()), "the JARs are mounted", child, _MOUNT_SECONDS)
    return child, parent
