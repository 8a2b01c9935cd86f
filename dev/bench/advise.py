"""Memory and time of `advise` on a large event log: `python -m dev.bench.advise --gib 2`."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import zstandard

from tests.ops.advice.events import GIB, MIB, Task, application, begin, end, executor, job, stage

ROOT = Path(__file__).resolve().parents[2]
_TASKS_OF_STAGE = 2000
_EXECUTORS = 200


def events(size: int) -> Iterator[bytes]:
    """Lines of a log of `size` bytes: stages of tasks as Spark 4.0 writes them, with accumulators,
    and plans of SQL between them."""
    random_ = random.Random(1)
    accumulables = [
        {
            "ID": number,
            "Name": f"internal.metrics.number{number}",
            "Update": number * 1000,
            "Value": number * 7919,
            "Internal": True,
            "Count Failed Values": True,
        }
        for number in range(24)
    ]
    plan = {
        "Event": "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart",
        "executionId": 1,
        "physicalPlanDescription": "* Project (17)\n+- * SortMergeJoin Inner (16)\n" * 20_000,
    }
    written = 0

    def line(event: dict[str, object]) -> bytes:
        nonlocal written
        data = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        written += len(data)
        return data

    for one in (*begin(), *(executor(str(number)) for number in range(_EXECUTORS))):
        yield line(one)
    yield line(job(0, 5, 10)[0])
    number, of_stage = 0, 0
    while written < size:
        yield line(plan)
        for _ in range(_TASKS_OF_STAGE):
            task = Task(
                stage=of_stage,
                seconds=random_.lognormvariate(2, 0.5),
                start=10 + number / 100,
                executor=str(number % _EXECUTORS),
                heap=random_.uniform(1, 3) * GIB,
                rss=3.5 * GIB,
                read=random_.lognormvariate(3, 0.5) * MIB,
            ).event(number)
            start = {**task, "Event": "SparkListenerTaskStart"}
            del start["Task Metrics"], start["Task Executor Metrics"]
            yield line(start)
            task["Task Info"]["Accumulables"] = accumulables
            yield line(task)
            number += 1
        yield line(stage(of_stage))
        of_stage += 1
    yield line(job(0, 5, 10 + number / 100)[1])
    yield line(end(10 + number / 100))


def write(path: Path, size: int) -> int:
    """Writes the log with zstd, as Spark 4 does by default. Returns its size without."""
    written = 0
    with path.open("wb") as raw, zstandard.ZstdCompressor(level=1).stream_writer(raw) as out:
        for line in events(size):
            out.write(line)
            written += len(line)
    return written


def main() -> None:
    """Prints seconds for each GB and the peak of memory; of a small log, too, to show that memory
    does not grow with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2)
    given = parser.parse_args()
    small = application(Task(), Task(), Task())
    with tempfile.TemporaryDirectory() as folder:
        little = Path(folder) / "little"
        little.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in small))
        large = Path(folder) / "large.zstd"
        size = write(large, int(given.gib * GIB))
        for path, of in ((little, little.stat().st_size), (large, size)):
            begun = time.monotonic()
            command = [sys.executable, "-m", "ops", "advise", "--logs", str(path)]
            child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(child.pid, 0)
            seconds, cpu = time.monotonic() - begun, used.ru_utime + used.ru_stime
            assert status == 0
            print(
                f"{of / 1e9:.3f} GB ({path.stat().st_size / 1e6:.0f} MB on disk): {seconds:.1f} s, "
                f"{cpu:.1f} s of CPU{_rate(cpu, of)}, "
                f"{used.ru_maxrss / 1024:.0f} MiB of memory at most"
            )


def _rate(cpu: float, size: int) -> str:
    return f" ({cpu / (size / 1e9):.1f} s a GB)" if size > GIB / 10 else ""


if __name__ == "__main__":
    main()
