"""The S3 model and the mounts that the benchmark measures."""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ops.publish.files import read
from ops.publish.publish import Release
from tests.tiers.node.s3_server import JARS_PREFIX as PREFIX
from tests.tiers.node.s3_server import S3Server
from userdata.render import FILES

BUCKET = "bench-jars"
_PIECE = 1024 * 1024


class JarServer(S3Server):
    """moto, with the JARs' bytes from their files: moto reads a whole object for each part."""

    def __init__(self, jars: Sequence[Path], release: str = "r1") -> None:
        self._files: dict[str, Path] = {}
        super().__init__()
        self.create(BUCKET)
        for jar in jars:
            self.add(f"{release}/{jar.name}", jar)
        text = Release.of(release, [read(jar) for jar in jars]).to_json()
        self.put(BUCKET, f"{PREFIX}{release}/release.json", text)
        self.before = lambda request: time.sleep(0.015)
        self.clear()

    def add(self, name: str, file: Path) -> None:
        """An object of a release with a file's bytes."""
        self._files[f"/{BUCKET}/{PREFIX}{name}"] = file
        self.put(BUCKET, f"{PREFIX}{name}", file.read_bytes())

    def clear(self) -> None:
        """Counts from zero."""
        self.requests.clear()
        self.sent = 0
        """Bytes of JARs."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, wanted = environ["PATH_INFO"], environ.get("HTTP_RANGE", "")
        if environ["REQUEST_METHOD"] != "GET" or path not in self._files or not wanted:
            return super().__call__(environ, start_response)
        self._logged(environ)
        time.sleep(0.025)
        size = self._files[path].stat().st_size
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        begin, end = int(first), min(int(last or size), size - 1) + 1
        headers = [("Content-Length", str(end - begin))]
        headers.append(("Content-Range", f"bytes {begin}-{end - 1}/{size}"))
        start_response("206 Partial Content", headers)
        return self._pieces(self._files[path], begin, end)

    def _pieces(self, path: Path, begin: int, end: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(begin)
            while begin < end:
                piece = file.read(min(_PIECE, end - begin))
                begin += len(piece)
                self.sent += len(piece)
                yield piece


def program() -> str:
    """The mount program: path and version of MOUNT_S3, or the fake."""
    real = os.environ.get("MOUNT_S3")
    if not real:
        return "the tests' stand-in, not mount-s3"
    return subprocess.run(
        [real, "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


@contextmanager
def mounted(server: S3Server, folder: Path) -> Iterator[Path]:
    """A mount of the bucket with a cache of its own, as a node's unit starts it."""
    point, cache = folder / "jars", folder / "cache"
    point.mkdir()
    cache.mkdir()
    command = server.node_mount(BUCKET, point, cache, "--maximum-throughput-gbps=10")
    environment = {**os.environ, **server.environment()}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
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
    # Delete only cache and log recursively; rmdir removes the mount point.
    shutil.rmtree(cache)
    point.rmdir()


@contextmanager
def copied(jars: Path, folder: Path) -> Iterator[None]:
    """A copy of the release over itself, made by the program of a node."""
    state, copies = folder / "state", folder / "copies"
    for path in (state / "base", copies):
        path.mkdir(parents=True)
    (state / "s3").symlink_to(jars.parent)
    (state / "run").write_text("run.1")
    command = filler(state, copies)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if not said.startswith("filled: r1"):
        raise SystemExit(said)
    subprocess.run(["mount", "--bind", copies / "r1", jars], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", jars], check=True)


def filler(state: Path, copies: Path) -> list[str | Path]:
    """The command that copies the newest release of the mount at `state`/s3, as a node runs it."""
    arguments = (state, copies, 10240, 1, 600, 60, platform.machine())
    return [sys.executable, "-sEB", FILES / "fill.py", *map(str, arguments)]


def fill(folder: Path, names: Sequence[str]) -> None:
    """Reads every JAR once, four at a time, as a job's init container does."""

    def read(name: str) -> None:
        with (folder / name).open("rb") as file:
            while file.read(_PIECE):
                pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, names))


def copy(server: S3Server, names: Sequence[str], folder: Path) -> None:
    """Every JAR as a whole, each in one request."""
    for name in names:
        answer = server.client.get_object(
            Bucket=BUCKET, Key=f"{PREFIX}r1/{name}", Range="bytes=0-99999999999"
        )
        with (folder / name).open("wb") as file:
            shutil.copyfileobj(answer["Body"], file, _PIECE)
