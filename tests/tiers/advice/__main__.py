"""Runs every job as it is and as advised, and records their logs for the tests: `python -m
tests.tiers.advice FOLDER`, some 15 minutes; FOLDER is for their files, and does not exist yet."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

from ops.advice.asked import kept
from ops.advice.lines import Damage, lines
from ops.advice.sources import local_logs
from ops.plan.quantity import MIB
from tests.tiers.advice.spark import CASES, RECORDED, advice, run
from tests.tiers.operator.programs import spark_alone
from tests.tiers.programs import ROOT

_KEPT = {
    "LogStart", "ApplicationStart", "ApplicationEnd", "EnvironmentUpdate", "ResourceProfileAdded",
    "ExecutorAdded", "ExecutorRemoved", "JobStart", "JobEnd", "StageCompleted", "TaskStart",
    "TaskEnd",
}  # fmt: skip
_DROPPED = {
    "Accumulables", "Details", "Stage Infos", "Stage IDs", "Properties", "Log Urls", "Stack Trace",
    "Accumulator Updates", "System Properties", "Hadoop Properties", "Metrics Properties",
    "Classpath Entries", "JVM Information", "User", "Callsite", "Push Based Shuffle",
}  # fmt: skip


def trimmed(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of the only log in a folder, without what advice never reads."""
    (log,) = local_logs(str(folder))
    for part in log.parts:
        with part.open() as raw:
            for line in lines(raw, part.name, Damage()):
                event = json.loads(line)
                if event["Event"].removeprefix("SparkListener") in _KEPT:
                    found = _without(event)
                    if "Spark Properties" in found:
                        found["Spark Properties"] = kept(found["Spark Properties"])
                    yield found


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(one) for key, one in value.items() if key not in _DROPPED}
    if isinstance(value, list):
        return [_without(one) for one in value]
    if isinstance(value, str):
        return value.replace(str(ROOT), "/project")[:3000]
    return value


def record(name: str, logs: Path) -> str:
    """Writes the trimmed log beside the others, and returns what happened in a line."""
    events = (json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in trimmed(logs))
    path = RECORDED / f"{name}.zstd"
    path.write_bytes(zstandard.ZstdCompressor(level=19).compress(b"".join(events)))
    job = advice(logs)
    (run,) = job["runs"]
    memory = job["executor"]["now"]["memoryBytes"] / MIB
    hours = job["hours"]["now"]["vcpu"]
    return (
        f"{name}: {run['outcome']}, {run['seconds']:.0f} s, {run['tasks']} tasks, {memory:.0f} MiB "
        f"an executor, {run['spilledDiskBytes'] / MIB:.0f} MiB spilled, {hours * 3600:.0f} "
        f"vCPU-seconds: {job['headline']}\n"
        f"  { {one['key']: one['to'] for one in job['advice']} }"
    )


if __name__ == "__main__":
    RECORDED.mkdir(exist_ok=True)
    spark = spark_alone()
    for case in CASES:
        made = Path(sys.argv[1]).resolve() / case.name
        before = run(spark, case, made / "before")
        print(record(case.name, before.folder))
        if case.key:
            after = run(spark, case, made / "after", before.advised)
            print(record(f"{case.name}-advised", after.folder))
