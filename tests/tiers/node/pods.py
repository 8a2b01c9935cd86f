"""Pods on a node: a job with the JARs as a volume, and the DaemonSet's."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.tiers.node.kube_api import KubeApi
from tests.tiers.node.node import PARENT, Node, wait_for

NODE_NAME = "ip-10-0-0-1.us-west-2.compute.internal"

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


class JobPod:
    """A process in a mount namespace of its own that has the parent as a volume."""

    def __init__(self, node: Node, propagation: str = "rslave") -> None:
        script = (
            f"mkdir --parents /mnt/s3 && mount --rbind $(realpath {PARENT}) /mnt/s3 && "
            f"mount --make-{propagation} /mnt/s3 && echo ready && exec sleep infinity"
        )
        command = node.enter("unshare", "--mount", "--propagation", "slave", "bash", "-ec", script)
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        self._pid = self._innermost(self._process.pid)

    @staticmethod
    def _innermost(pid: int) -> int:
        while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            pid = int(children[0])
        return pid

    def reads(self, path: str) -> bytes | None:
        try:
            return Path(f"/proc/{self._pid}/root/mnt/s3/{path}").read_bytes()
        except OSError:
            return None

    def end(self) -> None:
        os.kill(self._pid, 9)
        self._process.communicate()


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

    def _descendants(self) -> list[int]:
        found = [self._process.pid]
        for pid in found:
            with suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
                found += [int(child) for child in children.split()]
        return found

    def process(self) -> int | None:
        """The shell that runs watch.sh."""
        for pid in self._descendants():
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if line[:2] == [b"/bin/bash", b"/files/watch.sh"]:
                return pid
        return None

    def end(self) -> str:
        """Ends it as kubelet does; fails if it does not end in the time that it has. Its log."""
        wait_for("the pod's process", self.process)
        pid, all_of_it = self.process(), self._descendants()
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        self._process.wait(25)
        for one in all_of_it:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        return self.log()

    def kill(self) -> None:
        """Ends it without a chance to do anything."""
        if self._process.poll() is None:
            for pid in reversed(self._descendants()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait(5)

    def close(self) -> None:
        """Forgets its log."""
        self._log.close()
