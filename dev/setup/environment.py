"""Creates a Python environment from a lock file: environment.py FOLDER LOCK_FILE [ARGUMENTS].

With ARGUMENTS of its Python, runs these once, so that the modules in use are compiled. Several
set-ups at once wait for each other. FOLDER/.ready is written last, so that an interrupted set-up
does not count as complete. Runs in any Python from 3.11 on, without a package. Reports on stderr.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
LOCKS = HERE.parents[1] / ".cache" / "locks"
_BUILDING = "building"
_EVERY_SECONDS = 15
"""How often a step reports where stderr is not a terminal."""


class Failed(Exception):
    """A command failed; the message has the end of its output."""


class Step:
    """One step's progress: a line that is rewritten on a terminal, plain lines elsewhere."""

    def __init__(self, text: str) -> None:
        self.detail = ""
        self._text = text
        self._begin = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._report, daemon=True)

    def __enter__(self) -> "Step":
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        if sys.stderr.isatty():
            self._write()
            sys.stderr.write("\n")

    def _report(self) -> None:
        while not self._over.wait(1 if sys.stderr.isatty() else _EVERY_SECONDS):
            self._write()

    def _write(self) -> None:
        seconds = int(time.monotonic() - self._begin)
        line = self._text + (f", {self.detail}" if self.detail else "")
        line += f" ({seconds} s)" if seconds else " ..."
        sys.stderr.write(f"\r\x1b[K{line}" if sys.stderr.isatty() else f"{line}\n")
        sys.stderr.flush()


class Builder:
    """Builds one environment; its commands hold the lock even if this process is killed."""

    def __init__(
        self, folder: Path, lock_file: Path, lock: IO[str], first_run: Sequence[str]
    ) -> None:
        self.folder, self.lock_file, self.lock = folder, lock_file, lock
        self.first_run = first_run
        self.python = os.environ.get("PYTHON") or sys.executable
        # Commands that follow find the bytecode of this set-up, so it is always written.
        self.environment = {**os.environ, "PYTHON": self.python}
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def build(self, clear: bool) -> None:
        """Creates the environment, installs the packages, and compiles the modules in use."""
        with self._step(1, "Python environment"):
            self._run([self.python, "-m", "venv", *(["--clear"] if clear else []), self.folder])
        count = len(re.findall(r"^[A-Za-z0-9]", self.lock_file.read_text(), re.MULTILINE))
        with self._step(2, f"{count} packages") as step:
            if not self._by_uv():
                self._by_pip(step, count)
        if self.first_run:
            with self._step(3, "compiling the modules in use"):
                # Its errors about the stack are reported by the command that the user runs.
                self._run([self._bin("python"), *self.first_run], accepts_failure=True)

    def _step(self, number: int, title: str) -> Step:
        steps = 3 if self.first_run else 2
        return Step(f"Setting up {self.folder}: {number}/{steps} {title}")

    def _by_uv(self) -> bool:
        """uv takes seconds where pip takes a minute, but does not read pip's settings: if it cannot
        reach the index with the settings passed here, pip installs."""
        try:
            index = os.environ.get("PIP_INDEX_URL") or self._output(
                [self._bin("pip"), "config", "get", "global.index-url"]
            )
            environment = {"UV_DEFAULT_INDEX": index, **self.environment}
            uv = self._output([HERE / "uv"]).splitlines()[-1]
            words = ["pip", "install", "--quiet", "--system-certs", "--require-hashes"]
            words += ["--python", str(self.folder), "--requirement", str(self.lock_file)]
            self._run([uv, *words], environment)
        except (Failed, IndexError, OSError):
            return False
        return True

    def _by_pip(self, step: Step, count: int) -> None:
        collected = 0

        def on_line(line: str) -> None:
            nonlocal collected
            collected += line.startswith("Collecting ")
            installing = line.startswith("Installing collected packages")
            step.detail = "installing" if installing else f"{collected} of {count} downloaded"

        words = ["install", "--disable-pip-version-check", "--progress-bar=off", "--no-compile"]
        words += ["--require-hashes", "--requirement", str(self.lock_file)]
        self._run([self._bin("pip"), *words], on_line=on_line)

    def _bin(self, name: str) -> Path:
        return self.folder / "bin" / name

    def _output(self, command: Sequence[str | Path]) -> str:
        lines: list[str] = []
        self._run(command, on_line=lines.append, accepts_failure=True)
        return "".join(lines).strip()

    def _run(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] = lambda line: None,
        accepts_failure: bool = False,
    ) -> None:
        lines: list[str] = []
        with subprocess.Popen(
            [str(word) for word in command],
            env=environment or self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=(self.lock.fileno(),),
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines = [*lines[-40:], line]
                on_line(line)
        if process.returncode and not accepts_failure:
            raise Failed(f"{Path(command[0]).name} failed:\n{''.join(lines)}")


@contextmanager
def locked(path: Path, folder: Path) -> Generator[IO[str]]:
    """Holds a lock on a file; the kernel releases it when the last process that holds it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"Waiting for another process that sets up {folder} ...\n")
            sys.stderr.flush()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def set_up(folder: Path, lock_file: Path, first_run: Sequence[str]) -> None:
    """Installs the packages of the lock file, unless they are installed. Raises Failed."""
    ready = folder / ".ready"
    wanted = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    name = str(folder).replace(os.sep, "-").strip(".-")
    with locked(LOCKS / f"{name}.lock", folder) as lock:
        if ready.is_file() and ready.read_text(encoding="utf-8") == wanted:
            os.utime(ready)
            return
        lock.seek(0)
        was_killed = lock.read() == _BUILDING
        lock.truncate(0)
        lock.write(_BUILDING)
        lock.flush()
        ready.unlink(missing_ok=True)
        Builder(folder, lock_file, lock, first_run).build(clear=was_killed)
        written = folder / f".ready.{os.getpid()}"
        written.write_text(wanted, encoding="utf-8")
        written.replace(ready)
        lock.truncate(0)


def main() -> None:
    """Sets up the environment of the command line. Exit code 1: a step failed."""
    folder, lock_file, *first_run = sys.argv[1:]
    try:
        set_up(Path(folder), Path(lock_file), first_run)
    except Failed as error:
        sys.exit(f"error: setting up {folder}: {error}")
    except KeyboardInterrupt:
        sys.exit(f"\nstopped; the next command sets up {folder} again")


if __name__ == "__main__":
    main()
