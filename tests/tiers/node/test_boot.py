"""Boot by user data: the node gets its JARs, or it does not take a pod and says why."""

import time
from collections.abc import Callable

import pytest

from tests.tiers.node.conftest import DENIED_BUCKET, OTHER_BUCKET, RELEASE, parts_of
from tests.tiers.node.node import MOUNT, PARENT, Node, wait_for
from tests.tiers.node.s3_server import S3Server
from userdata.render import MountFiles

Render = Callable[..., MountFiles]

SYSTEMCTL = ("daemon-reload", "enable", "start")
"""Steps of the boot that are calls of systemctl."""

LOCKED = "RPM: error: can't create transaction lock on /var/lib/rpm/.rpm.lock"
NO_NETWORK = "Curl error (6): Couldn't resolve host name for the repository"


def start(machine: Node, files: MountFiles) -> None:
    machine.user_data(parts_of(files))
    machine.boot()


def test_a_first_boot_mounts_and_fills_before_kubelet_starts(
    machine: Node, render: Render, s3: S3Server
) -> None:
    start(machine, render())
    wait_for("kubelet", machine.kubelet_runs)
    filled = s3.requests["GET"]
    listed = machine.run("ls", f"{PARENT}/jars/r1").split()
    assert listed == [*sorted(RELEASE), "release.json"]
    sums = machine.shell(f"cat {MOUNT}/r1/*.jar | wc --bytes")
    assert int(sums) == sum(map(len, RELEASE.values()))
    assert s3.requests["GET"] == filled, "what was filled is read without a request"
    assert "filled: r1, 8 JARs" in machine.journal("cloud-final.service")


def test_only_mountpoint_is_installed_and_nothing_is_upgraded(
    machine: Node, render: Render
) -> None:
    start(machine, render())
    wait_for("kubelet", machine.kubelet_runs)
    calls = machine.path("/opt/node/dnf.calls").read_text().splitlines()
    assert len(calls) == 1
    assert calls[0].endswith("install mount-s3")
    assert not {"update", "upgrade", "--best"} & set(calls[0].split())


def test_a_locked_package_database_is_tried_again(machine: Node, render: Render) -> None:
    machine.write("/opt/node/dnf.error", LOCKED)
    start(machine, render())
    time.sleep(3)
    assert not machine.kubelet_runs()
    machine.write("/opt/node/dnf.error", "")
    wait_for("kubelet", machine.kubelet_runs)
    said = [line for line in machine.console().splitlines() if LOCKED in line]
    assert len(said) == 1, "one line, however often it was tried"


def test_a_node_waits_for_its_network(machine: Node, render: Render, s3: S3Server) -> None:
    machine.write("/opt/node/dnf.error", NO_NETWORK)
    s3.stop()
    try:
        start(machine, render())
        time.sleep(2)
        # The package source answers before S3 does.
        machine.write("/opt/node/dnf.error", "")
        time.sleep(6)
        assert not machine.kubelet_runs()
    finally:
        s3.start()
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.healthy()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bucket": "no-such-bucket"}, "NoSuchBucket"),
        ({"region": "eu-west-1"}, "AuthorizationHeaderMalformed"),
        ({"bucket": DENIED_BUCKET}, "AccessDenied"),
        ({"owner": "999999999999"}, "AccessDenied"),
        ({"prefix": "elsewhere/jars/"}, ".sentinel cannot be read"),
        ({"flags": ("--no-such-flag",)}, "--no-such-flag"),
    ],
    ids=["wrong bucket", "wrong region", "no rights", "wrong owner", "wrong prefix", "wrong flag"],
)
def test_a_node_without_its_jars_powers_off_and_its_console_has_the_reason(
    machine: Node, render: Render, changes: dict[str, str], reason: str
) -> None:
    if "flags" in changes:
        changes = {"flags": (*render_flags(render), *changes["flags"])}
    start(machine, render(wait_seconds=8, **changes))
    ran = False
    begin = time.monotonic()
    while not machine.is_off and time.monotonic() - begin < 60:
        ran = ran or machine.kubelet_runs()
        time.sleep(0.1)
    assert machine.is_off
    assert not ran
    assert "no JARs on this node; shutting it down" in machine.console()
    assert reason in machine.console()


def render_flags(render: Render) -> list[str]:
    line = next(line for line in render().environment.splitlines() if line.startswith("FLAGS"))
    return line.removeprefix("FLAGS=").strip("'").split()


def test_a_package_that_cannot_be_installed_ends_the_node(machine: Node, render: Render) -> None:
    machine.write("/opt/node/dnf.error", "No match for argument: mount-s3")
    start(machine, render(wait_seconds=3))
    wait_for("the node to go down", lambda: machine.is_off)
    assert "No match for argument: mount-s3" in machine.console()


@pytest.mark.parametrize("step", ["tar", *SYSTEMCTL, "dnf", "await", "xargs"])
def test_a_sigterm_in_any_step_of_the_boot_leaves_no_node_without_jars(
    machine: Node, render: Render, s3: S3Server, step: str
) -> None:
    """A script that cloud-init runs may be ended; cloud-init then goes on to kubelet."""
    machine.write("/opt/node/dnf.seconds", "1")
    machine.slow_down("tar", "xargs")
    if step in SYSTEMCTL:
        machine.slow_down("systemctl", when=step)
    s3.delay = lambda kind: 1.0 if step == "await" else 0.0
    start(machine, render())
    if step in SYSTEMCTL:
        pattern = ("pgrep", "--full", f"/usr/bin/systemctl {step}")
        wait_for(step, lambda: machine.result(*pattern).returncode == 0)
    else:
        wait_for(step, lambda: machine.has_process("mount-s3" if step == "await" else step))
    boot = machine.run("pgrep", "-f", "-o", "/opt/node/parts/0")
    machine.result("kill", "-TERM", boot)
    s3.delay = lambda kind: 0.0
    wait_for("an end", lambda: machine.is_off or machine.kubelet_runs())
    assert machine.is_off, "a boot script that was ended ends the node"
    assert "shutting it down" in machine.console()


def test_kubelet_stays_down_even_when_the_boot_script_is_killed(
    machine: Node, render: Render, s3: S3Server
) -> None:
    s3.stop()
    try:
        start(machine, render(wait_seconds=60))
        wait_for("the start", lambda: machine.has_process("mount-s3"))
        machine.result("pkill", "-KILL", "-f", "/opt/node/parts/0|spark-jars start")
        wait_for("nodeadm", lambda: machine.has_process("nodeadm"))
        time.sleep(3)
        assert not machine.kubelet_runs()
    finally:
        s3.start()
    wait_for("kubelet, now that the JARs answer", machine.kubelet_runs)


def test_after_a_reboot_kubelet_waits_for_the_jars_again(
    machine: Node, render: Render, s3: S3Server
) -> None:
    start(machine, render())
    wait_for("kubelet", machine.kubelet_runs)
    s3.stop()
    try:
        machine.reboot()
        time.sleep(4)
        assert not machine.kubelet_runs()
        assert not machine.healthy()
        # The link outlives the reboot, what it points to does not: a pod would wait.
        assert machine.result("test", "-d", PARENT).returncode != 0
    finally:
        s3.start()
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.run("cat", f"{PARENT}/jars/r1/release.json") == "{}"


def test_the_cache_moves_to_the_instance_store_once_there_is_one(
    machine: Node, render: Render
) -> None:
    machine.path("/opt/node/array").mkdir()
    start(machine, render())
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.run("cat", "/run/spark-jars/run").startswith("/var/cache/spark-jars/run.")
    machine.reboot()
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.run("cat", "/run/spark-jars/run").startswith("/mnt/k8s-disks/0/spark-jars/run.")
    caches = "ls -d /var/cache/spark-jars/run.* /mnt/k8s-disks/0/spark-jars/run.*"
    wait_for("the sweep", lambda: len(machine.shell(caches, check=False).split()) == 1)


def test_a_second_pool_mounts_its_own_bucket(machine: Node, render: Render) -> None:
    start(machine, render(bucket=OTHER_BUCKET))
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.run("cat", f"{PARENT}/jars/other/other.jar") == "other"
    assert machine.result("ls", f"{PARENT}/jars/r1").returncode != 0


def test_running_the_boot_script_twice_changes_nothing(machine: Node, render: Render) -> None:
    start(machine, render())
    wait_for("kubelet", machine.kubelet_runs)
    before = machine.main_pid()
    machine.run("/opt/node/parts/0")
    assert machine.main_pid() == before
    assert machine.healthy()
    assert len(machine.path("/opt/node/dnf.calls").read_text().splitlines()) == 1
