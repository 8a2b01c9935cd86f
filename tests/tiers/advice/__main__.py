"""Records the logs of the jobs for the fast tests, and prints what changed: `python -m
tests.tiers.advice`."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

from ops.advice.asked import kept
from ops.advice.lines import Damage, lines
from ops.advice.sources import local_logs
from tests.tiers.advice.spark import CASES, Ran, run
from tests.tiers.operator.programs import spark_alone
from tests.tiers.programs import ROOT

FOLDER = ROOT / "tests" / "ops" / "advice" / "recorded"
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


def record(name: str, ran: Ran) -> None:
    """Writes the trimmed log beside the others."""
    data = b"".join(
        json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in trimmed(ran.folder)
    )
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.zstd"
    path.write_bytes(zstandard.ZstdCompressor(level=19).compress(data))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes", file=sys.stderr)


def line(ran: Ran) -> str:
    first = ran.first
    return (
        f"{first['outcome']}, {first['seconds']:.0f} s, {first['tasks']} tasks, "
        f"{ran.job['executor']['now']['memoryBytes'] / 2**20:.0f} MiB an executor, "
        f"{first['spilledDiskBytes'] / 2**20:.0f} MiB spilled, "
        f"{ran.vcpu_hours * 3600:.0f} vCPU-seconds: {ran.job['headline']}"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        wanted = sys.argv[1:] or [case.name for case in CASES]
        for case in CASES:
            if case.name not in wanted:
                continue
            before = run(spark_alone(), case, Path(folder) / case.name / "before")
            record(case.name, before)
            print(f"{case.name}: {line(before)}", flush=True)
            if case.key:
                changes = before.advised
                after = run(spark_alone(), case, Path(folder) / case.name / "after", changes)
                record(f"{case.name}-advised", after)
                print(f"  {changes}\n  {line(after)}", flush=True)
