"""All processes of a run end with it."""

import os
import shutil
import signal
import subprocess
import sys
import time

from tests.tiers.cluster.processes import is_alive
from tests.tiers.cluster.programs import programs
from tests.tiers.programs import ROOT, or_skip

_RUN = """
import sys, time
from pathlib import Path
from tests.tiers.cluster.control_plane import ControlPlane
with ControlPlane(Path(sys.argv[1])) as running:
    print(running.folder, *(child.process.pid for child in running.children), flush=True)
    time.sleep(600)
"""


def test_a_killed_run_leaves_no_program_behind() -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", _RUN, or_skip(programs)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert run.stdout is not None
    with run.stdout:
        folder, *pids = run.stdout.readline().split()
    assert len(pids) == 4
    assert all(is_alive(int(pid)) for pid in pids)
    run.send_signal(signal.SIGKILL)
    run.wait()
    deadline = time.monotonic() + 10
    while alive := [pid for pid in pids if is_alive(int(pid))]:
        assert time.monotonic() < deadline, f"still there: {alive}"
        time.sleep(0.05)
    # Its data is in the system's folder for temporary files, which a killed run cannot empty.
    shutil.rmtree(folder)
