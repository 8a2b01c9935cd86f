"""The JARs of a release, published for real and mounted as a node mounts them."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.ops.publish.s3 import OWNER, REGION, S3
from tests.tiers.cluster.processes import Child, start, wait_until
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.programs import ROOT

PREFIX = "spark/jars/"
_STAND_IN = ROOT / "tests" / "tiers" / "node" / "mount_s3.py"
_MOUNT_SECONDS = 60
_ATTEMPTS = 4
"""On a busy machine S3 in Python breaks off; the same command goes on where it ended."""


def publish(s3: S3, bucket: str, release: str, jars: Sequence[str]) -> str:
    """Runs the publisher's command; what it prints for a job."""
    where = ["--to", f"s3://{bucket}/{PREFIX}", "--release", release]
    command = [sys.executable, "-m", "ops", "publish-jars", *where, "--", *jars]
    environment = {**os.environ, **s3.environment()}
    for _ in range(_ATTEMPTS):
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if not done.returncode:
            return done.stdout
    raise RuntimeError(f"the release was not published: {done.stderr}")


def mount(s3: S3, bucket: str, pod_host: PodHost) -> tuple[Child, Path]:
    """Mounts the bucket's JARs on the machine with the node's own flags (userdata/spark-jars).

    Returns the mount's process and the folder that pods get: the JARs are at `jars` in it.
    $MOUNT_S3 is the real mount-s3; without it the node tier's stand-in serves.
    """
    parent, cache = pod_host.folder / "parent", pod_host.folder / "cache"
    point = parent / "jars"
    for folder in (parent, cache, point):
        pod_host.seen(folder).mkdir()
    real = os.environ.get("MOUNT_S3")
    program = [real] if real else [sys.executable, str(_STAND_IN)]
    flags = ["--foreground", "--read-only", "--allow-other", "--prefix", PREFIX]
    flags += ["--region", REGION, "--expected-bucket-owner", OWNER]
    flags += ["--cache", str(cache), "--max-cache-size", "2048"]
    flags += ["--metadata-ttl", "indefinite", "--negative-metadata-ttl", "minimal"]
    flags += ["--file-mode", "0444", "--dir-mode", "0555"]
    flags += [f"--endpoint-url={s3.url}", "--force-path-style"]
    command = pod_host.inside(*program, bucket, point, *flags)
    child = start(command, Path(pod_host.seen(pod_host.folder), "mount.log"), s3.environment())
    mounted = pod_host.seen(point)
    wait_until(lambda: any(mounted.iterdir()), "the JARs are mounted", child, _MOUNT_SECONDS)
    return child, parent
