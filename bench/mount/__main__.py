"""JVM start over a class path of JARs in S3: `python -m bench.mount --jars DIR`.

The S3 API is on loopback and waits as S3 does (15 ms for HEAD and LIST, 25 ms for the first byte of
GET), so requests and bytes carry over to S3 and seconds depend on those waits. With MOUNT_S3 the
real binary mounts; without it the tests' stand-in, whose seconds say little: the table names it.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.node.s3_server import ACCESS_KEY, OWNER, REGION, SECRET_KEY, S3Server

BUCKET, PREFIX = "bench-jars", "spark/jars/"
STAND_IN = Path(__file__).resolve().parents[2] / "tests" / "node" / "mount_s3.py"
CLASSES = 2000


class JarServer(S3Server):
    """moto, with the JARs' bytes from their files: moto reads a whole object for each part."""

    def __init__(self, jars: Sequence[Path]) -> None:
        self._files = {f"/{BUCKET}/{PREFIX}r1/{jar.name}": jar for jar in jars}
        super().__init__()
        self.create(BUCKET)
        for jar in jars:
            self.put(BUCKET, f"{PREFIX}r1/{jar.name}", jar.read_bytes())
        self.delay = lambda kind: 0.025 if kind == "GET" else 0.015

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, wanted = environ["PATH_INFO"], environ.get("HTTP_RANGE", "")
        if environ["REQUEST_METHOD"] != "GET" or path not in self._files or not wanted:
            return super().__call__(environ, start_response)
        self.requests["GET"] += 1
        time.sleep(self.delay("GET"))
        size = self._files[path].stat().st_size
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        with self._files[path].open("rb") as file:
            file.seek(int(first))
            body = file.read(min(int(last or size), size - 1) - int(first) + 1)
        self.requests["bytes"] += len(body)
        headers = [("Content-Length", str(len(body)))]
        headers.append(("Content-Range", f"bytes {first}-{int(first) + len(body) - 1}/{size}"))
        start_response("206 Partial Content", headers)
        return [body]


@contextmanager
def mounted(server: S3Server, folder: Path) -> Iterator[Path]:
    """A mount of the bucket with a cache of its own, as a node's unit starts it."""
    point, cache = folder / "jars", folder / "cache"
    point.mkdir()
    cache.mkdir()
    real = os.environ.get("MOUNT_S3")
    command = [real] if real else [sys.executable, str(STAND_IN)]
    command += [BUCKET, str(point), "--foreground", "--read-only", "--allow-other"]
    command += ["--prefix", PREFIX, "--region", REGION, "--expected-bucket-owner", OWNER]
    command += ["--cache", str(cache), "--max-cache-size", "4096", "--metadata-ttl", "indefinite"]
    command += ["--negative-metadata-ttl", "minimal", f"--endpoint-url={server.url}"]
    command += ["--force-path-style", "--maximum-throughput-gbps=10"]
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env={**os.environ, **keys}, stdout=log, stderr=log)
        try:
            while not point.is_mount():
                if process.poll() is not None:
                    raise SystemExit((folder / "log").read_text())
                time.sleep(0.01)
            yield point / "r1"
        finally:
            subprocess.run(["umount", "--lazy", str(point)], check=False)
            process.kill()
            process.wait()
    # Only the cache and the log are deleted in depth: the mount point goes by rmdir.
    shutil.rmtree(cache)
    point.rmdir()


def load(folders: Sequence[Path], names: Sequence[str], classes: Path) -> float:
    """Seconds for one JVM in each folder, all at once."""
    begin = time.monotonic()
    running = []
    for folder in folders:
        path = ":".join([str(classes), *(str(folder / name) for name in names)])
        command = ["java", "-Xmx512m", "-cp", path, "Load", str(classes / "names")]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    if any(process.wait() for process in running):
        raise SystemExit("a JVM did not find its classes")
    return time.monotonic() - begin


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


def fill(folder: Path, names: Sequence[str]) -> None:
    """Reads every JAR once, four at a time."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: (folder / name).read_bytes(), names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jars", type=Path, default=Path(".cache/bench/jars"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jvms", type=int, nargs="+", default=[1, 4, 8])
    given = parser.parse_args()
    jars = sorted(given.jars.glob("*.jar"))
    if not jars:
        raise SystemExit(f"no JARs in {given.jars}; docs/node-mount.md lists those of the table")
    names = [jar.name for jar in jars]
    server = JarServer(jars)
    try:
        with tempfile.TemporaryDirectory(prefix="spark-bench-") as folder:
            subprocess.run(
                ["javac", "-d", folder, Path(__file__).with_name("Load.java")], check=True
            )
            Path(folder, "names").write_text("\n".join(choose(jars)))
            measure(server, given, names, Path(folder))
    finally:
        server.stop()


def measure(server: S3Server, given: argparse.Namespace, names: list[str], classes: Path) -> None:
    """Prints the table, a row a case and number of JVMs."""

    def local(count: int) -> float:
        return load([given.jars.resolve()] * count, names, classes)

    def cold(count: int) -> float:
        with tempfile.TemporaryDirectory() as folder, mounted(server, Path(folder)) as jars:
            return load([jars] * count, names, classes)

    def filled(count: int) -> float:
        with tempfile.TemporaryDirectory() as folder, mounted(server, Path(folder)) as jars:
            fill(jars, names)
            server.requests.clear()
            return load([jars] * count, names, classes)

    def each_its_own(count: int) -> float:
        with ExitStack() as stack:
            folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(count)]
            mounts = [stack.enter_context(mounted(server, Path(folder))) for folder in folders]
            return load(mounts, names, classes)

    def copied(count: int) -> float:
        with ExitStack() as stack, ThreadPoolExecutor(count) as pool:
            folders = [
                Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(count)
            ]
            begin = time.monotonic()
            list(pool.map(lambda folder: copy(server, names, folder), folders))
            return time.monotonic() - begin + load(folders, names, classes)

    cases: dict[str, Callable[[int], float]] = {
        "local disk": local,
        "one mount, filled first": filled,
        "one mount, cold": cold,
        "one mount per JVM, cold": each_its_own,
        "copy first": copied,
    }
    program = os.environ.get("MOUNT_S3", "the tests' stand-in, not mount-s3")
    print(f"mount: {program}; {len(names)} JARs; {CLASSES} classes; {given.runs} runs")
    print("| case | JVMs | seconds, min / median / max | GET | MB | HEAD and LIST |")
    print("|---|---|---|---|---|---|")
    for case, run in cases.items():
        for count in given.jvms:
            times = []
            for _ in range(given.runs):
                server.requests.clear()
                times.append(run(count))
            seen = server.requests
            shown = f"{min(times):.1f} / {statistics.median(times):.1f} / {max(times):.1f}"
            others = seen["HEAD"] + seen["LIST"]
            print(
                f"| {case} | {count} | {shown} | {seen['GET']} | {seen['bytes'] / 1e6:.0f} "
                f"| {others} |",
                flush=True,
            )


def copy(server: S3Server, names: Sequence[str], folder: Path) -> None:
    """Every JAR as a whole, each in one request."""
    for name in names:
        answer = server.client.get_object(
            Bucket=BUCKET, Key=f"{PREFIX}r1/{name}", Range="bytes=0-99999999999"
        )
        with (folder / name).open("wb") as file:
            shutil.copyfileobj(answer["Body"], file, 1024 * 1024)


if __name__ == "__main__":
    main()
