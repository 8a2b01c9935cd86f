"""Runs the jobs of program.py on Spark's own executors, and reads the advice on them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tiers.operator.programs import Programs
from tests.tiers.programs import ROOT

PROGRAM = Path(__file__).with_name("program.py")
RECORDED = ROOT / "tests" / "ops" / "advice" / "recorded"
_QUICK = "-XX:TieredStopAtLevel=1"
_SECONDS = 400
_EVERYWHERE = {
    "spark.eventLog.enabled": "true",
    "spark.executor.processTreeMetrics.enabled": "true",
    # By default every 10 s, and these jobs take some seconds.
    "spark.executor.heartbeatInterval": "1s",
    "spark.executor.extraJavaOptions": _QUICK,
    "spark.driver.memory": "512m",
    "spark.ui.enabled": "false",
    "spark.task.maxFailures": "2",
    # Small data would else be sent whole to every executor.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
}


@dataclass(frozen=True)
class Case:
    """A job of program.py with the settings that it is run with; `key` is what the advice must
    name, empty for none."""

    name: str
    memory: str
    key: str = ""
    conf: Mapping[str, str] = field(default_factory=dict)

    def recorded(self) -> "Ran":
        """The run of it that `python -m tests.tiers.advice` recorded."""
        path = RECORDED / f"{self.name}.zstd"
        return Ran(None, path, advice(path))


CASES = (
    Case("roomy", "2g", "spark.executor.memory"),
    Case(
        "spill",
        "512m",
        "spark.sql.shuffle.partitions",
        {"spark.sql.shuffle.partitions": "2"},
    ),
    Case("heap", "640m", "spark.executor.memory"),
    Case(
        "skew",
        "700m",
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes",
        {"spark.sql.shuffle.partitions": "8"},
    ),
    Case(
        "python",
        "640m",
        "spark.executor.pyspark.memory",
        {"spark.executor.pyspark.memory": "200m"},
    ),
    Case(
        "idle",
        "640m",
        "spark.dynamicAllocation.minExecutors",
        {
            "spark.dynamicAllocation.enabled": "true",
            "spark.dynamicAllocation.shuffleTracking.enabled": "true",
            "spark.dynamicAllocation.minExecutors": "2",
            "spark.dynamicAllocation.maxExecutors": "2",
        },
    ),
    Case("short", "1g"),
    Case("healthy", "640m", conf={"spark.sql.shuffle.partitions": "4"}),
)


@dataclass(frozen=True)
class Ran:
    """A run: its exit code, where its event log is, and what `advise` says of it as JSON."""

    code: int | None
    """None for a recorded one."""
    folder: Path
    job: Mapping[str, Any]

    @property
    def first(self) -> Mapping[str, Any]:
        """Its only run."""
        (run,) = self.job["runs"]
        return run

    @property
    def advised(self) -> dict[str, str]:
        """Settings of Spark to change, and their values."""
        return {one["key"]: one["to"] for one in self.job["advice"] if one["to"]}


def run(spark: Programs, case: Case, folder: Path, changes: Mapping[str, str] | None = None) -> Ran:
    """Runs a job on two executors of one core, with `changes` of its settings."""
    logs, work = folder / "logs", folder / "work"
    for one in (logs, work):
        one.mkdir(parents=True)
    conf = {
        **_EVERYWHERE,
        "spark.executor.memory": case.memory,
        "spark.eventLog.dir": logs.as_uri(),
        **case.conf,
        **(changes or {}),
    }
    # Memory of a worker, which must hold one executor with what it asks for.
    worker = 4096
    command = [
        spark.spark_home / "bin" / "spark-submit",
        f"--master=local-cluster[2,1,{worker}]",
        *(f"--conf={key}={value}" for key, value in conf.items()),
        PROGRAM,
        case.name,
    ]
    environment = {
        **os.environ,
        **spark.environment,
        "SPARK_LOCAL_DIRS": str(work),
        "SPARK_WORKER_DIR": str(work),
        "PYSPARK_PYTHON": str(spark.python),
        "SPARK_SUBMIT_OPTS": _QUICK,
    }
    with (folder / "output").open("w") as output:
        code = subprocess.run(
            command, env=environment, stdout=output, stderr=output, timeout=_SECONDS, check=False
        ).returncode
    shutil.rmtree(work, ignore_errors=True)
    return Ran(code, logs, advice(logs))


def advice(logs: Path) -> Mapping[str, Any]:
    """What `python -m ops advise` says of the only job in a log or a folder."""
    command = [sys.executable, "-m", "ops", "advise", "--logs", logs, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        output = logs.parent / "output"
        told = output.read_text()[-3000:] if output.is_file() else ""
        raise AssertionError(f"{done.stderr}\n{told}")
    (job,) = json.loads(done.stdout)["jobs"]
    return job
