"""Pods on a node: a job with the JARs as a volume, and the DaemonSet's."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.tiers.cluster.processes import tree
from tests.tiers.node.kube_api import NODE_NAME, KubeApi
from tests.tiers.node.node import PARENT, Node, wait_for

_POD = """
mkdir --parents /pod
mount -t tmpfs pod /pod
mkdir --parents /pod/usr /pod/proc /pod/dev /pod/host /pod/files /pod/etc
mkdir --parents /pod/var/run/secrets/kubernetes.io/serviceaccount
ln -s usr/bin /pod/bin; ln -s usr/sbin /pod/sbin; ln -s usr/lib /pod/lib; ln -s usr/lib64 /pod/lib64
mount --bind /usr /pod/usr
mount -t proc proc /pod/proc
mount --bind /dev /pod/dev
mount --bind /opt/pod/account /pod/var/run/secrets/kubernetes.io/serviceaccount
mount --bind /opt/pod/files /pod/files
mount --rbind / /pod/host
mount --make-rslave /pod/host
mount -o remount,ro,bind /pod
exec chroot /pod setpriv --bounding-set="$CAPABILITIES" --inh-caps=-all --no-new-privs "$@"
"""


@contextmanager
def job_pod(node: Node) -> Iterator[Callable[[str], bytes | None]]:
    """Runs a process with the parent as a volume, in a mount namespace of its own, for the block.

    Gives a function that reads a file of the volume: its content, or None when it cannot be read.
    """
    script = (
        f"mkdir --parents /mnt/s3 && mount --rbind $(realpath {PARENT}) /mnt/s3 && "
        "mount --make-rslave /mnt/s3 && echo ready && exec sleep infinity"
    )
    command = node.enter("unshare", "--mount", "--propagation", "slave", "bash", "-ec", script)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    *_, pid = tree(process.pid)

    def read(path: str) -> bytes | None:
        with suppress(OSError):
            return Path(f"/proc/{pid}/root/mnt/s3/{path}").read_bytes()
        return None

    try:
        yield read
    finally:
        os.kill(pid, signal.SIGKILL)
        process.communicate()


class Watch:
    """A pod of the DaemonSet."""

    def __init__(self, node: Node, api: KubeApi, template: Mapping[str, Any]) -> None:
        (container,) = template["containers"]
        context = container["securityContext"]
        assert context["capabilities"]["drop"] == ["ALL"]
        added = [f"+{name.lower()}" for name in context["capabilities"]["add"]]
        environment = {
            **{one["name"]: one["value"] for one in container["env"] if "value" in one},
            "CAPABILITIES": ",".join(["-all", *added]),
            "NODE_NAME": NODE_NAME,
            "CHECK_SECONDS": "1",
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(api.port),
            "PATH": "/usr/sbin:/usr/bin",
        }
        pairs = [f"{key}={value}" for key, value in environment.items()]
        inside = ["unshare", "--mount", "--propagation", "slave", "--fork", "--kill-child"]
        if not template.get("hostPID"):
            inside.append("--pid")
        command = ["env", "-i", *pairs, *inside, "bash", "-euc", _POD, "pod", *container["command"]]
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            node.enter(*command), stdout=self._log, stderr=subprocess.STDOUT
        )

    def log(self) -> str:
        """What it wrote so far."""
        self._log.seek(0)
        return self._log.read()

    def process(self) -> int | None:
        """The shell that runs watch.sh."""
        for pid in tree(self._process.pid):
            with suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if line[:2] == [b"/bin/bash", b"/files/watch.sh"]:
                    return pid
        return None

    def end(self) -> str:
        """Ends it as kubelet does; fails if it does not end in the time that it has. Its log."""
        wait_for("the pod's process", self.process)
        pid, all_of_it = self.process(), list(tree(self._process.pid))
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        self._process.wait(25)
        _kill(all_of_it)
        return self.log()

    def kill(self) -> None:
        """Ends it without a chance to do anything."""
        if self._process.poll() is None:
            _kill(list(tree(self._process.pid)))
            self._process.wait(5)

    def close(self) -> None:
        """Ends it, and shows its log with a test that fails."""
        self.kill()
        print(self.log())
        self._log.close()


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
