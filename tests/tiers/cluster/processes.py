"""Child processes that end with this one in any case."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_STOP_SECONDS = 10


@dataclass
class Child:
    """A running program and the file that its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Ends the program and its whole process group, with SIGKILL if necessary."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def tail(self) -> str:
        """The last lines of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


def start(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> Child:
    """Starts a program in its own process group; the kernel kills it when this process dies.

    `environment` is added to this process' own. A killed pytest runs no clean-up, so the kernel
    does it. It watches the thread that starts the child: start children from the main thread.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    return Child(Path(command[0]).name, process, log)


def wait_until(
    ready: Callable[[], bool], what: str, child: Child | None = None, seconds: float = 60
) -> None:
    """Waits until `ready`.

    Raises RuntimeError when the child ends before, TimeoutError after `seconds`; both show the
    end of the child's log.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        said = f"\n{child.tail()}" if child else ""
        if child and child.process.poll() is not None:
            raise RuntimeError(f"{child.name} ended with {child.process.returncode}{said}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s{said}")
        time.sleep(0.1)


def tree(pid: int) -> Iterator[int]:
    """A process and all its descendants, each after its parent."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from tree(int(child))
