"""The set-up of a Python environment: it shows its steps, is repeated if incomplete, and runs one
at a time."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.plans import ROOT

PYTHON = """#!/bin/sh
# Stands in for Python and pip: writes down what it is asked for.
log="$SETUP_LOG"
case "$*" in
  "-m venv "*)
    for last in "$@"; do :; done
    mkdir -p "$last/bin"
    cp "$0" "$last/bin/python"
    cp "$0" "$last/bin/pip"
    case "$*" in *--clear*) rm -f "$last/installed"; echo "venv --clear" >> "$log" ;;
      *) echo venv >> "$log" ;; esac ;;
  "config get"*) exit 1 ;;
  install*)
    echo "install begins" >> "$log"
    echo "Collecting one==1.0"
    sleep "$SETUP_SECONDS"
    if [ -n "$SETUP_FAILS" ]; then echo "no such package"; exit 1; fi
    echo done > "$(dirname "$0")/../installed"
    echo "install ends" >> "$log" ;;
  *) echo "run $* [$PYTHONDONTWRITEBYTECODE]" >> "$log" ;;
esac
"""


class Setup:
    """A clone with stand-ins, and set-ups that run in it."""

    def __init__(self, root: Path) -> None:
        self.root, self.log = root, root / "log"
        self.folder = root / ".venv"
        (root / "dev" / "setup").mkdir(parents=True)
        shutil.copy(ROOT / "dev" / "setup" / "environment.py", root / "dev" / "setup")
        for path, text in ((root / "python", PYTHON), (root / "dev/setup/uv", "#!/bin/sh\nexit 1")):
            path.write_text(text)
            path.chmod(0o755)
        (root / "lock.txt").write_text(
            "one==1.0 \\\n    --hash=sha256:0\ntwo==2.0\n    # via one\n"
        )

    def start(self, seconds: float = 0, fails: bool = False) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHON": str(self.root / "python"),
            "SETUP_LOG": str(self.log),
            "SETUP_SECONDS": str(seconds),
            "SETUP_FAILS": "1" if fails else "",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "dev/setup/environment.py", ".venv", "lock.txt", "-m", "tool"]
        return subprocess.Popen(
            command, cwd=self.root, env=environment, stderr=subprocess.PIPE, text=True
        )

    def run(self, fails: bool = False) -> tuple[int, str]:
        process = self.start(fails=fails)
        _, said = process.communicate(timeout=60)
        return process.returncode, said

    def logged(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def wait_for(self, line: str) -> None:
        end = time.monotonic() + 60
        while line not in self.logged():
            assert time.monotonic() < end, self.logged()
            time.sleep(0.02)


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def test_each_step_is_a_plain_line_where_stderr_is_no_terminal(setup: Setup) -> None:
    code, said = setup.run()
    assert code == 0
    assert said.splitlines() == [
        "Setting up .venv: 1/3 Python environment ...",
        "Setting up .venv: 2/3 2 packages ...",
        "Setting up .venv: 3/3 compiling the modules in use ...",
    ]
    assert (setup.folder / ".ready").is_file()
    # The modules in use are compiled in any environment.
    assert setup.logged()[-1] == "run -m tool []"


def test_two_at_once_set_up_once_and_both_find_it_ready(setup: Setup) -> None:
    first = setup.start(seconds=1)
    setup.wait_for("install begins")
    second = setup.start()
    said = [process.communicate(timeout=60)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert setup.logged() == ["venv", "install begins", "install ends", "run -m tool []"]
    assert said[1] == "Waiting for another process that sets up .venv ...\n"
    assert (setup.folder / ".ready").is_file()


def test_one_that_is_killed_leaves_nothing_that_counts_as_ready(setup: Setup) -> None:
    first = setup.start(seconds=1)
    setup.wait_for("install begins")
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert first.stderr is not None
    first.stderr.close()
    assert not (setup.folder / ".ready").exists()
    # Child processes of the killed set-up still write to the folder, so the next one waits.
    code, said = setup.run()
    assert code == 0
    assert said.startswith("Waiting for another process that sets up .venv ...\n")
    assert setup.logged()[2:5] == ["install ends", "venv --clear", "install begins"]
    assert (setup.folder / ".ready").is_file() and (setup.folder / "installed").is_file()


def test_a_failure_shows_its_output_and_is_no_success_the_next_time(setup: Setup) -> None:
    code, said = setup.run(fails=True)
    assert code == 1
    assert said.endswith(
        "error: setting up .venv: pip failed:\nCollecting one==1.0\nno such package\n\n"
    )
    assert not (setup.folder / ".ready").exists()
    assert setup.run()[0] == 0
    assert "venv --clear" in setup.logged()


def test_a_set_up_that_is_done_is_done_again_for_another_lock_file_only(setup: Setup) -> None:
    setup.run()
    done = len(setup.logged())
    assert setup.run() == (0, "")
    assert len(setup.logged()) == done
    (setup.root / "lock.txt").write_text("one==1.1\n")
    assert "2/3 1 packages" in setup.run()[1]
    assert "venv --clear" not in setup.logged()
