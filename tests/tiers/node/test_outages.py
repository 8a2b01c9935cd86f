"""A node that runs: S3 is away for a while, the mount is stopped, or a job reads its JARs first."""

import subprocess
import time

import pytest
import yaml

from tests.tiers.node.conftest import BUCKET, MANIFEST, PREFIX, RELEASE, metric
from tests.tiers.node.node import MOUNT, PARENT, Node, wait_for
from tests.tiers.node.pods import job_pod
from tests.tiers.node.s3_server import S3Server
from tests.tiers.programs import ROOT


def test_no_pod_starts_while_the_mount_is_down(node: Node, s3: S3Server) -> None:
    with node.replaced(), s3.down():
        node.kill()
        wait_for("the gate to shut", lambda: not node.live(PARENT).is_symlink())
        time.sleep(1)
        # What kubelet looks for before it starts a pod with this volume.
        assert node.result("test", "-d", PARENT).returncode != 0
    assert node.run("cat", f"{PARENT}/jars/r1/release.json") == MANIFEST.decode().strip()


@pytest.mark.parametrize("step", ["umount", "cp", "mount-s3"])
def test_a_stop_in_any_step_of_a_start_leaves_nothing_in_the_way(
    booted: Node, s3: S3Server, step: str
) -> None:
    """`detach`, `run` and `open` of the unit; the next start finds a clean place."""
    booted.slow_down("cp", "umount")
    with s3.slow(step == "mount-s3"):
        booted.run("systemctl", "stop", "spark-jars.service")
        booted.run("systemctl", "start", "--no-block", "spark-jars.service")
        wait_for(step, lambda: booted.has_process(step))
        booted.run("systemctl", "stop", "spark-jars.service")
    assert not booted.live(PARENT).is_symlink()
    assert booted.result("mountpoint", MOUNT).returncode != 0
    assert not booted.has_process("mount-s3")
    booted.run("systemctl", "start", "spark-jars.service")
    assert booted.healthy()
    assert booted.run("cat", f"{PARENT}/jars/r1/release.json") == MANIFEST.decode().strip()


def test_an_outage_of_s3_is_not_seen_by_pods_whose_jars_are_filled(
    node: Node, s3: S3Server
) -> None:
    """Longer than it takes the watch to give up on a mount: 3 looks, 1 s apart here."""
    wait_for("the fill", lambda: metric(node, "spark_jars_filled_releases") >= 1)
    before = node.main_pid()
    with job_pod(node) as read, s3.down():
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for name in ("jar-2.jar", "jar-5.jar"):
                assert read(f"jars/r1/{name}") == RELEASE[name]
            assert node.healthy()
            time.sleep(0.5)
        assert metric(node, "spark_jars_up") == 1
    assert node.main_pid() == before, "the mount is not started again for it"
    s3.put(BUCKET, f"{PREFIX}r9/new.jar", b"new")
    wait_for("a new JAR", lambda: node.reads(f"{MOUNT}/r9/new.jar") == b"new", 10)


def test_the_init_container_of_the_docs_fills_a_cold_cache(booted: Node, s3: S3Server) -> None:
    page = (ROOT / "docs" / "node-mount.md").read_text()
    blocks = [block.partition("```")[0] for block in page.split("```yaml\n")[1:]]
    (block,) = [block for block in blocks if block.startswith("initContainers")]
    (container,) = yaml.safe_load(block.replace("<the job's own>", "spark"))["initContainers"]
    # The node's own fill would have read them already.
    late = "2026-11-01"
    booted.run("systemctl", "stop", "spark-jars-watch.service")
    for name, content in RELEASE.items():
        s3.put(BUCKET, f"{PREFIX}{late}/{name}", content)
    command = [word.replace("/mnt/s3", PARENT) for word in container["command"]]
    as_spark = ["setpriv", "--reuid=185", "--regid=185", "--clear-groups", *command]
    subprocess.run(booted.enter(*as_spark), check=True, timeout=60)
    counted = s3.count("GetObject")
    for name, content in RELEASE.items():
        assert booted.reads(f"{MOUNT}/{late}/{name}") == content
    assert s3.count("GetObject") == counted, "every byte came from the cache"
