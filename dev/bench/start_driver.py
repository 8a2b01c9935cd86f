"""The driver of `python -m dev.bench.start`, for Spark's own Python: it waits while executors start
beside it, each with the options of one case, and measures them.

    start_driver.py CASES CLASS_PATH ROUNDS

CASES is JSON: a list of name, options of the executor's JVM, number of executors. Writes one JSON
object a line and case to /given/measured.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_TICK = os.sysconf("SC_CLK_TCK")
_MEMORY = "1g"
_SECONDS = 600
_BACKEND = "org.apache.spark.executor.CoarseGrainedExecutorBackend"


class Driver:
    """A driver whose cluster starts no executor by itself: its worker has too few cores."""

    def __init__(self) -> None:
        from pyspark.sql import SparkSession  # noqa: PLC0415  the image's

        builder = SparkSession.builder.master("local-cluster[1,1,2048]")
        conf = {"spark.executor.cores": "2", "spark.ui.enabled": "false"}
        for key, value in conf.items():
            builder = builder.config(key, value)
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("OFF")
        self._context = self.spark.sparkContext._jsc.sc()
        self._number = 0

    def known(self) -> int:
        """Executors whose block managers the driver knows: they take tasks."""
        return self._context.getExecutorMemoryStatus().size() - 1

    def start(self, options: list[str], class_path: str) -> "subprocess.Popen[bytes]":
        """An executor, as the image's entry point starts one."""
        self._number += 1
        conf = self._context.conf()
        port = conf.get("spark.driver.port")
        command = [
            f"{os.environ['JAVA_HOME']}/bin/java",
            *conf.get("spark.executor.extraJavaOptions", "").split(),
            *options,
            *(f"-Xms{_MEMORY}", f"-Xmx{_MEMORY}", "-cp", class_path, _BACKEND),
            *("--driver-url", f"spark://CoarseGrainedScheduler@127.0.0.1:{port}"),
            *("--executor-id", str(self._number), "--hostname", "127.0.0.1", "--cores", "1"),
            *("--app-id", self._context.applicationId(), "--resourceProfileId", "0"),
        ]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def task(self, executors: int) -> None:
        """Two stages with code made for them, two tasks an executor."""
        rows = self.spark.range(0, 1000 * executors, 1, 2 * executors)
        rows.selectExpr("id % 7 as k", "id").groupBy("k").sum("id").collect()


def measure(driver: Driver, options: list[str], executors: int, class_path: str) -> dict[str, Any]:
    """Seconds and CPU seconds an executor until all are known, and until the first task of each;
    MiB of all of them then, as proportional set size."""
    begin = time.monotonic()
    processes = [driver.start(options, class_path) for _ in range(executors)]
    try:
        while driver.known() < executors:
            if time.monotonic() - begin > _SECONDS or any(one.poll() for one in processes):
                raise SystemExit(f"an executor did not start: {options}")
            time.sleep(0.02)
        known = (time.monotonic() - begin, _cpu(processes) / executors)
        driver.task(executors)
        task = (time.monotonic() - begin, _cpu(processes) / executors)
        pss = sum(_pss(one.pid) for one in processes)
    finally:
        for one in processes:
            one.kill()
            one.wait()
    while driver.known():
        time.sleep(0.05)
    return {
        "knownSeconds": round(known[0], 2),
        "knownCpu": round(known[1], 2),
        "taskSeconds": round(task[0], 2),
        "taskCpu": round(task[1], 2),
        "pssMiB": round(pss),
    }


def _cpu(processes: "list[subprocess.Popen[bytes]]") -> float:
    fields = [_stat(one.pid) for one in processes]
    return sum(int(one[11]) + int(one[12]) for one in fields) / _TICK


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (line,) = [one for one in lines if one.startswith("Pss:")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    driver = Driver()
    with Path("/given/measured").open("w") as file:
        for number in range(int(sys.argv[3])):
            for name, options, executors in json.loads(sys.argv[1]):
                found = measure(driver, options, executors, sys.argv[2])
                case = {"round": number, "name": name, "executors": executors, **found}
                file.write(f"{json.dumps(case)}\n")
                file.flush()
    driver.spark.stop()
