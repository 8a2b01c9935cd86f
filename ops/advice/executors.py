"""The executors of an application: when they were there, what they ran, and their memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.advice.stats import Sketch
from ops.advice.values import Numbers, mapped

_MOST = 200_000
"""Executors that are told apart."""
_MOST_JOBS = 10_000
"""Jobs that run at once."""

HEAP, OFF_HEAP, UNIFIED = "JVMHeapMemory", "JVMOffHeapMemory", "OnHeapUnifiedMemory"
POOLS = ("DirectPoolMemory", "MappedPoolMemory")
JVM_RSS, PYTHON_RSS, OTHER_RSS = (
    "ProcessTreeJVMRSSMemory",
    "ProcessTreePythonRSSMemory",
    "ProcessTreeOtherRSSMemory",
)


@dataclass
class Peaks:
    """The most that any executor used, in bytes. Spark reports each value's own peak, not of one
    moment: a sum of them is an upper bound."""

    samples: int = 0
    """Tasks and stages with a peak: a task that ends between two heartbeats has none."""
    heap: float = 0
    native: float = 0
    """Of the JVM outside its heap, as the JVM counts it."""
    unified: float = 0
    """Of the heap for execution and storage together."""
    jvm_rss: float = 0
    python_rss: float = 0
    other_rss: float = 0
    rss: float = 0
    """Of all processes of an executor; 0 without process tree metrics."""

    def add(self, metrics: Mapping[str, Any], numbers: Numbers) -> None:
        """Counts `Task Executor Metrics` or `Executor Metrics`."""
        heap = numbers.of(metrics, HEAP)
        if not heap:
            return
        self.samples += 1
        jvm, python, other = (numbers.of(metrics, key) for key in (JVM_RSS, PYTHON_RSS, OTHER_RSS))
        native = numbers.of(metrics, OFF_HEAP) + sum(numbers.of(metrics, key) for key in POOLS)
        self.heap = max(self.heap, heap)
        self.native = max(self.native, native)
        self.unified = max(self.unified, numbers.of(metrics, UNIFIED))
        self.jvm_rss = max(self.jvm_rss, jvm)
        self.python_rss = max(self.python_rss, python)
        self.other_rss = max(self.other_rss, other)
        self.rss = max(self.rss, jvm + python + other)


@dataclass
class _Executor:
    added: float
    cores: int
    ran: bool = False


@dataclass
class Executors:
    """All executors of an application; times in milliseconds."""

    added: int = 0
    most: int = 0
    cores: int = 0
    """Cores of the largest."""
    removed: int = 0
    core_ms: float = 0
    """Time that cores were there."""
    executor_ms: float = 0
    idle_core_ms: float = 0
    """Time that cores were there while no job ran, after the first job's start."""
    longest_gap: float = 0
    """The longest such time in one piece."""
    starts: Sketch = field(default_factory=Sketch)
    """From an executor's registration to its first task."""
    ran: int = 0
    """Executors that ran a task."""
    _there: dict[str, _Executor] = field(default_factory=dict)
    _jobs: set[int] = field(default_factory=set)
    _cores_there: int = 0
    _now: float = 0
    _gap: float = 0
    _began: bool = False

    def pass_time(self, time: float) -> None:
        """Counts the time since the last call."""
        if self._now and time > self._now:
            passed = time - self._now
            self.core_ms += passed * self._cores_there
            self.executor_ms += passed * len(self._there)
            if self._began and not self._jobs:
                self.idle_core_ms += passed * self._cores_there
                self._gap += passed if self._there else 0
                self.longest_gap = max(self.longest_gap, self._gap)
        self._now = max(self._now, time)

    def add(self, event: Mapping[str, Any], numbers: Numbers) -> None:
        name = str(event.get("Executor ID"))[:40]
        cores = int(min(numbers.of(mapped(event, "Executor Info"), "Total Cores"), 1024))
        self.pass_time(numbers.of(event, "Timestamp"))
        if name == "driver" or name in self._there or len(self._there) >= _MOST or not cores:
            return
        self._there[name] = _Executor(numbers.of(event, "Timestamp"), cores)
        self._cores_there += cores
        self.added += 1
        self.cores = max(self.cores, cores)
        self.most = max(self.most, len(self._there))

    def remove(self, event: Mapping[str, Any], numbers: Numbers) -> None:
        self.pass_time(numbers.of(event, "Timestamp"))
        gone = self._there.pop(str(event.get("Executor ID"))[:40], None)
        if gone:
            self.removed += 1
            self._cores_there -= gone.cores

    def job(self, event: Mapping[str, Any], numbers: Numbers, *, starts: bool) -> None:
        key = "Submission Time" if starts else "Completion Time"
        self.pass_time(numbers.of(event, key))
        number = int(numbers.of(event, "Job ID"))
        if starts:
            self._began, self._gap = True, 0
        if not starts:
            self._jobs.discard(number)
        elif len(self._jobs) < _MOST_JOBS:
            self._jobs.add(number)

    def task(self, name: Any, launched: float) -> None:
        """Counts the start of an executor's first task."""
        there = self._there.get(str(name)[:40])
        if there and not there.ran and launched:
            there.ran = True
            self.ran += 1
            self.starts.add(max(0.0, launched - there.added))
