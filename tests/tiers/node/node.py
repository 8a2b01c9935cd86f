"""A node: a real systemd, booted by systemd-nspawn over a copy-on-write view of this machine.

Everything that a node mounts or starts lives in namespaces of processes that die with the test
run, so nothing is left behind, however the run ends.
"""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import dedent

from tests.tiers.cluster.processes import tree
from tests.tiers.node.image import PROGRAMS, STAND_IN, UNITS
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.programs import ROOT

MOUNT = "/run/spark-jars/parent/jars"
"""Where the JARs are mounted on a node."""
PARENT = "/mnt/spark-jars"
"""What pods get."""


def wait_for(what: str, met: Callable[[], object], seconds: float = 45) -> None:
    """Waits until `met` gives something true. Fails if it never does."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


class Node:
    """One machine. `boot` starts it, `close` ends it; its disk, in memory, lives until then."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._host = PodHost()
        folder = self._host.folder
        self._root = folder / "root"
        for name in ("root", "up", "work"):
            self._host.seen(folder / name).mkdir()
        options = f"lowerdir=/,upperdir={folder}/up,workdir={folder}/work"
        self._host.run("mount", "-t", "overlay", "-o", options, "node", self._root)
        self._console = self._host.seen(folder / "console")
        self._console.touch()
        self._machine: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self.closed = False
        self._furnish(environment)

    def _furnish(self, environment: dict[str, str]) -> None:
        for folder in ("/etc/systemd/system", "/lib/systemd/system"):
            for target in ("multi-user", "graphical", "timers", "sockets"):
                for unit in self.path(f"{folder}/{target}.target.wants").glob("*"):
                    unit.unlink()
        for name in ("machine-id", "fstab"):
            self.path(f"/etc/{name}").unlink(missing_ok=True)
        self.write("/etc/machine-id", secrets.token_hex(16) + "\n")
        for name, text in UNITS.items():
            self.write(f"/etc/systemd/system/{name}", dedent(text))
        for name in ("cloud-final", "nodeadm-run"):
            wants = self.path(f"/etc/systemd/system/multi-user.target.wants/{name}.service")
            wants.parent.mkdir(exist_ok=True)
            wants.symlink_to(f"/etc/systemd/system/{name}.service")
        for path, text in PROGRAMS.items():
            self.write(path, dedent(text), mode=0o755)
        self.path("/opt/node/parts").mkdir(parents=True)
        pairs = " ".join(f'"{name}={value}"' for name, value in environment.items())
        self.write(
            "/etc/systemd/system.conf.d/test.conf", f"[Manager]\nDefaultEnvironment={pairs}\n"
        )
        real = os.environ.get("MOUNT_S3")
        if real:
            shutil.copy(real, self.path("/opt/node/mount-s3"))
        else:
            path = str(Path(__file__).parent / "mount_s3.py")
            self.write("/opt/node/mount-s3", STAND_IN.format(python=sys.executable, path=path))
        self.path("/opt/node/mount-s3").chmod(0o755)

    def path(self, path: str) -> Path:
        """A path on the node's disk, as this machine sees it; what the node mounts is not there."""
        return Path(f"{self._host.seen(self._root)}{path}")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """A file on the node's disk."""
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def slow_down(self, *programs: str, when: str = "") -> None:
        """Lets programs take a second longer: with a word, only when it is the first argument."""
        for name in programs:
            real = self.path(f"/usr/bin/{name}")
            real.rename(real.with_name(f"{name}.real"))
            condition = f'[[ "$1" == {when} ]] &&' if when else ""
            script = f'#!/bin/bash\n{condition} sleep 1\nexec {name}.real "$@"\n'
            self.write(f"/usr/bin/{name}", script, 0o755)

    def boot(self) -> None:
        """Starts the machine; returns once its systemd answers."""
        command = self._host.inside(
            *("unshare", "--mount-proc", "systemd-nspawn", "--quiet", "--boot"),
            *(f"--directory={self._root}", "--bind=/dev/fuse", f"--bind-ro={ROOT}"),
            *("--register=no", "--keep-unit", "--console=read-only"),
            *(f"--machine=node-{secrets.token_hex(4)}", "systemd.unit=multi-user.target"),
            "systemd.show_status=no",
        )
        with self._console.open("a") as console:
            self._machine = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT
            )
        wait_for("the node's systemd", self._answers)

    def _answers(self) -> bool:
        if self._machine is None or self._machine.poll() is not None:
            raise AssertionError(f"the node did not boot: {self.console()}")
        for pid in tree(self._machine.pid):
            with suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                    self._leader = pid
                    state = self.run("systemctl", "is-system-running", check=False)
                    return state in ("initializing", "starting", "running", "degraded")
        return False

    def enter(self, *command: str) -> list[str]:
        """The command line that runs a command on the node."""
        inside = ["nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--pid"]
        return [*inside, f"--wdns={'/'}", *command]

    def run(self, *command: str, check: bool = True) -> str:
        """Runs a command on the node; its output. Fails the test on another exit than 0."""
        done = self.result(*command)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def result(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command on the node; any exit code is returned."""
        return subprocess.run(
            self.enter(*command), capture_output=True, text=True, timeout=60, check=False
        )

    def shell(self, script: str, check: bool = True) -> str:
        """Runs a bash script on the node."""
        return self.run("bash", "-euo", "pipefail", "-c", script, check=check)

    def live(self, path: str) -> Path:
        """A path on the running node, with all that it has mounted."""
        return Path(f"/proc/{self._leader}/root{path}")

    def reads(self, path: str) -> bytes | None:
        """The content of a file on the running node, or None when it cannot be read."""
        try:
            return self.live(path).read_bytes()
        except OSError:
            return None

    def healthy(self) -> bool:
        """Whether the script reports a working mount."""
        return self.result("/usr/local/sbin/spark-jars", "check").returncode == 0

    def kubelet_runs(self) -> bool:
        """Whether kubelet was started since the machine booted."""
        return self.reads("/run/kubelet-runs") is not None

    def has_process(self, name: str) -> bool:
        """Whether a process of this name runs on the node."""
        return not self.is_off and self.result("pgrep", "--exact", name).returncode == 0

    def journal(self, unit: str = "spark-jars.service") -> str:
        """A unit's lines."""
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}", check=False)

    def console(self) -> str:
        """The node's console output, which EC2 keeps."""
        return self._console.read_text(errors="replace")

    def main_pid(self) -> int:
        """The process of mount-s3, as the node numbers it; 0 when there is none."""
        return int(self.run("systemctl", "show", "--property=MainPID", "--value", "spark-jars"))

    def kill(self, signal_name: str = "KILL") -> None:
        """Sends mount-s3 a signal."""
        self.run("kill", f"-{signal_name}", str(self.main_pid()))

    @contextmanager
    def replaced(self, seconds: float = 45) -> Iterator[None]:
        """Waits after the block until another process serves the mount, and pods may have it."""
        before = self.main_pid()
        yield
        wait_for("another process", lambda: self.main_pid() not in (0, before), seconds)
        wait_for("the gate", self.healthy)

    @property
    def is_off(self) -> bool:
        """Whether the machine went down by itself."""
        return self._machine is None or self._machine.poll() is not None

    def reboot(self) -> None:
        """Shuts down in order, then boots from the same disk."""
        self.result("systemctl", "poweroff")
        wait_for("the node's shutdown", lambda: self.is_off, 30)
        self.boot()

    def close(self) -> None:
        """Ends the machine and frees its disk."""
        self.closed = True
        if self._machine is not None and self._machine.poll() is None:
            self._machine.kill()
            self._machine.wait(20)
        self._host.close()
