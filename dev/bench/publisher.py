"""What publishing costs: 10 JARs of 500 MB in total, the real command, moto's S3 on loopback.

Once undisturbed, once again (nothing to do), and killed (SIGKILL) at every so many requests that
write, started again until it gets through. Counts and bytes carry over to S3; seconds do not: moto,
one Python process on the same machine, is slower than S3.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

from tests.ops.publish.s3 import REGION, S3, Request, nothing

ROOT = Path(__file__).resolve().parents[2]
MEGABYTES = (280, 109, 47, 26, 14, 9, 6, 4, 3, 2)
"""500 MB, spread as a usual set of Spark JARs is: one AWS bundle, one table format, small ones."""
BUCKET, FOLDER = "bench-jars", "spark/jars/"


class Run(NamedTuple):
    """One run of the command: its exit code, seconds of wall time, most memory in MB."""

    code: int
    seconds: float
    megabytes: float


class Bench:
    """The JARs, the server, and the command between them."""

    def __init__(self, folder: Path) -> None:
        self.jars = [_write(folder / f"jar-{n}.jar", size) for n, size in enumerate(MEGABYTES)]
        self.s3 = S3()
        where = {"LocationConstraint": REGION}
        self.s3.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        self._process: subprocess.Popen[bytes] | None = None

    def publish(self, release: str) -> Run:
        """Runs the command to its end, whatever that is."""
        command = [sys.executable, "-m", "ops", "publish-jars", "--release", release, "--to"]
        command += [f"s3://{BUCKET}/{FOLDER}", *map(str, self.jars)]
        start = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **self.s3.environment()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        kibibytes = 0
        while self._process.poll() is None:
            kibibytes = max(kibibytes, _peak(self._process.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - start
        return Run(self._process.returncode, seconds, kibibytes / 1024)

    def kill_after(self, writes: int) -> None:
        """Kills the next run as soon as S3 has done so many requests that write."""
        done = 0

        def rule(request: Request) -> None:
            nonlocal done
            done += request.operation == "PutObject"
            if done >= writes and self._process is not None:
                self._process.kill()
                raise ConnectionError

        self.s3.after = rule

    def is_release(self, name: str) -> bool:
        """True for a complete release, False for none. Raises RuntimeError for half of one."""
        there = self.s3.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{FOLDER}{name}/")
        keys = {item["Key"].rpartition("/")[2]: item["Key"] for item in there.get("Contents", [])}
        if "release.json" not in keys:
            return False
        for entry in json.loads(self._body(keys["release.json"]))["jars"]:
            found = hashlib.sha256(self._body(keys.get(entry["name"], ""))).hexdigest()
            if found != entry["sha256"]:
                raise RuntimeError(f"{entry['name']} is not what release.json says")
        return True

    def _body(self, key: str) -> bytes:
        return self.s3.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def _peak(pid: int) -> int:
    """Most memory of a process so far, in KiB; wait4 would count the parent's, too."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0][1]) if lines else 0


def _write(path: Path, megabytes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        noise = random.Random(path.name)
        content = b"".join(noise.randbytes(1_000_000) for _ in range(megabytes))
        archive.writestr(f"org/example/{path.stem}.class", content)
    return path


def _undisturbed(bench: Bench) -> None:
    bench.s3.forget()
    run = bench.publish("whole")
    size = sum(jar.stat().st_size for jar in bench.jars) / 1e6
    requests = len(bench.s3.requests)
    assert run.code == 0 and bench.is_release("whole")
    print(f"published   {len(bench.jars)} JARs, {size:.1f} MB: {run.seconds:.1f} s, ", end="")
    print(f"{requests} requests, {run.megabytes:.0f} MB of memory")
    bench.s3.forget()
    run = bench.publish("whole")
    assert run.code == 0 and not bench.s3.stored
    print(f"repeated    {run.seconds:.1f} s, {len(bench.s3.requests)} requests, 0 bytes sent")


def _killed(bench: Bench, every: int) -> None:
    name, kills = f"every-{every}", 0
    bench.s3.forget()
    while True:
        bench.kill_after(every)
        run = bench.publish(name)
        # What the dead process had sent already is still taken.
        bench.s3.wait_until_idle()
        bench.s3.after = nothing
        if run.code == 0:
            break
        complete = bench.is_release(name)
        if complete != any(key.endswith("release.json") for key in bench.s3.stored):
            raise RuntimeError("half a release")
        kills += 1
    assert bench.is_release(name)
    taken = bench.s3.stored
    twice = sum(count > 1 for count in taken.values())
    print(f"killed      {kills} times, after every {every} writes: complete, ", end="")
    print(f"{len(taken)} objects, {twice} of them sent twice")


def main() -> None:
    """Prints the figures of docs/publish-jars.md."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            _undisturbed(bench)
            for every in (3, 10):
                _killed(bench, every)
        finally:
            bench.s3.close()


if __name__ == "__main__":
    main()
