"""The stages of an application: each one's tasks while it runs, and what is kept of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.advice.stats import Sketch
from ops.advice.values import Numbers, listed, mapped, text

_OPEN = 500
"""Stages whose tasks are counted at once; of a damaged log there could be any number."""
_KEPT = 20
"""Stages that are kept for each question that is asked of them."""
_NAMELESS = "$anonfun$withThreadLocalCaptured"
"""Stages that adaptive execution starts, in a thread of its own."""
_TINY_MS = 200
"""Median run time below which a task costs as much to schedule as it does."""


@dataclass
class Stage:
    """One attempt of a stage, by its successful tasks."""

    number: int
    attempt: int
    name: str = ""
    joins: bool = False
    """Whether its tasks read two inputs at once, as those of a sort-merge join do."""
    failed: str = ""
    """Why it failed."""
    durations: Sketch = field(default_factory=Sketch)
    """Milliseconds."""
    reads: Sketch = field(default_factory=Sketch)
    """Bytes that a task read from the shuffle."""
    inputs: Sketch = field(default_factory=Sketch)
    """Bytes that a task read from files."""
    needs: Sketch = field(default_factory=Sketch)
    """Bytes of memory that a task's rows took: spilled and held at once."""
    spilled_memory: float = 0
    spilled_disk: float = 0

    @property
    def tasks(self) -> int:
        return self.durations.count

    @property
    def excess_ms(self) -> float:
        """How much longer its longest task took than its median one."""
        return self.durations.largest - self.durations.median

    @property
    def title(self) -> str:
        name = f" ({self.name})" if self.name else ""
        return f"stage {self.number}.{self.attempt}{name}"


@dataclass
class Totals:
    """Sums over the tasks of an application, whether they succeeded or not. Times are in
    milliseconds."""

    tasks: int = 0
    run: float = 0
    cpu: float = 0
    gc: float = 0
    fetch_wait: float = 0
    spilled_memory: float = 0
    spilled_disk: float = 0
    shuffle_read: float = 0
    shuffle_written: float = 0
    read: float = 0
    written: float = 0

    def add(self, metrics: Mapping[str, Any], numbers: Numbers) -> None:
        """Counts a task by its `Task Metrics`."""
        reads = mapped(metrics, "Shuffle Read Metrics")
        writes = mapped(metrics, "Shuffle Write Metrics")
        self.run += numbers.of(metrics, "Executor Run Time")
        self.cpu += numbers.of(metrics, "Executor CPU Time") / 1e6
        self.gc += numbers.of(metrics, "JVM GC Time")
        self.fetch_wait += numbers.of(reads, "Fetch Wait Time")
        self.spilled_memory += numbers.of(metrics, "Memory Bytes Spilled")
        self.spilled_disk += numbers.of(metrics, "Disk Bytes Spilled")
        self.shuffle_read += shuffle_read(metrics, numbers)
        self.shuffle_written += numbers.of(writes, "Shuffle Bytes Written")
        self.read += numbers.of(mapped(metrics, "Input Metrics"), "Bytes Read")
        self.written += numbers.of(mapped(metrics, "Output Metrics"), "Bytes Written")


def shuffle_read(metrics: Mapping[str, Any], numbers: Numbers) -> float:
    """Bytes that a task read from the shuffle."""
    reads = mapped(metrics, "Shuffle Read Metrics")
    return numbers.of(reads, "Remote Bytes Read") + numbers.of(reads, "Local Bytes Read")


@dataclass
class Stages:
    """All stages of an application. Memory is bounded: of stages that ended those are kept that
    answer a question."""

    uneven: list[Stage] = field(default_factory=list)
    """Those whose longest task took the most longer than the median."""
    spilling: list[Stage] = field(default_factory=list)
    """Those that spilled the most."""
    completed: int = 0
    attempts_again: int = 0
    """Attempts after a stage's first, as after fetch failures."""
    most_tasks: int = 0
    tiny_tasks: int = 0
    """Tasks of stages of many tasks that are shorter than it takes to schedule them."""
    _open: dict[tuple[int, int], Stage] = field(default_factory=dict)

    def task(
        self, event: Mapping[str, Any], duration: float, metrics: Mapping[str, Any], n: Numbers
    ) -> None:
        """Counts a task that succeeded."""
        key = (int(n.of(event, "Stage ID")), int(n.of(event, "Stage Attempt ID")))
        stage = self._open.get(key)
        if stage is None:
            if len(self._open) >= _OPEN:
                self._end(self._open.pop(next(iter(self._open))))
            stage = self._open[key] = Stage(*key)
        spilled = n.of(metrics, "Memory Bytes Spilled")
        stage.durations.add(duration)
        stage.reads.add(shuffle_read(metrics, n))
        stage.inputs.add(n.of(mapped(metrics, "Input Metrics"), "Bytes Read"))
        stage.needs.add(spilled + n.of(metrics, "Peak Execution Memory"))
        stage.spilled_memory += spilled
        stage.spilled_disk += n.of(metrics, "Disk Bytes Spilled")

    def complete(self, info: Mapping[str, Any], n: Numbers) -> None:
        """Ends a stage by its `Stage Info`."""
        key = (int(n.of(info, "Stage ID")), int(n.of(info, "Stage Attempt ID")))
        stage = self._open.pop(key, None) or Stage(*key)
        name = text(info, "Stage Name")
        stage.name = "" if name.startswith(_NAMELESS) else name
        stage.failed = text(info, "Failure Reason")
        stage.joins = any(
            text(one, "Name").startswith("ZippedPartitionsRDD") for one in listed(info, "RDD Info")
        )
        self.completed += 1
        self.attempts_again += key[1] > 0
        self._end(stage)

    def finish(self) -> None:
        """Ends the stages that the log does not end."""
        for stage in self._open.values():
            self._end(stage)
        self._open.clear()

    def _end(self, stage: Stage) -> None:
        self.most_tasks = max(self.most_tasks, stage.tasks)
        if stage.tasks >= 100 and stage.durations.median < _TINY_MS:
            self.tiny_tasks += stage.tasks
        if stage.tasks > 1:
            _keep(self.uneven, stage, lambda one: one.excess_ms)
        if stage.spilled_disk or stage.spilled_memory:
            _keep(self.spilling, stage, lambda one: one.spilled_memory + one.spilled_disk)


def _keep(kept: list[Stage], stage: Stage, rank: Callable[[Stage], float]) -> None:
    kept.append(stage)
    if len(kept) > _KEPT:
        kept.sort(key=rank, reverse=True)
        kept.pop()
