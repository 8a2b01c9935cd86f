"""Reads the events of one application, in bounded memory."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.advice.asked import kept
from ops.advice.executors import Executors, Peaks
from ops.advice.failures import Cause, cause_of_loss, cause_of_task
from ops.advice.stages import Stages, Totals
from ops.advice.values import Numbers, listed, mapped, printable, text

_EVENT = re.compile(rb'\s*\{\s*"Event"\s*:\s*"([A-Za-z0-9_.$]{1,200})"')
_OF_SPARK = re.compile(rb"SparkListener[A-Za-z]+|org\.apache\.spark\.[A-Za-z0-9_.$]+")
_OF_PYTHON = ("PythonRDD", "EvalPython", "InPandas", "InArrow", "InPython")
"""In the names of operators and RDDs."""
_LOCALITIES = ("PROCESS_LOCAL", "NODE_LOCAL", "NO_PREF", "RACK_LOCAL", "ANY")


@dataclass
class Collector:
    """What is known of an application after the events so far. Times are in milliseconds."""

    id: str = ""
    name: str = ""
    version: str = ""
    started: float = 0
    ended: float = 0
    """0 if the log does not say so."""
    last: float = 0
    """The latest time in any event that is read."""
    exit_code: int | None = None
    last_job_failed: bool = False
    jobs: int = 0
    failed_jobs: int = 0
    profiles: int = 0
    """Resource profiles beside the default one."""
    conf: dict[str, str] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    peaks: Peaks = field(default_factory=Peaks)
    stages: Stages = field(default_factory=Stages)
    executors: Executors = field(default_factory=Executors)
    failed: Counter[Cause] = field(default_factory=Counter)
    """Failed tasks."""
    lost: Counter[Cause] = field(default_factory=Counter)
    """Executors that were removed for a cause."""
    messages: dict[Cause, str] = field(default_factory=dict)
    """The beginning of the first message."""
    localities: Counter[str] = field(default_factory=Counter)
    python: bool = False
    """Whether a stage has an operator that hands rows to Python."""
    killed: int = 0
    speculative: int = 0
    speculative_won: int = 0
    events: int = 0
    """Events of Spark."""
    bad_lines: int = 0
    """Lines that are no events."""
    numbers: Numbers = field(default_factory=Numbers)

    def read(self, line: bytes) -> None:
        """Counts one line of the log."""
        found = _EVENT.match(line)
        name = found[1] if found else b""
        if not _OF_SPARK.fullmatch(name):
            self.bad_lines += bool(line.strip())
            return
        read = _READERS.get(name)
        if read is None:
            self.events += 1
            return
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            self.bad_lines += 1
            return
        self.events += 1
        if isinstance(event, dict):
            read(self, event)

    def finish(self) -> None:
        """Closes what the log left open."""
        self.stages.finish()
        self.executors.pass_time(self.ended or self.last)

    def _time(self, event: Mapping[str, Any], key: str) -> float:
        found = self.numbers.of(event, key)
        self.last = max(self.last, found)
        return found

    def _log_start(self, event: Mapping[str, Any]) -> None:
        self.version = printable(text(event, "Spark Version"), 40)

    def _application_start(self, event: Mapping[str, Any]) -> None:
        self.id, self.name = text(event, "App ID"), text(event, "App Name")
        self.started = self._time(event, "Timestamp")

    def _application_end(self, event: Mapping[str, Any]) -> None:
        self.ended = self._time(event, "Timestamp")
        code = event.get("ExitCode")
        self.exit_code = code if isinstance(code, int) and abs(code) < 1000 else None

    def _environment(self, event: Mapping[str, Any]) -> None:
        self.conf |= kept(mapped(event, "Spark Properties"))

    def _profile(self, event: Mapping[str, Any]) -> None:
        self.profiles += self.numbers.of(event, "Resource Profile Id") > 0

    def _executor_added(self, event: Mapping[str, Any]) -> None:
        self._time(event, "Timestamp")
        self.executors.add(event, self.numbers)

    def _executor_removed(self, event: Mapping[str, Any]) -> None:
        # The end of the application removes them, too, sometimes with an error of the shutdown.
        if not self.ended and (cause := cause_of_loss(event.get("Removed Reason"))):
            self.lost[cause] += 1
            self.messages.setdefault(cause, text(event, "Removed Reason"))
        self._time(event, "Timestamp")
        self.executors.remove(event, self.numbers)

    def _job_start(self, event: Mapping[str, Any]) -> None:
        self._time(event, "Submission Time")
        self.jobs += 1
        self.executors.job(event, self.numbers, starts=True)

    def _job_end(self, event: Mapping[str, Any]) -> None:
        self._time(event, "Completion Time")
        self.last_job_failed = mapped(event, "Job Result").get("Result") == "JobFailed"
        self.failed_jobs += self.last_job_failed
        self.executors.job(event, self.numbers, starts=False)

    def _stage_completed(self, event: Mapping[str, Any]) -> None:
        info = mapped(event, "Stage Info")
        self._time(info, "Completion Time")
        self.python |= any(
            word in f"{one.get('Name')} {one.get('Scope')}"[:1000]
            for one in listed(info, "RDD Info")
            for word in _OF_PYTHON
        )
        self.stages.complete(info, self.numbers)

    def _stage_metrics(self, event: Mapping[str, Any]) -> None:
        if event.get("Executor ID") != "driver":
            self.peaks.add(mapped(event, "Executor Metrics"), self.numbers)

    def _task_start(self, event: Mapping[str, Any]) -> None:
        info = mapped(event, "Task Info")
        self.executors.task(info.get("Executor ID"), self._time(info, "Launch Time"))

    def _task_end(self, event: Mapping[str, Any]) -> None:
        info, metrics = mapped(event, "Task Info"), mapped(event, "Task Metrics")
        launched, finished = self._time(info, "Launch Time"), self._time(info, "Finish Time")
        self.executors.task(info.get("Executor ID"), launched)
        self.totals.tasks += 1
        self.totals.add(metrics, self.numbers)
        self.peaks.add(mapped(event, "Task Executor Metrics"), self.numbers)
        locality = info.get("Locality")
        self.localities[locality if locality in _LOCALITIES else "other"] += 1
        speculative = info.get("Speculative") is True
        self.speculative += speculative
        reason = mapped(event, "Task End Reason")
        if cause := cause_of_task(reason):
            self.failed[cause] += 1
            self.messages.setdefault(cause, _message(reason))
        elif reason.get("Reason") == "Success" and finished >= launched > 0:
            self.speculative_won += speculative
            self.stages.task(event, finished - launched, metrics, self.numbers)
        else:
            self.killed += reason.get("Reason") == "TaskKilled"


def _message(reason: Mapping[str, Any]) -> str:
    told = (text(reason, key) for key in ("Class Name", "Description", "Loss Reason", "Message"))
    return ": ".join(one for one in told if one)


_READERS: dict[bytes, Callable[[Collector, Mapping[str, Any]], None]] = {
    b"SparkListenerLogStart": Collector._log_start,
    b"SparkListenerApplicationStart": Collector._application_start,
    b"SparkListenerApplicationEnd": Collector._application_end,
    b"SparkListenerEnvironmentUpdate": Collector._environment,
    b"SparkListenerResourceProfileAdded": Collector._profile,
    b"SparkListenerExecutorAdded": Collector._executor_added,
    b"SparkListenerExecutorRemoved": Collector._executor_removed,
    b"SparkListenerJobStart": Collector._job_start,
    b"SparkListenerJobEnd": Collector._job_end,
    b"SparkListenerStageCompleted": Collector._stage_completed,
    b"SparkListenerStageExecutorMetrics": Collector._stage_metrics,
    b"SparkListenerTaskStart": Collector._task_start,
    b"SparkListenerTaskEnd": Collector._task_end,
}
"""The events that are parsed. The others, such as plans of SQL, are skipped by their names."""
