"""Measures a full cycle of the largest stack on the engine, and of no-op resources for comparison.

Up, a change of the mount level and back, destroy; the no-op program has the same number of
resources of a type that its provider accepts. CPU is measured apart: this process runs the program
and the fake providers, its child the engine.
"""

import os
import re
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.tiers.engine.faults import engines
from tests.tiers.engine.outcome import Outcome
from tests.tiers.engine.project import Project
from tests.tiers.engine.providers.base import Changes, Provider, State, changed_paths
from tests.tiers.engine.providers.cloud import Cloud
from tests.tiers.engine.seeds import account

STACK = "prod"
NODE = "jarMount={level: node, method: userdata}"
# System nodes run Bottlerocket, which works with both levels; Spark's nodes run AL2023.
POD = "jarMount={level: pod, cacheMiB: 20480}"


class Cost(NamedTuple):
    """One command: operations, seconds of wall time, seconds of CPU here and in the engine."""

    operations: int
    seconds: float
    here: float
    engine: float

    def __str__(self) -> str:
        rate = self.operations / self.seconds if self.operations else 0.0
        return (
            f"{self.operations:>6} {self.seconds:>8.1f} {self.here:>8.1f} {self.engine:>8.1f}"
            f" {rate:>8.0f}"
        )


class Noop(Provider):
    """A provider that accepts everything: the cost of the engine itself."""

    def check(
        self, token: str, urn: str, old: State, new: State, seed: bytes
    ) -> tuple[State, list[str]]:
        return new, []

    def diff(self, token: str, old: State, new: State) -> Changes:
        return Changes(changed_paths(old, new))

    def computed(self, token: str, inputs: State) -> Iterable[str]:
        return []

    def create(self, token: str, urn: str, inputs: State) -> tuple[str, State]:
        return urn, inputs


def main() -> None:
    """Prints a table of both cycles and the maximum memory of each process."""
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'':24}{'ops':>6} {'wall s':>8} {'here s':>8} {'engine s':>8} {'ops/s':>8}")
    resources = _platform()
    _noop(resources)
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory: {here:.0f} MB program and providers, {max(_ENGINE):.0f} MB engine")


def _platform() -> int:
    with tempfile.TemporaryDirectory() as folder:
        cloud = account()
        with Project(Path(folder), STACK, cloud, checkpoints=True) as project:
            project.change("cluster.deletionProtection=false")
            _tell("up", cloud, project.up)
            resources = len(cloud.operations)
            _tell("preview, no change", cloud, project.preview)
            for name, level in (("change to node level", NODE), ("change back", POD)):
                project.change(level)
                _tell(name, cloud, project.up)
            _tell("destroy", cloud, project.destroy)
    return resources


def _noop(resources: int) -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as program:
        text = (
            "import pulumi\n"
            f"for number in range({resources}):\n"
            "    pulumi.CustomResource('noop:index:Nothing', f'nothing-{number}', {'n': number})\n"
        )
        root, cloud = Path(program), Cloud()
        (root / "stacks").mkdir()
        (root / "Pulumi.yaml").write_text("name: noop\nruntime: python\nstackConfigDir: stacks\n")
        (root / "__main__.py").write_text(text)
        more = {"noop": Noop}
        with Project(Path(folder), "noop", cloud, root, checkpoints=True, more=more) as project:
            _tell("no-op: up", cloud, project.up)
            _tell("no-op: preview", cloud, project.preview)
            _tell("no-op: destroy", cloud, project.destroy)


def _tell(name: str, cloud: Cloud, command: Callable[[], Outcome]) -> None:
    done, start, before = len(cloud.operations), time.perf_counter(), _cpu()
    with _watched():
        command().ok()
    here, engine = (now - then for now, then in zip(_cpu(), before, strict=True))
    cost = Cost(len(cloud.operations) - done, time.perf_counter() - start, here, engine)
    print(f"{name:24}{cost}")


_ENGINE: list[float] = [0.0]
"""Samples of the engine's memory, in MB."""


@contextmanager
def _watched() -> Iterator[None]:
    """Samples the engine's memory until the block ends: the kernel's figure afterwards is that of
    the fork, which is this process'."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            _ENGINE.extend(memory_of_engine())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def memory_of_engine() -> Iterator[float]:
    """Peak memory of each running `pulumi` below this process, in MB."""
    for process in engines():
        with suppress(OSError):
            status = Path(f"/proc/{process}/status").read_text()
            # A process that just ended still has a status, without this line.
            for peak in re.findall(r"VmHWM:\s+(\d+)", status):
                yield int(peak) / 1024


def _cpu() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    here, engine = (one.ru_utime + one.ru_stime for one in used)
    return here, engine


if __name__ == "__main__":
    main()
