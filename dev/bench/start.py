"""How long an executor takes to start, with and without a class-data archive:

    python -m dev.bench.start [--rounds 3] [--executors 1,8] [--places disk,copy,mount] [--levers]

Real executors (CoarseGrainedExecutorBackend) and a real driver, in a container of Spark's image.
The release is on a disk in memory, in a node's copy on that disk, or read through a mount of S3
whose cache is empty; S3 is on loopback and waits as S3 does. Cases alternate in one run; trust
ratios, not seconds. Needs root, Java 17 and Spark, as `make test-operator` does. Without MOUNT_S3
the mount is the tests' stand-in: trust its requests only.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from dev.bench.mount.mounts import BUCKET, JarServer, filler
from ops.jobs.archive import VERIFY, options_for
from ops.plan.archives import ARCHIVE, DESCRIPTION, FOLDER, Archive, mounted_archive
from ops.publish import train
from tests.tiers.node.s3_server import JARS_PREFIX
from tests.tiers.operator.container import Container
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import spark_alone
from tests.tiers.operator.published import mounted
from tests.tiers.programs import ROOT

RELEASE, IMAGE = "bench", f"spark:bench@sha256:{'0' * 64}"
_JARS = ("hadoop-aws-3.4.1.jar", "bundle-2.24.6.jar")
_MEASURES = ("knownCpu", "knownSeconds", "taskCpu", "taskSeconds", "pssMiB")
_LEVERS = {
    "verified": [VERIFY],
    "at a random address": ["-XX:ArchiveRelocationMode=1"],
    "C1 only": ["-XX:TieredStopAtLevel=1"],
    "serial GC": ["-XX:+UseSerialGC"],
    "IPv4 only": ["-Djava.net.preferIPv4Stack=true"],
    "no performance data": ["-XX:-UsePerfData"],
    "fewer threads of Netty": [
        "-Dio.netty.eventLoopThreads=2",
        "-Dio.netty.allocator.numDirectArenas=2",
    ],
    "compiled as by default": [
        "-XX:Tier3InvocationThreshold=200",
        "-XX:Tier3MinInvocationThreshold=100",
        "-XX:Tier3CompileThreshold=2000",
        "-XX:Tier4InvocationThreshold=5000",
        "-XX:Tier4MinInvocationThreshold=600",
        "-XX:Tier4CompileThreshold=15000",
    ],
}
_Case = tuple[str, list[str], int]


class Bench:
    """The release in S3, on a disk and in a node's copy, with its archive."""

    def __init__(self, host: PodHost, server: JarServer, jars: Sequence[Path]) -> None:
        self._host, self._server, self._programs = host, server, spark_alone()
        self._disk = host.folder / "disk"
        own = host.seen(self._disk) / "jars" / RELEASE
        own.mkdir(parents=True)
        listed = server.client.list_objects_v2(Bucket=BUCKET, Prefix=JARS_PREFIX)["Contents"]
        times = {one["Key"].rpartition("/")[2]: one["LastModified"].timestamp() for one in listed}
        for jar in jars:
            shutil.copy(jar, own)
            os.utime(own / jar.name, (times[jar.name], times[jar.name]))
        manifest = f"{JARS_PREFIX}{RELEASE}/release.json"
        text = server.client.get_object(Bucket=BUCKET, Key=manifest)["Body"].read()
        (own / "release.json").write_bytes(text)
        self._containers = {"disk": self._container("disk", self._disk)}
        self.archive = self._trained(own)

    def _container(self, place: str, folder: Path) -> Container:
        made = Container(self._host, self._programs, folder, f"given-{place}")
        shutil.copy(Path(__file__).with_name("start_driver.py"), made.given / "driver.py")
        return made

    def _trained(self, own: Path) -> Archive:
        container = self._containers["disk"]
        shutil.copy(Path(train.__file__), container.given)
        python = str(self._programs.python)
        done = container.run(python, "/given/train.py", RELEASE, IMAGE, "/given", seconds=3600)
        if done.returncode:
            sys.exit(done.stdout[-5000:])
        archive = Archive.from_json((container.given / DESCRIPTION).read_bytes(), DESCRIPTION)
        for name in (ARCHIVE, DESCRIPTION):
            file = container.given / name
            self._server.add(f"{RELEASE}/{FOLDER}/{archive.arch}/{name}", file)
        shutil.copy(container.given / ARCHIVE, own)
        return archive

    @contextmanager
    def _mounted(self) -> Iterator[Path]:
        self._host.run("rm", "-rf", self._host.folder / "cache")
        with mounted(self._server, self._host, BUCKET) as parent:
            yield parent

    @contextmanager
    def copied(self) -> Iterator[None]:
        """A node's copy over the release of a mount, for the block."""
        with self._mounted() as parent:
            state, copies = (self._host.folder / name for name in ("state", "copies"))
            self._host.run("mkdir", "--parents", state / "base", copies)
            self._host.run("ln", "--symbolic", parent / "jars", state / "s3")
            (self._host.seen(state) / "run").write_text("run.1")
            said = self._host.run(*filler(state, copies))
            if "filled: the archive" not in said:
                sys.exit(said)
            shown = parent / "jars" / RELEASE
            self._host.run("mount", "--bind", copies / RELEASE, shown)
            self._containers["copy"] = self._container("copy", parent)
            try:
                yield
            finally:
                self._host.run("umount", shown)

    def measure(self, place: str, cases: Sequence[_Case]) -> Iterator[dict[str, Any]]:
        """Each case once, with the requests to S3 and the MB that they brought."""
        if place != "mount":
            yield from self._measure(self._containers[place], place, cases)
            return
        for case in cases:
            with self._mounted() as parent:
                container = self._containers.get("mount") or self._container("mount", parent)
                self._containers["mount"] = container
                yield from self._measure(container, place, [case])

    def _measure(
        self, container: Container, place: str, cases: Sequence[_Case]
    ) -> Iterator[dict[str, Any]]:
        self._server.clear()
        words = [json.dumps(cases), ":".join(self.archive.class_path), "1"]
        python = str(self._programs.python)
        done = container.run(python, "/given/driver.py", *words, seconds=7200)
        if done.returncode:
            sys.exit(done.stdout[-5000:])
        requests = {"requests": len(self._server.requests), "MB": round(self._server.sent / 1e6)}
        for line in (container.given / "measured").read_text().splitlines():
            yield {**json.loads(line), "place": place, **requests}

    def cases(self, place: str, executors: int, *, levers: bool) -> Iterator[_Case]:
        """Name, options of the executor's JVM and number of executors of each case."""
        beside = mounted_archive(RELEASE, self.archive.arch if place == "mount" else None)
        with_archive = [f"-XX:SharedArchiveFile={beside}", *options_for(beside)]
        yield f"{place}, no archive", [], executors
        yield f"{place}, archive", with_archive, executors
        if levers and place == "disk":
            for name, options in _LEVERS.items():
                yield f"archive, {name}", [*with_archive, *options], executors


def main() -> None:
    """Prints a table: medians of each case, and each as a ratio to the first."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench.start")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--executors", default="1,8", help="how many at once, by comma")
    parser.add_argument("--places", default="disk,copy", help="disk, copy, mount, by comma")
    parser.add_argument("--levers", action="store_true", help="other options, too")
    given = parser.parse_args()
    found = [next((ROOT / ".cache" / "jars").rglob(name), None) for name in _JARS]
    jars = [jar for jar in found if jar]
    if len(jars) < len(_JARS):
        sys.exit(f"{', '.join(_JARS)} are not in .cache/jars; make publish-jars downloads them")
    host, server = PodHost(), JarServer(jars, RELEASE)
    at_once = [int(one) for one in given.executors.split(",")]
    measured: list[dict[str, Any]] = []
    try:
        bench, places = Bench(host, server, jars), given.places.split(",")
        # The copy's mount stays; one whose cache is empty is made for each case.
        with bench.copied() if "copy" in places else nullcontext():
            for place in [one for one in places if one != "mount"] * given.rounds:
                for number in at_once:
                    cases = list(bench.cases(place, number, levers=given.levers))
                    measured += bench.measure(place, cases)
        for number in at_once if "mount" in places else ():
            for _ in range(given.rounds):
                measured += bench.measure("mount", list(bench.cases("mount", number, levers=False)))
        _print(measured, at_once)
    finally:
        server.close()
        host.close()


def _print(measured: Sequence[dict[str, Any]], at_once: Sequence[int]) -> None:
    for executors in at_once:
        rows = [one for one in measured if one["executors"] == executors]
        names = dict.fromkeys(one["name"] for one in rows)
        first: list[float] = []
        sys.stdout.write(f"\n{executors} at once: | {' | '.join(_MEASURES)} | requests | MB\n")
        for name in names:
            of_case = [one for one in rows if one["name"] == name]
            values = [statistics.median(one[m] for one in of_case) for m in _MEASURES]
            first = first or values
            cells = [f"{v:.2f} ({v / f:.2f})" for v, f in zip(values, first, strict=True)]
            cells += [str(statistics.median(one[m] for one in of_case)) for m in ("requests", "MB")]
            sys.stdout.write(f"{name} | {' | '.join(cells)}\n")


if __name__ == "__main__":
    main()
