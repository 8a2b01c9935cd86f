"""The DaemonSet's pod on a node that runs already: what it puts there, says, and takes away.

The pod is its manifest's: the container's command, environment, rights and read-only root, in
mount and process namespaces of its own.
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.names import JARS_LABEL, NOT_MOUNTED_TAINT, SHARED_JARS
from tests.plans import named, plan_of
from tests.tiers.node.conftest import MANIFEST, Render
from tests.tiers.node.kube_api import TOKEN, KubeApi
from tests.tiers.node.node import MOUNT, PARENT, Node, wait_for
from tests.tiers.node.pods import Watch, job_pod
from tests.tiers.node.s3_server import S3Server
from userdata.render import watch_files

Watches = Callable[..., Watch]


@pytest.fixture
def watches(machine: Node, api: KubeApi, render: Render) -> Iterator[Watches]:
    """Starts pods of the DaemonSet on a machine that runs already, with the start-up taint."""
    api.taints = [
        {"key": "spark-on-eks/pool", "effect": "NoSchedule"},
        {"key": NOT_MOUNTED_TAINT, "effect": "NoSchedule"},
    ]
    machine.boot()
    daemonset = named(plan_of("existing"), "DaemonSet", "jar-mount-daemon").inputs
    pods: list[Watch] = []

    def start(**changes: Any) -> Watch:
        for key, text in watch_files(render(**changes)).items():
            machine.write(f"/opt/pod/files/{key}", text)
        machine.write("/opt/pod/account/ca.crt", api.certificate)
        machine.write("/opt/pod/account/token", TOKEN)
        pods.append(Watch(machine, api, daemonset["spec"]["template"]["spec"]))
        return pods[-1]

    yield start
    for pod in pods:
        pod.close()


@pytest.fixture
def pod(watches: Watches, api: KubeApi) -> Watch:
    """A pod of the DaemonSet, on a node that has its label."""
    started = watches()
    wait_for("the label", lambda: marked(api))
    return started


def marked(api: KubeApi) -> bool:
    return api.labels.get(JARS_LABEL) == SHARED_JARS


@pytest.mark.usefixtures("pod")
def test_a_new_node_loses_its_taint_when_the_jars_answer(api: KubeApi, machine: Node) -> None:
    wait_for("the taint", lambda: [taint["key"] for taint in api.taints] == ["spark-on-eks/pool"])
    assert machine.healthy()
    assert machine.run("ls", f"{PARENT}/jars/r1")
    assert api.refused == [], "it asks for nothing that it has no right to"
    assert machine.result("test", "-e", "/etc/systemd/system/kubelet.service.d").returncode != 0


@pytest.mark.usefixtures("pod")
def test_a_start_up_taint_that_karpenter_adds_at_registration_goes_too(api: KubeApi) -> None:
    """Karpenter 1.14.1 merges the start-up taints into the node when it registers it."""
    wait_for("the taint", lambda: len(api.taints) == 1)
    api.taints.append({"key": NOT_MOUNTED_TAINT, "effect": "NoSchedule"})
    wait_for("the taint", lambda: len(api.taints) == 1)


@pytest.mark.parametrize("status", [409, 500])
def test_a_start_up_taint_is_removed_after_an_error_of_the_api_server(
    watches: Watches, api: KubeApi, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    answer, errors = api.answer, iter([status] * 3)

    def fails(method: str, path: str, kind: str, body: Any) -> tuple[int, Any]:
        if kind == "application/json-patch+json" and (error := next(errors, None)):
            return error, {"kind": "Status", "code": error}
        return answer(method, path, kind, body)

    monkeypatch.setattr(api, "answer", fails)
    watches()
    wait_for("the taint", lambda: [taint["key"] for taint in api.taints] == ["spark-on-eks/pool"])
    assert marked(api)


def test_a_node_without_rights_keeps_its_taint(
    watches: Watches, api: KubeApi, machine: Node
) -> None:
    pod = watches(bucket="denied-jars", wait_seconds=3)
    wait_for("a try", lambda: "Access Denied" in machine.journal("spark-jars.service"))
    assert not marked(api)
    assert len(api.taints) == 2
    assert "does not answer" in pod.end()


def test_a_node_without_a_package_manager_is_not_changed_and_logs_the_reason(
    watches: Watches, api: KubeApi, machine: Node
) -> None:
    machine.path("/usr/bin/dnf").unlink()
    pod = watches()
    wait_for("the reason", lambda: "has no dnf: JARs cannot be mounted at node level" in pod.log())
    assert "use jarMount.level: pod" in pod.end()
    assert not machine.path("/usr/local/sbin/spark-jars").exists()
    assert not marked(api)
    assert len(api.taints) == 2


@pytest.mark.parametrize("step", ["cp", "dnf", "mount-s3", "python3"])
def test_a_pod_that_is_ended_in_any_step_leaves_what_the_next_one_completes(
    watches: Watches, api: KubeApi, machine: Node, s3: S3Server, step: str
) -> None:
    machine.write("/opt/node/dnf.seconds", "1")
    machine.slow_down("cp", "python3")
    with s3.slow(step == "mount-s3"):
        first = watches()
        wait_for(step, lambda: machine.has_process(step))
        first.end()
    second = watches()
    wait_for("the label", lambda: marked(api))
    assert machine.healthy()
    second.end()
    assert len(machine.path("/opt/node/dnf.calls").read_text().splitlines()) == 1


@pytest.mark.usefixtures("pod")
def test_the_files_are_those_of_user_data(machine: Node, render: Render) -> None:
    for file in render().files:
        assert machine.path(file.path).read_text() == file.content
        assert machine.path(file.path).stat().st_mode & 0o777 == file.mode


def test_the_mount_outlives_a_pod_that_is_deleted_or_killed(
    pod: Watch, watches: Watches, api: KubeApi, machine: Node
) -> None:
    serves = machine.main_pid()
    pod.end()
    assert marked(api)
    second = watches()
    wait_for("the pod", second.process)
    second.kill()
    assert machine.main_pid() == serves
    assert machine.healthy()


def test_an_upgrade_brings_new_files_and_leaves_the_mount_to_running_jobs(
    pod: Watch, watches: Watches, machine: Node
) -> None:
    with job_pod(machine) as read:
        serves = machine.main_pid()
        pod.end()
        new = watches(cache_mib=600)
        settings, refresh = "/etc/spark-jars/mount.env", "spark-jars-do@refresh"
        wait_for("new files", lambda: b"CACHE_MIB=600" in (machine.reads(settings) or b""))
        wait_for("the word", lambda: "once no pod has the JARs" in machine.journal(refresh))
        time.sleep(2)
        assert machine.main_pid() == serves
        assert read("jars/r1/release.json") == MANIFEST
    wait_for("the new settings", lambda: machine.main_pid() not in (0, serves))
    wait_for("the gate", machine.healthy)
    command = machine.live(f"/proc/{machine.main_pid()}/cmdline")
    assert b"--max-cache-size\x00120" in command.read_bytes()
    new.end()


def test_a_removal_takes_everything_away(
    pod: Watch, api: KubeApi, machine: Node, render: Render
) -> None:
    wait_for("the fill", lambda: "filled: r1" in machine.journal("spark-jars-do@start"))
    api.daemonset = None
    assert "removed from" in pod.end()
    assert not marked(api)
    for path in (*(file.path for file in render().files), PARENT, MOUNT, "/usr/bin/mount-s3"):
        assert not os.path.lexists(machine.live(path)), path
    assert not machine.has_process("mount-s3")
    # Where an installation writes; elsewhere may be checkouts of this project.
    find = "find /etc /mnt /run /usr /var -xdev -name '*spark-jars*'"
    assert machine.shell(find, check=False) == ""


def test_a_removal_waits_for_no_job_and_takes_no_jars_from_one(
    pod: Watch, api: KubeApi, machine: Node
) -> None:
    metadata = {"name": "spark-jars", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    with job_pod(machine) as read:
        api.daemonset = {"metadata": metadata}
        assert "in use" in pod.end()
        assert not marked(api), "no new pod comes"
        assert read("jars/r1/release.json") == MANIFEST
        assert machine.healthy()
    machine.run("/usr/local/sbin/spark-jars", "uninstall")
    assert not machine.live(PARENT).exists()


def test_without_the_api_server_nothing_is_removed(pod: Watch, api: KubeApi, machine: Node) -> None:
    api.available = False
    pod.end()
    assert machine.healthy()


@pytest.mark.usefixtures("pod")
def test_a_mount_that_dies_for_longer_takes_the_label_with_it(
    api: KubeApi, machine: Node, s3: S3Server
) -> None:
    with machine.replaced(), s3.down():
        machine.kill()
        wait_for("the label to go", lambda: not marked(api))
    wait_for("the label", lambda: marked(api))
