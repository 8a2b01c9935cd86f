"""Fixtures of the node tier: an S3 server, and machines that boot from rendered user data."""

import email
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ops.publish.files import File
from ops.publish.publish import Release
from tests.names import NODE_PARENT
from tests.ops.publish.s3 import ACCESS_KEY, OWNER, REGION, SECRET_KEY
from tests.tiers.node.kube_api import KubeApi
from tests.tiers.node.node import Node, wait_for
from tests.tiers.node.s3_server import JARS_PREFIX as PREFIX
from tests.tiers.node.s3_server import S3Server
from tests.tiers.programs import leave_out
from userdata.render import (
    SENTINEL,
    SENTINEL_TEXT,
    MountFiles,
    MountLimits,
    MountSource,
    boot_script,
    mime,
    mount_files,
)

BUCKET = "acme.spark-jars"
"""With a dot: such a bucket has no certificate of its own, and is a name all the same."""
DENIED_BUCKET = "denied-jars"
METRICS = "/var/lib/node_exporter/textfile_collector/spark-jars.prom"
RELEASE = {f"jar-{number}.jar": os.urandom(1_500_000) for number in range(8)}
"""JARs of release r1."""


def manifest(name: str, files: Mapping[str, bytes]) -> bytes:
    """The release.json of a release as the publisher writes it."""
    made = [
        File(Path(one), len(content), hashlib.sha256(content).hexdigest())
        for one, content in files.items()
    ]
    return Release.of(name, made).to_json()


def publish(s3: S3Server, bucket: str, name: str, files: Mapping[str, bytes]) -> None:
    """Puts the files of a release, and release.json last."""
    for one, content in files.items():
        s3.put(bucket, f"{PREFIX}{name}/{one}", content)
    s3.put(bucket, f"{PREFIX}{name}/release.json", manifest(name, files))


MANIFEST = manifest("r1", RELEASE)
"""release.json of r1."""

Render = Callable[..., MountFiles]


@pytest.fixture(scope="session", autouse=True)
def _needs() -> None:
    """Without what the tier needs: skipped with the reason, or failed in CI."""
    libfuse = list(Path("/usr/lib").glob("*/libfuse.so.2*"))
    for met, what in (
        (os.geteuid() == 0, "root (sudo make test-node)"),
        (Path("/dev/fuse").exists(), "/dev/fuse (modprobe fuse)"),
        (libfuse or os.environ.get("MOUNT_S3"), "libfuse 2 (apt-get install libfuse2)"),
        (shutil.which("systemd-nspawn"), "systemd-nspawn (apt-get install systemd-container)"),
        (shutil.which("nsenter"), "nsenter (apt-get install util-linux)"),
        (shutil.which("gpg"), "gpg (apt-get install gnupg)"),
    ):
        if not met:
            leave_out(f"the node tier needs {what}")


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """The S3 server, with a bucket that holds release r1."""
    server = S3Server()
    for bucket in (BUCKET, DENIED_BUCKET):
        server.create(bucket)
        server.put(bucket, f"{PREFIX}{SENTINEL}", SENTINEL_TEXT.encode())
    publish(server, BUCKET, "r1", RELEASE)
    server.denied.add(DENIED_BUCKET)
    yield server
    server.close()


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """A bucket of this test alone, without a release."""
    name = f"jars-{secrets.token_hex(4)}"
    s3.create(name)
    s3.put(name, f"{PREFIX}{SENTINEL}", SENTINEL_TEXT.encode())
    return name


@pytest.fixture(scope="session")
def render(s3: S3Server) -> Render:
    """Renders the files of a mount of the bucket; quicker to look again than in production."""

    def files(
        wait_seconds: int = 30,
        cache_mib: int = 512,
        fence: str = "",
        fence_seconds: int = 3,
        flags: Sequence[str] = (),
        **changes: str,
    ) -> MountFiles:
        here = (f"--endpoint-url={s3.url}", "--force-path-style", *flags)
        source = replace(MountSource(BUCKET, PREFIX, REGION, OWNER, flags=here), **changes)
        often = {"check_seconds": 1, "fence_seconds": fence_seconds, "releases_seconds": 2}
        limits = MountLimits(cache_mib, wait_seconds, **often)
        metrics = str(Path(METRICS).parent)
        return mount_files(source, limits, parent=NODE_PARENT, metrics_dir=metrics, fence=fence)

    return files


def start(machine: Node, files: MountFiles) -> None:
    """Boots a machine from the rendered user data that mounts these files."""
    # cloud-init runs the shell parts of the message.
    for part in email.message_from_string(mime([boot_script(files)])).walk():
        if part.get_content_type() == "text/x-shellscript":
            machine.write("/opt/node/parts/0", str(part.get_payload()), mode=0o755)
    machine.boot()


def make_ready(machine: Node, files: MountFiles) -> None:
    """Boots a machine until its JARs can be read."""
    start(machine, files)
    wait_for("kubelet", machine.kubelet_runs)


def _new_machine() -> Node:
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    return Node({**keys, "STANDIN_GIVE_UP_SECONDS": "2"})


@pytest.fixture
def machine() -> Iterator[Node]:
    """A machine that has not booted yet."""
    with closing(_new_machine()) as node:
        yield node


@pytest.fixture
def booted(machine: Node, render: Render) -> Node:
    """A machine of this test alone that booted from user data, with readable JARs."""
    make_ready(machine, render())
    return machine


@pytest.fixture(scope="module")
def node(render: Render) -> Iterator[Node]:
    """A machine that booted from user data, with readable JARs."""
    with closing(_new_machine()) as node:
        make_ready(node, render())
        yield node


@pytest.fixture
def api() -> Iterator[KubeApi]:
    """An API server."""
    with closing(KubeApi()) as server:
        yield server


def metric(node: Node, name: str) -> float:
    """The value of a metric that the node exports; not a number before it does."""
    found = re.search(rf"^{name} (\S+)$", (node.reads(METRICS) or b"").decode(), re.MULTILINE)
    return float(found[1]) if found else float("nan")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Adds the machine's console to the report of a failed test."""
    report = yield
    if report.failed:
        for name in ("machine", "node"):
            node = getattr(item, "funcargs", {}).get(name)
            if node is not None and not node.closed:
                report.sections.append(("the node's console", node.console()))
                if not node.is_off:
                    everything = node.result("journalctl", "--no-pager", "--output=short-precise")
                    report.sections.append(("the node's journal", everything.stdout[-40000:]))
    return report
