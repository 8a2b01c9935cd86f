"""JVM start over a class path of JARs in S3: `python -m dev.bench.mount --jars DIR`.

The S3 API is on loopback and waits as S3 does (15 ms for HEAD and LIST, 25 ms for the first byte of
GET), so requests and bytes carry over to S3 and seconds depend on those waits. With MOUNT_S3 the
real binary mounts; without it the tests' stand-in, whose seconds are not comparable: the table
names the program.
"""

import argparse
import os
import platform
import random
import resource
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dev.bench.mount.mounts import JarServer, copied, copy, fill, mounted, program

CLASSES = 2000


@dataclass(frozen=True)
class Start:
    """Seconds that JVMs took to start: of the clock, and of the processor, all of them together."""

    seconds: float
    processor: float

    def later(self, seconds: float) -> "Start":
        """The same, begun earlier."""
        return Start(self.seconds + seconds, self.processor)


def load(folders: Sequence[Path], names: Sequence[str], classes: Path) -> Start:
    """Starts one JVM in each folder, all at once."""
    begin, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    running = []
    for folder in folders:
        path = ":".join([str(classes), *(str(folder / name) for name in names)])
        command = ["java", "-Xmx512m", "-cp", path, "Load", str(classes / "names")]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    codes = [process.wait() for process in running]
    if any(codes):
        raise SystemExit("a JVM did not find its classes")
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime
    return Start(time.monotonic() - begin, processor)


def choose(jars: Sequence[Path]) -> list[str]:
    """Names of classes drawn from all JARs, the same ones in every run: the worst locality."""
    names = []
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            names += [
                entry.removesuffix(".class").replace("/", ".")
                for entry in archive.namelist()
                if entry.endswith(".class") and "$" not in entry and "META-INF" not in entry
            ]
    return random.Random(7).sample([name for name in names if "-" not in name], CLASSES)


class Cases:
    """The ways to read the JARs; each returns what a number of JVMs took that start at
    once.

    Cases with "first" count only the requests of the start.
    """

    def __init__(self, server: JarServer, jars: Path, names: Sequence[str], classes: Path) -> None:
        self._server, self._jars, self._names, self._classes = server, jars, names, classes
        self.all: dict[str, Callable[[int], Start]] = {
            "local disk": self._local,
            "copied by the node": self._by_the_node,
            "one mount, read whole first": self._filled,
            "one mount, warmed by an earlier JVM": self._warmed,
            "one mount, cold": self._cold,
            "one mount, cold; each reads all JARs, then starts": self._read_by_each,
            "one mount per JVM, cold": self._mount_each,
            "copy first": self._copied,
        }

    def choose(self, parts: Sequence[str]) -> None:
        """Keeps the cases whose names contain one of the parts."""
        kept = {case for case in self.all if any(part in case for part in parts)}
        self.all = {case: run for case, run in self.all.items() if case in kept}

    def _load(self, folders: Sequence[Path]) -> Start:
        return load(folders, self._names, self._classes)

    def _local(self, count: int) -> Start:
        return self._load([self._jars.resolve()] * count)

    def _with_mount(self, count: int, before: Callable[[Path], object]) -> Start:
        with tempfile.TemporaryDirectory() as folder, mounted(self._server, Path(folder)) as jars:
            before(jars)
            return self._load([jars] * count)

    def _cold(self, count: int) -> Start:
        return self._with_mount(count, lambda jars: None)

    def _by_the_node(self, count: int) -> Start:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            jars = stack.enter_context(mounted(self._server, folder))
            stack.enter_context(copied(jars, folder))
            self._server.clear()
            return self._load([jars] * count)

    def _filled(self, count: int) -> Start:
        def before(jars: Path) -> None:
            fill(jars, self._names)
            self._server.clear()

        return self._with_mount(count, before)

    def _warmed(self, count: int) -> Start:
        def before(jars: Path) -> None:
            self._load([jars])
            self._server.clear()

        return self._with_mount(count, before)

    def _read_by_each(self, count: int) -> Start:
        reading = 0.0

        def before(jars: Path) -> None:
            nonlocal reading
            begin = time.monotonic()
            with ThreadPoolExecutor(count) as pool:
                list(pool.map(lambda _: fill(jars, self._names), range(count)))
            reading = time.monotonic() - begin

        return self._with_mount(count, before).later(reading)

    def _mount_each(self, count: int) -> Start:
        with ExitStack() as stack:
            folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(count)]
            return self._load(
                [stack.enter_context(mounted(self._server, Path(folder))) for folder in folders]
            )

    def _copied(self, count: int) -> Start:
        with ExitStack() as stack, ThreadPoolExecutor(count) as pool:
            folders = [
                Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(count)
            ]
            begin = time.monotonic()
            list(pool.map(lambda folder: copy(self._server, self._names, folder), folders))
            copying = time.monotonic() - begin
            return self._load(folders).later(copying)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jars", type=Path, default=Path(".cache/bench/jars"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--cases", nargs="+", help="some of the table's rows, by a part of the name"
    )
    parser.add_argument("--jvms", type=int, nargs="+", default=[1, 4, 8])
    given = parser.parse_args()
    jars = sorted(given.jars.glob("*.jar"))
    if not jars:
        raise SystemExit(f"no JARs in {given.jars}; docs/node-mount-bench.md lists the table's")
    print(_heading(jars, given.runs))
    server = JarServer(jars)
    try:
        with tempfile.TemporaryDirectory(prefix="spark-bench-") as folder:
            subprocess.run(
                ["javac", "-d", folder, Path(__file__).with_name("Load.java")], check=True
            )
            Path(folder, "names").write_text("\n".join(choose(jars)))
            names = [jar.name for jar in jars]
            cases = Cases(server, given.jars, names, Path(folder))
            cases.choose(given.cases or [""])
            measure(server, cases, given)
    finally:
        server.close()


def _heading(jars: Sequence[Path], runs: int) -> str:
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    size = sum(jar.stat().st_size for jar in jars) / 1e6
    return (
        f"mount: {program()}; {len(jars)} JARs, {size:.0f} MB; {CLASSES} classes; {runs} runs; "
        f"{java.splitlines()[0]}; Python {platform.python_version()}; {os.cpu_count()} CPUs, "
        f"load {os.getloadavg()[0]:.0f} at the start"
    )


def measure(server: JarServer, cases: Cases, given: argparse.Namespace) -> None:
    """Prints the table, a row a case and number of JVMs; the cases take turns."""
    print(
        "| case | JVMs | seconds, min / median / max | CPU s, median | GET | MB | HEAD and LIST |"
    )
    print("|---|---|---|---|---|---|---|")
    for count in given.jvms:
        starts: dict[str, list[Start]] = {case: [] for case in cases.all}
        counts = {}
        for _ in range(given.runs):
            for case, run in cases.all.items():
                server.clear()
                starts[case].append(run(count))
                others = server.count("HeadObject") + server.count("ListObjectsV2")
                counts[case] = f"{server.count('GetObject')} | {server.sent / 1e6:.0f} | {others}"
        for case, all_of_it in starts.items():
            times = [one.seconds for one in all_of_it]
            shown = f"{min(times):.1f} / {statistics.median(times):.1f} / {max(times):.1f}"
            processor = statistics.median(one.processor for one in all_of_it)
            print(f"| {case} | {count} | {shown} | {processor:.1f} | {counts[case]} |", flush=True)


if __name__ == "__main__":
    main()
