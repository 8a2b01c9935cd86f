"""The end of a mount: a node shuts down under its pods, or the mount is removed from it."""

import pytest

from tests.tiers.node.conftest import METRICS, RELEASE, Render, make_ready
from tests.tiers.node.node import MOUNT, PARENT, Node, wait_for
from tests.tiers.node.s3_server import S3Server

POD = f"""#!/bin/bash
# A pod that reads its JARs until its grace is over: 3 s after SIGTERM.
trap 'end=$((SECONDS + 3)); echo TERM >>/opt/node/reads' TERM
end=100000
while ((SECONDS < end)); do
  bytes="$(cat {PARENT}/jars/r1/jar-0.jar 2>/dev/null | wc --bytes)"
  if [[ "$bytes" == {len(RELEASE["jar-0.jar"])} ]]; then
    echo read >>/opt/node/reads
  else
    echo failed >>/opt/node/reads
  fi
  sleep 0.1
done
"""
IN_A_SLICE = (
    *("systemd-run", "--quiet", "--unit=cri-containerd-1", "--slice=kubepods-burstable.slice"),
    *("--property=TimeoutStopSec=30", "--property=KillMode=mixed", "/opt/node/pod"),
)
"""A container as kubelet's systemd cgroup driver starts it, below kubepods.slice."""


def test_at_a_shutdown_pods_have_their_jars_until_they_end(booted: Node) -> None:
    booted.write("/opt/node/pod", POD, 0o755)
    booted.run(*IN_A_SLICE)
    reads = booted.path("/opt/node/reads")
    wait_for("a read", lambda: reads.exists() and "read" in reads.read_text())
    order = ("systemctl", "is-active", "spark-jars-pods.target")
    wait_for("the order", lambda: booted.result(*order).returncode == 0)
    booted.result("systemctl", "poweroff")
    wait_for("the shutdown", lambda: booted.is_off, 30)
    before, _, after = reads.read_text().partition("TERM\n")
    assert "failed" not in before
    assert len(after.split()) > 5, "it ran for its grace"
    assert set(after.split()) == {"read"}


def test_after_a_reboot_without_jars_other_pods_start_on_a_node_of_the_daemonset(
    booted: Node, s3: S3Server
) -> None:
    """kubelet has no gate there: the order of the units delays no other pod."""
    booted.path("/etc/systemd/system/kubelet.service.d/10-spark-jars.conf").unlink()
    booted.write("/opt/node/pod", "#!/bin/bash\ntouch /run/pod-runs\n", 0o755)
    with s3.down():
        booted.reboot()
        wait_for("the start", lambda: booted.has_process("mount-s3"))
        booted.run(*IN_A_SLICE)
        wait_for("the pod", lambda: booted.reads("/run/pod-runs") is not None, 10)
        assert not booted.healthy()


@pytest.mark.parametrize("array", [True, False], ids=["with an array", "without"])
def test_a_removal_from_a_node_of_user_data_leaves_a_kubelet_that_starts(
    machine: Node, render: Render, array: bool
) -> None:
    if array:
        machine.path("/opt/node/array").mkdir()
    make_ready(machine, render())
    if array:
        machine.reboot()
        wait_for("kubelet", machine.kubelet_runs)
    # A reboot after it was fenced would leave this.
    machine.shell("touch /etc/spark-jars/fenced")
    machine.run("/usr/local/sbin/spark-jars", "uninstall")
    for path in (*(file.path for file in render().files), PARENT, MOUNT, METRICS):
        assert not machine.live(path).exists(), path
    find = "find /etc /mnt /run /usr /var -xdev -name '*spark-jars*'; ls /mnt/k8s-disks/0 || true"
    assert machine.shell(find, check=False) == ""
    machine.run("systemctl", "restart", "kubelet.service")
    machine.reboot()
    wait_for("kubelet", machine.kubelet_runs)
