"""A folder tree that pods or a node see and this machine does not: mounts in a namespace of their
own."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.tiers.cluster.processes import wait_until

_SCRIPT = 'mount -t tmpfs -o size=12G pods "$0" && touch "$0/ready" && exec sleep infinity'


class PodHost:
    """A mount namespace with a disk in memory at `folder`; all of it ends with this process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="spark-on-eks-pods-"))
        self._holder = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL"),
                *("unshare", "--mount", "--propagation", "private"),
                *("sh", "-c", _SCRIPT, str(self.folder)),
            ]
        )
        wait_until((self.seen(self.folder) / "ready").exists, "the pods' disk")
        self.empty = self.folder / "empty"
        """For volumes of JARs that nothing is mounted on."""
        self.seen(self.empty).mkdir()

    def seen(self, path: Path) -> Path:
        """A path of the namespace, as this process reaches it."""
        return Path(f"/proc/{self._holder.pid}/root{path}")

    def inside(self, *command: str | Path) -> list[str]:
        """The command line that runs a command there, in a process tree that ends with it."""
        enter = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", f"--wdns={'/'}"]
        own = ["unshare", "--pid", "--fork", "--kill-child"]
        return ["setpriv", "--pdeathsig", "KILL", *enter, *own, *map(str, command)]

    def run(self, *command: str | Path) -> str:
        """Runs a command there; its output. Raises CalledProcessError."""
        done = subprocess.run(self.inside(*command), capture_output=True, text=True, check=True)
        return done.stdout

    def close(self) -> None:
        """Ends the namespace, its mounts, and the disk."""
        self._holder.kill()
        self._holder.wait()
        self.folder.rmdir()


def script(lines: Sequence[str]) -> list[str]:
    """A shell's command line for several lines, which ends at the first that fails."""
    return ["sh", "-euc", "\n".join(lines)]
