"""Boot by user data: the node gets its JARs, or it does not take a pod and says why."""

import time

import pytest

from tests.ops.publish.s3 import REGION
from tests.tiers.node.conftest import (
    BUCKET,
    DENIED_BUCKET,
    MANIFEST,
    RELEASE,
    Render,
    make_ready,
    start,
)
from tests.tiers.node.node import MOUNT, PARENT, Node, wait_for
from tests.tiers.node.s3_server import S3Server

SYSTEMCTL = ("daemon-reload", "enable", "start")
"""Steps of the boot that are calls of systemctl."""

LOCKED = "RPM: error: can't create transaction lock on /var/lib/rpm/.rpm.lock"
NO_PACKAGE = "No match for argument: mount-s3"
NO_NETWORK = "Curl error (6): Couldn't resolve host name for the repository"


def test_a_first_boot_mounts_and_fills_before_kubelet_starts(booted: Node, s3: S3Server) -> None:
    filled = s3.count("GetObject")
    listed = booted.run("ls", f"{PARENT}/jars/r1").split()
    assert listed == [*sorted(RELEASE), "release.json"]
    sums = booted.shell(f"cat {MOUNT}/r1/*.jar | wc --bytes")
    assert int(sums) == sum(map(len, RELEASE.values()))
    assert s3.count("GetObject") == filled, "what was filled is read without a request"
    assert "filled: r1, 11 MiB" in booted.journal("cloud-final.service")
    (call,) = booted.path("/opt/node/dnf.calls").read_text().splitlines()
    assert call.endswith("install mount-s3")
    assert not {"update", "upgrade", "--best"} & set(call.split()), "nothing is upgraded"


def test_a_locked_package_database_is_tried_again(machine: Node, render: Render) -> None:
    machine.write("/opt/node/dnf.error", LOCKED)
    start(machine, render())
    calls = machine.path("/opt/node/dnf.calls")
    wait_for("a second try", lambda: calls.exists() and len(calls.read_text().splitlines()) > 1)
    assert not machine.kubelet_runs()
    machine.write("/opt/node/dnf.error", "")
    wait_for("kubelet", machine.kubelet_runs)
    said = [line for line in machine.console().splitlines() if LOCKED in line]
    assert len(said) == 1, "one line, however often it was tried"


def test_a_node_waits_for_its_network(machine: Node, render: Render, s3: S3Server) -> None:
    machine.write("/opt/node/dnf.error", NO_NETWORK)
    with s3.down():
        start(machine, render())
        time.sleep(2)
        # The package source answers before S3 does.
        machine.write("/opt/node/dnf.error", "")
        time.sleep(6)
        assert not machine.kubelet_runs()
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.healthy()


LISTED = "Error: Failed to create S3 client Caused by: 0: initial ListObjectsV2 failed for bucket"
WRONG = {
    "wrong bucket": (
        {"bucket": "no-such-bucket"},
        f"{LISTED} no-such-bucket in region {REGION} 1: Service error 2: The bucket does not exist",
    ),
    "wrong region": (
        {"region": "eu-west-1"},
        f"{LISTED} {BUCKET} in region eu-west-1 1: Client error 2: Unknown response error: "
        "MetaRequestResult { response_status: 400,",
    ),
    "no rights": (
        {"bucket": DENIED_BUCKET},
        f"{LISTED} {DENIED_BUCKET} in region {REGION} 1: Client error 2: Forbidden: Access Denied",
    ),
    "wrong owner": (
        {"owner": "999999999999"},
        f"{LISTED} {BUCKET} in region {REGION} 1: Client error 2: Forbidden: Access Denied",
    ),
    "wrong prefix": ({"prefix": "elsewhere/jars/"}, ".sentinel cannot be read"),
    "wrong flag": ({"flags": ("--no-such-flag",)}, "'--no-such-flag'"),
    "no package": ({}, NO_PACKAGE),
}
"""What a stack file has wrong, and the reason: one line of the console."""


@pytest.mark.parametrize("case", WRONG)
def test_a_node_without_its_jars_powers_off_and_its_console_has_the_reason(
    machine: Node, render: Render, case: str
) -> None:
    """The console has the whole reason, in one line."""
    changes, reason = WRONG[case]
    if reason == NO_PACKAGE:
        machine.write("/opt/node/dnf.error", NO_PACKAGE)
    start(machine, render(wait_seconds=8, **changes))

    def off() -> bool:
        assert not machine.kubelet_runs()
        return machine.is_off

    wait_for("the node to go down", off, 60)
    assert "no JARs on this node; shutting it down" in machine.console()
    said = [line for line in machine.console().splitlines() if "spark-jars: " in line]
    assert any(reason in line for line in said), said


@pytest.mark.parametrize("step", ["python3", *SYSTEMCTL, "dnf", "mount-s3", "flock"])
def test_a_sigterm_in_any_step_of_the_boot_leaves_no_node_without_jars(
    machine: Node, render: Render, s3: S3Server, step: str
) -> None:
    """A script that cloud-init runs may be ended; cloud-init then goes on to kubelet."""
    machine.write("/opt/node/dnf.seconds", "1")
    machine.slow_down("python3", "flock")
    if step in SYSTEMCTL:
        machine.slow_down("systemctl", when=step)
    with s3.slow(step == "mount-s3"):
        start(machine, render())
        if step in SYSTEMCTL:
            pattern = ("pgrep", "--full", f"/usr/bin/systemctl {step}")
            wait_for(step, lambda: machine.result(*pattern).returncode == 0)
        else:
            wait_for(step, lambda: machine.has_process(step))
        boot = machine.run("pgrep", "-f", "-o", "/opt/node/parts/0")
        machine.result("kill", "-TERM", boot)
    wait_for("an end", lambda: machine.is_off or machine.kubelet_runs())
    assert machine.is_off, "a boot script that was ended ends the node"
    assert "shutting it down" in machine.console()


def test_kubelet_stays_down_even_when_the_boot_script_is_killed(
    machine: Node, render: Render, s3: S3Server
) -> None:
    with s3.down():
        start(machine, render(wait_seconds=60))
        wait_for("the start", lambda: machine.has_process("mount-s3"))
        machine.result("pkill", "-KILL", "-f", "/opt/node/parts/0|spark-jars start")
        wait_for("nodeadm", lambda: machine.has_process("nodeadm"))
        time.sleep(3)
        assert not machine.kubelet_runs()
    wait_for("kubelet, now that the JARs answer", machine.kubelet_runs)


def test_after_a_reboot_kubelet_waits_for_the_jars_again(booted: Node, s3: S3Server) -> None:
    with s3.down():
        booted.reboot()
        time.sleep(4)
        assert not booted.kubelet_runs()
        assert not booted.healthy()
        # The link outlives the reboot, what it points to does not: a pod would wait.
        assert booted.result("test", "-d", PARENT).returncode != 0
    wait_for("kubelet", booted.kubelet_runs)
    assert booted.run("cat", f"{PARENT}/jars/r1/release.json") == MANIFEST.decode().strip()


def test_the_cache_moves_to_the_instance_store_once_there_is_one(
    machine: Node, render: Render
) -> None:
    machine.path("/opt/node/array").mkdir()
    make_ready(machine, render())
    assert machine.run("cat", "/run/spark-jars/run").startswith("/var/cache/spark-jars/run.")
    machine.reboot()
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.run("cat", "/run/spark-jars/run").startswith("/mnt/k8s-disks/0/spark-jars/run.")
    caches = "ls -d /var/cache/spark-jars/run.* /mnt/k8s-disks/0/spark-jars/run.*"
    wait_for("the sweep", lambda: len(machine.shell(caches, check=False).split()) == 1)


def test_mount_s3_logs_each_line_once(booted: Node) -> None:
    with booted.replaced():
        booted.kill()
    lines = booted.journal().splitlines()
    assert sum("successfully mounted prefix" in line for line in lines) == 2, "one of each start"
    assert sum("mount-s3 1.24.0" in line for line in lines) == 2


def test_running_the_boot_script_twice_changes_nothing(booted: Node) -> None:
    before = booted.main_pid()
    booted.run("/opt/node/parts/0")
    assert booted.main_pid() == before
    assert booted.healthy()
    assert len(booted.path("/opt/node/dnf.calls").read_text().splitlines()) == 1
