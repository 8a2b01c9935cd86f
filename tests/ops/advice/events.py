"""Event logs of made-up applications, in the words of Spark 4.0.5."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

MIB, GIB = 1024**2, 1024**3
BEGIN = 1_796_000_000_000
Event = dict[str, Any]


def begin(name: str = "orders", **conf: str) -> list[Event]:
    """The first events: version, profile, settings, start."""
    properties = {key.replace("__", "."): value for key, value in conf.items()}
    return [
        {"Event": "SparkListenerLogStart", "Spark Version": "4.0.5"},
        {
            "Event": "SparkListenerEnvironmentUpdate",
            "JVM Information": {"Java Version": "17"},
            "Spark Properties": {
                "spark.executor.memory": "4g",
                "spark.executor.cores": "4",
                "spark.hadoop.fs.s3a.secret.key": "not-for-print",
                **properties,
            },
        },
        {
            "Event": "SparkListenerApplicationStart",
            "App Name": name,
            "App ID": f"spark-{name}",
            "Timestamp": BEGIN,
            "User": "spark",
        },
    ]


def executor(name: str, at: float = 5, cores: int = 4) -> Event:
    return {
        "Event": "SparkListenerExecutorAdded",
        "Timestamp": BEGIN + int(at * 1000),
        "Executor ID": name,
        "Executor Info": {"Host": "10.0.0.1", "Total Cores": cores, "Resource Profile Id": 0},
    }


def removed(name: str, why: str, at: float = 100) -> Event:
    return {
        "Event": "SparkListenerExecutorRemoved",
        "Timestamp": BEGIN + int(at * 1000),
        "Executor ID": name,
        "Removed Reason": why,
    }


def job(number: int, start: float, end: float, result: str = "JobSucceeded") -> list[Event]:
    """The start and the end of a job, in seconds after the application's start."""
    return [
        {
            "Event": "SparkListenerJobStart",
            "Job ID": number,
            "Submission Time": BEGIN + int(start * 1000),
            "Stage Infos": [],
        },
        {
            "Event": "SparkListenerJobEnd",
            "Job ID": number,
            "Completion Time": BEGIN + int(end * 1000),
            "Job Result": {"Result": result},
        },
    ]


def stage(number: int, attempt: int = 0, rdds: Iterable[str] = ("MapPartitionsRDD",)) -> Event:
    info = {
        "Stage ID": number,
        "Stage Attempt ID": attempt,
        "Stage Name": "collect at orders.py:7",
        "Number of Tasks": 1,
        "RDD Info": [{"RDD ID": 1, "Name": name, "Scope": "{}"} for name in rdds],
        "Completion Time": BEGIN + 90_000,
    }
    return {"Event": "SparkListenerStageCompleted", "Stage Info": info}


@dataclass
class Task:
    """A task. Times in seconds, memory in bytes."""

    stage: int = 0
    seconds: float = 10
    start: float = 10
    executor: str = "1"
    heap: float = 3.2 * GIB
    rss: float = 0
    python: float = 0
    cpu: float = 0.9
    gc: float = 0.02
    read: float = 0
    input: float = 0
    wait: float = 0
    spilled: float = 0
    needs: float = 0
    reason: Mapping[str, Any] = field(default_factory=lambda: {"Reason": "Success"})
    speculative: bool = False
    attempt: int = 0

    def event(self, number: int) -> Event:
        launch = BEGIN + int(self.start * 1000)
        run = int(self.seconds * 1000)
        peaks = {
            "JVMHeapMemory": self.heap,
            "JVMOffHeapMemory": 90 * MIB if self.heap else 0,
            "OnHeapUnifiedMemory": self.heap // 4,
            "ProcessTreeJVMRSSMemory": self.rss,
            "ProcessTreePythonRSSMemory": self.python,
            "ProcessTreeOtherRSSMemory": 0,
        }
        return {
            "Event": "SparkListenerTaskEnd",
            "Stage ID": self.stage,
            "Stage Attempt ID": self.attempt,
            "Task Type": "ResultTask",
            "Task End Reason": dict(self.reason),
            "Task Info": {
                "Task ID": number,
                "Index": number,
                "Attempt": 0,
                "Launch Time": launch,
                "Executor ID": self.executor,
                "Host": "10.0.0.1",
                "Locality": "NODE_LOCAL",
                "Speculative": self.speculative,
                "Finish Time": launch + run,
                "Failed": self.reason["Reason"] != "Success",
                "Accumulables": [],
            },
            "Task Executor Metrics": peaks,
            "Task Metrics": {
                "Executor Run Time": run,
                "Executor CPU Time": int(run * 1e6 * self.cpu),
                "JVM GC Time": int(run * self.gc),
                "Peak Execution Memory": self.needs - self.spilled,
                "Memory Bytes Spilled": self.spilled,
                "Disk Bytes Spilled": self.spilled / 4,
                "Shuffle Read Metrics": {
                    "Fetch Wait Time": int(run * self.wait),
                    "Remote Bytes Read": self.read,
                    "Local Bytes Read": 0,
                },
                "Shuffle Write Metrics": {"Shuffle Bytes Written": self.read},
                "Input Metrics": {"Bytes Read": self.input},
                "Output Metrics": {"Bytes Written": 0},
            },
        }


def end(at: float = 100, code: int = 0) -> Event:
    return {
        "Event": "SparkListenerApplicationEnd",
        "Timestamp": BEGIN + int(at * 1000),
        "ExitCode": code,
    }


def application(
    *tasks: Task,
    name: str = "orders",
    seconds: float = 100,
    executors: int = 1,
    jobs: Iterable[Event] | None = None,
    more: Iterable[Event] = (),
    ends: bool = True,
    rdds: Iterable[str] = ("MapPartitionsRDD",),
    **conf: str,
) -> list[Event]:
    """The events of one application, by default with one job from 5 s to its end."""
    both = list(jobs) if jobs is not None else job(0, 5, seconds)
    stages = sorted({(one.stage, one.attempt) for one in tasks})
    return [
        *begin(name, **conf),
        *(executor(str(number + 1)) for number in range(executors)),
        *(one for one in both if one["Event"].endswith("JobStart") and len(both) == 2),
        *(one.event(number) for number, one in enumerate(tasks)),
        *(stage(*one, rdds=rdds) for one in stages),
        *more,
        *(both if len(both) != 2 else both[1:]),
        *([end(seconds)] if ends else []),
    ]


def text(events: Iterable[Event]) -> bytes:
    """The log as Spark writes it."""
    return b"".join(_lines(events))


def _lines(events: Iterable[Event]) -> Iterator[bytes]:
    for one in events:
        yield json.dumps(one, separators=(",", ":")).encode() + b"\n"


def write(folder: Path, events: Iterable[Event], name: str = "spark-1") -> Path:
    """A single log without compression."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text(events))
    return path


def compressed(data: bytes) -> bytes:
    """As a stream that is flushed now and then, whose frame does not say how long it is."""
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    return compressor.compress(data) + compressor.flush()


def even(count: int = 8, **changes: Any) -> list[Task]:
    """Tasks that are alike, on four cores."""
    return [Task(start=10 + (number // 4) * 10, **changes) for number in range(count)]
