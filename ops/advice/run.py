"""One run of a job by its event log, and the runs of one job together."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ops.advice.asked import Asked, asked_of
from ops.advice.collector import Collector
from ops.advice.failures import Cause
from ops.advice.lines import Damage, NotRead, lines
from ops.advice.sources import EventLog
from ops.advice.stats import median_of, share
from ops.advice.values import printable

_RUN = re.compile(r"-[0-9]{10,19}$")
"""What the operator adds to the name of a scheduled application's run."""
LEAST_PEAKS = 5
"""Tasks with a peak of memory, below which it is not judged."""

Advance = Callable[[int], None]


class Outcome(StrEnum):
    """How a run ended."""

    completed = "completed"
    failed = "failed"
    unfinished = "unfinished"
    """Its log has no end: it still runs, its driver was lost, or the log is cut."""


@dataclass(frozen=True)
class Run:
    """One application; `warnings` say what its log lacks."""

    log: str
    facts: Collector
    asked: Asked
    warnings: tuple[str, ...]
    damaged: bool
    """Whether a part of its log could not be read: its figures are lower bounds."""

    @property
    def job(self) -> str:
        """Name of the job that it is a run of."""
        return _RUN.sub("", self.facts.name) or self.facts.id or self.log

    @property
    def namespace(self) -> str:
        return printable(self.asked.conf.get("spark.kubernetes.namespace", ""), 63)

    @property
    def seconds(self) -> float | None:
        """From the start of the application to its end, or to the last event; None if the log has
        no start."""
        end = self.facts.ended or self.facts.last
        return (end - self.facts.started) / 1000 if 0 < self.facts.started <= end else None

    @property
    def outcome(self) -> Outcome:
        if not self.facts.ended:
            return Outcome.unfinished
        failed = self.facts.last_job_failed or self.facts.exit_code not in (None, 0)
        return Outcome.failed if failed else Outcome.completed

    @property
    def is_whole(self) -> bool:
        """Whether its figures are of the whole job."""
        return self.outcome is Outcome.completed and not self.damaged

    @property
    def core_hours(self) -> float:
        return self.facts.executors.core_ms / 3.6e6

    @property
    def executor_hours(self) -> float:
        return self.facts.executors.executor_ms / 3.6e6

    @property
    def gc(self) -> float | None:
        return share(self.facts.totals.gc, self.facts.totals.run)

    @property
    def cpu(self) -> float | None:
        """CPU time of the JVM's tasks in their run time. Python's is not counted by Spark."""
        return share(self.facts.totals.cpu, self.facts.totals.run)

    @property
    def fetch_wait(self) -> float | None:
        return share(self.facts.totals.fetch_wait, self.facts.totals.run)

    @property
    def busy(self) -> float | None:
        """Share of the cores' time that tasks ran."""
        taken = self.facts.totals.run * self.asked.task_cpus
        found = share(taken, self.facts.executors.core_ms)
        return None if found is None else min(1.0, found)

    @property
    def idle(self) -> float | None:
        """Share of the cores' time in which no job ran."""
        return share(self.facts.executors.idle_core_ms, self.facts.executors.core_ms)

    @property
    def coverage(self) -> float:
        """Share of the tasks with a peak of memory."""
        return min(1.0, self.facts.peaks.samples / max(1, self.facts.totals.tasks))

    @property
    def has_peaks(self) -> bool:
        return self.facts.peaks.samples >= LEAST_PEAKS

    def count(self, cause: Cause) -> int:
        """Tasks that failed and executors that were lost for a cause."""
        return self.facts.failed[cause] + self.facts.lost[cause]

    @property
    def runs_python(self) -> bool:
        """Whether Python worked beside the JVM."""
        return (
            self.facts.python
            or bool(self.facts.peaks.python_rss)
            or any(cause in self.facts.failed for cause in (Cause.python, Cause.python_exit))
        )


def read_run(log: EventLog, advance: Advance = lambda count: None) -> Run:
    """The run of a log. Raises NotRead if it is none, or of a codec that is not read; OSError and
    what the parts' streams raise."""
    facts, damage = Collector(), Damage()
    for part in log.parts:
        with part.open() as raw:
            for line in lines(raw, printable(part.name), damage, advance):
                facts.read(line)
                if not facts.events and facts.bad_lines > 100:
                    break
    if not facts.events:
        why = "; ".join(printable(one, 300) for one in damage.problems)
        raise NotRead(
            f"{printable(log.name)}: is no Spark event log: none of its lines is an event of Spark"
            + (f" ({why})" if why else "")
        )
    facts.finish()
    warnings = [*log.warnings, *(printable(one, 300) for one in damage.problems)]
    if facts.bad_lines:
        warnings.append(f"{facts.bad_lines:,} lines are no events: left out")
    if damage.long_lines:
        warnings.append(f"{damage.long_lines:,} lines are too long: left out")
    if facts.numbers.refused:
        warnings.append(f"{facts.numbers.refused:,} values are no possible numbers: left out")
    damaged = bool(warnings)
    if not facts.ended:
        warnings.append("the log has no end: all figures are of the part that is there")
    if not facts.started:
        warnings.append("the log has no start: the job's time and settings may be missing")
    if facts.profiles:
        warnings.append("several resource profiles: figures are of all executors together")
    return Run(
        printable(log.name),
        facts,
        asked_of(facts.conf, facts.executors.cores),
        tuple(warnings),
        damaged,
    )


@dataclass(frozen=True)
class Job:
    """The runs of one job, the latest last. The worst of them rules the memory; the rest is the
    median of the runs that asked for as much as the latest."""

    name: str
    namespace: str
    runs: tuple[Run, ...]

    @property
    def latest(self) -> Run:
        return self.runs[-1]

    @property
    def asked(self) -> Asked:
        """What the latest run asked for."""
        return self.latest.asked

    @property
    def alike(self) -> tuple[Run, ...]:
        """The runs that asked for as much as the latest: what others failed of may be mended."""
        size = self.asked.size
        return tuple(run for run in self.runs if run.asked.size == size)

    @property
    def is_whole(self) -> bool:
        """Whether these are whole: only then anything may be made smaller."""
        return all(run.is_whole for run in self.alike)

    @property
    def has_peaks(self) -> bool:
        return all(run.has_peaks for run in self.alike)

    @property
    def has_process_tree(self) -> bool:
        return all(run.facts.peaks.rss for run in self.alike)

    @property
    def runs_python(self) -> bool:
        return any(run.runs_python for run in self.runs)

    def most(self, of: Callable[[Run], float]) -> float:
        """The largest figure of all runs."""
        return max(of(run) for run in self.runs)

    def median(self, of: Callable[[Run], float | None]) -> float | None:
        """The median of the runs that are alike, None if no run has the figure."""
        known = [found for run in self.alike if (found := of(run)) is not None]
        return median_of(known) if known else None

    def count(self, cause: Cause) -> int:
        """Tasks that failed and executors that were lost for a cause, in the runs that are
        alike."""
        return sum(run.count(cause) for run in self.alike)

    def message(self, cause: Cause) -> str:
        return next(
            (run.facts.messages[cause] for run in self.alike if cause in run.facts.messages), ""
        )


def jobs_of(runs: Iterable[Run]) -> list[Job]:
    """The runs by job, in the order of their names."""
    found: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        found.setdefault((run.namespace, run.job), []).append(run)
    return [
        Job(name, namespace, _in_time(those)) for (namespace, name), those in sorted(found.items())
    ]


def _in_time(runs: Sequence[Run]) -> tuple[Run, ...]:
    return tuple(sorted(runs, key=lambda run: (run.facts.started, run.log)))
