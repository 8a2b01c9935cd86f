"""A container of Spark's image without Kubernetes: the same root as pods have, and a folder of
releases at /mnt/s3."""

import shutil
import subprocess
from pathlib import Path

from tests.tiers.operator import pod_files as shell
from tests.tiers.operator.pod_host import PodHost, script
from tests.tiers.operator.programs import Programs

_READ_ONLY = {"mountPath": "/mnt/s3", "readOnly": True, "mountPropagation": "HostToContainer"}


class Container:
    """Runs commands in the image, each in a mount namespace that ends with it. `folder` is seen as
    /given, where a command may write."""

    def __init__(self, host: PodHost, programs: Programs, mounted: Path, name: str) -> None:
        self._host, self._programs, self._mounted = host, programs, mounted
        self.folder = host.folder / name
        host.seen(self.folder).mkdir()
        self._runs = 0

    @property
    def given(self) -> Path:
        """The folder /given, as this process reaches it."""
        return self._host.seen(self.folder)

    def run(self, *command: str, seconds: int = 900) -> "subprocess.CompletedProcess[str]":
        """Runs a command as root; stdout and stderr are one."""
        self._runs += 1
        root = self._host.folder / f"{self.folder.name}.{self._runs}"
        for one in shell.FOLDERS:
            self._host.seen(root / one).mkdir(parents=True)
        variables = {
            "SPARK_HOME": shell.SPARK,
            "JAVA_HOME": str(self._programs.java_home),
            "PATH": "/usr/bin:/bin",
            "HOME": "/root",
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        self._host.seen(root / "environment").write_text(shell.exports(variables))
        self._host.seen(root / "hosts").write_text("127.0.0.1 localhost\n")
        lines = [
            *shell.root(root, self._programs.spark_home),
            # Its own processes: numbers are those of its own namespace.
            f"mount -t proc proc {root}/root/proc",
            *shell.mount(root, str(self._mounted), _READ_ONLY),
            *shell.mount(root, str(self.folder), {"mountPath": "/given"}),
            shell.command(root, {}, {"command": list(command)}),
        ]
        apart = ["unshare", "--uts", "--mount", "--propagation", "slave"]
        done = subprocess.run(
            self._host.inside(*apart, *script(lines)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        shutil.rmtree(self._host.seen(root))
        return done
