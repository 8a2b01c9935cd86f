"""Processes in a pod of the stand-in for kubelet end with it, also those of another user."""

import secrets
import subprocess
from pathlib import Path

from tests.tiers.cluster.processes import wait_until
from tests.tiers.operator import container as shell
from tests.tiers.operator.pod_host import PodHost, script
from tests.tiers.operator.programs import Programs

_USER = 185
_SPEC = {"securityContext": {"runAsUser": _USER, "runAsGroup": _USER}}


def test_nothing_outlives_a_pod_that_is_killed(pod_host: PodHost, spark: Programs) -> None:
    word = secrets.token_hex(8)
    folder = pod_host.folder / word
    for one in shell.FOLDERS:
        (pod_host.seen(folder) / one).mkdir(parents=True)
    for one in ("hosts", "environment"):
        (pod_host.seen(folder) / one).touch()
    sleeps = {"command": ["sh", "-c", f"sleep 300; : {word}"]}
    lines = [*shell.root(folder, spark.spark_home), shell.start(folder, _SPEC, sleeps)]
    pod = subprocess.Popen(pod_host.inside("unshare", "--mount", *script(lines)))
    wait_until(lambda: bool(_processes(word)), "the pod runs")
    pod.kill()
    pod.wait()
    wait_until(lambda: not _processes(word), "all of it is gone", seconds=10)


def _processes(word: str) -> list[Path]:
    """Processes of the pod's user with this word on their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == _USER and word in (process / "cmdline").read_text():
                found.append(process)
        except OSError:
            continue
    return found
