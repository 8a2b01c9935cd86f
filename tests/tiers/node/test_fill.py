"""A job that reads its JARs before it starts (docs/node-mount.md, at pod level)."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.tiers.node.conftest import RELEASE, make_ready
from tests.tiers.node.node import MOUNT, PARENT, Node
from tests.tiers.node.s3_server import S3Server
from userdata.render import MountFiles

PAGE = Path(__file__).resolve().parents[3] / "docs" / "node-mount.md"


def test_the_init_container_of_the_docs_fills_a_cold_cache(
    machine: Node, render: Callable[..., MountFiles], s3: S3Server
) -> None:
    blocks = [block.partition("```")[0] for block in PAGE.read_text().split("```yaml\n")[1:]]
    (block,) = [block for block in blocks if block.startswith("initContainers")]
    (container,) = yaml.safe_load(block.replace("<the job's own>", "spark"))["initContainers"]
    # The node's own fill would have read them already.
    late = "2026-11-01"
    make_ready(machine, render())
    machine.run("systemctl", "stop", "spark-jars-watch.service")
    for name, content in RELEASE.items():
        s3.put("acme.spark-jars", f"spark/jars/{late}/{name}", content)
    command = [word.replace("/mnt/s3", PARENT) for word in container["command"]]
    as_spark = ["setpriv", "--reuid=185", "--regid=185", "--clear-groups", *command]
    subprocess.run(machine.enter(*as_spark), check=True, timeout=60)
    counted = s3.count("GetObject")
    for name, content in RELEASE.items():
        assert machine.reads(f"{MOUNT}/{late}/{name}") == content
    assert s3.count("GetObject") == counted, "every byte came from the cache"
