"""Advice on an executor's memory: heap, overhead, and Python's."""

from collections.abc import Callable, Iterator, Sequence

from ops.advice.asked import Asked, number, overhead_of, rounded_up, spark_size
from ops.advice.failures import MEMORY, Cause
from ops.advice.model import Advice, Confidence, gib, percent
from ops.advice.run import LEAST_PEAKS, Job, Run
from ops.plan.quantity import GIB, MIB

HEAP, OVERHEAD = "spark.executor.memory", "spark.executor.memoryOverhead"
PYSPARK = "spark.executor.pyspark.memory"
MARGIN = 1.25
"""Never less than the highest peak of all runs and a quarter more."""
_RESERVED = 300 * MIB
"""Of the heap for Spark itself, before spark.memory.fraction (UnifiedMemoryManager)."""
_FRACTION = 0.6
_LEAST_HEAP, _LEAST_OVERHEAD = 1 * GIB, 384 * MIB
_STEP = 256 * MIB
_NEARLY = 0.9
"""Of the memory beside the heap: a pod at its limit has not been seen above it."""
_WORTH = 0.2
"""Share of a pod's memory that is worth a change."""
_MUCH_GC, _GC_SECONDS = 0.1, 10
_SURE_RUNS, _SURE_COVERAGE = 3, 0.5


def unknown(job: Job) -> str:
    """Why memory cannot be judged; empty if it can."""
    if not job.has_peaks:
        fewest = min(run.facts.peaks.samples for run in job.alike)
        return (
            f"{fewest} tasks have a peak of memory in the log, and {LEAST_PEAKS} are needed: the "
            "executors report every 10 s (spark.executor.heartbeatInterval)"
        )
    return ""


def unknown_beside(job: Job) -> str:
    """Why memory beside the heap cannot be judged; empty if it can."""
    if job.has_process_tree or unknown(job):
        return ""
    python = ", Python's among it," if job.runs_python else ""
    return (
        f"memory beside the heap{python} is not in the log: set "
        "spark.executor.processTreeMetrics.enabled to true"
    )


def needed_heap(job: Job) -> int:
    """Heap for the highest peaks of all runs, with the margin."""
    fraction = number(job.asked.conf, "spark.memory.fraction", _FRACTION) or _FRACTION
    for_rows = job.most(lambda run: run.facts.peaks.unified) / min(fraction, 1) + _RESERVED
    peak = job.most(_heap)
    # All processes together, in a pod with as much beside the heap as now.
    beside_heap = job.asked.memory - job.asked.heap
    of_pod = job.most(lambda run: run.facts.peaks.rss) * MARGIN - beside_heap
    needed = max(peak * MARGIN, for_rows * MARGIN, of_pod, too_small(job, Cause.heap))
    return max(rounded_up(needed, _STEP), _LEAST_HEAP)


def too_small(job: Job, *causes: Cause) -> float:
    """A byte more than any run asked for that failed of a cause: of the heap, or beside it."""
    if Cause.heap in causes:
        return _failed_with(job, causes, lambda one: one.heap) + 1
    return _failed_with(job, causes, lambda one: one.memory - one.heap) + 1


def _failed_with(job: Job, causes: Sequence[Cause], of: Callable[[Asked], int]) -> int:
    """The most that a run asked for that failed of one of the causes; -1 if none did."""
    failed = [run.asked for run in job.runs if any(run.count(one) for one in causes)]
    return max(map(of, failed), default=-1)


def native(job: Job) -> float:
    """The most that a JVM took outside its heap: as it counts it, or what its process has beyond
    the heap's peak."""
    return job.most(
        lambda run: max(run.facts.peaks.native, run.facts.peaks.jvm_rss - run.facts.peaks.heap)
    )


def beside(job: Job) -> float:
    """The most that Python and other processes took."""
    return job.most(lambda run: run.facts.peaks.python_rss + run.facts.peaks.other_rss)


def needed_overhead(job: Job) -> int:
    """Memory beside the heap for the highest peaks of all runs, with the margin and without what
    the settings of off-heap and Python memory ask for."""
    failed = too_small(job, *(one for one in MEMORY if one is not Cause.heap))
    needed = max((native(job) + beside(job)) * MARGIN, failed)
    needed -= job.asked.pyspark + job.asked.off_heap
    return max(rounded_up(max(0.0, needed), 128 * MIB), _LEAST_OVERHEAD)


def confidence(job: Job) -> Confidence:
    """By the number of runs and by how many of their tasks have a peak."""
    coverage = min(run.coverage for run in job.alike)
    if coverage < _SURE_COVERAGE / 2:
        return Confidence.low
    sure = len(job.alike) >= _SURE_RUNS and coverage >= _SURE_COVERAGE
    return Confidence.high if sure else Confidence.medium


def failures(job: Job) -> Iterator[Advice]:
    """More memory for jobs that ran out of it."""
    asked = job.asked
    if count := job.count(Cause.heap):
        failed = _failed_with(job, [Cause.heap], lambda one: one.heap)
        yield Advice(
            HEAP,
            spark_size(asked.heap),
            spark_size(rounded_up(max(2 * failed, job.most(_heap) * MARGIN), _STEP)),
            Confidence.medium,
            f"{_times(count)}: {Cause.heap} ({job.message(Cause.heap)})",
            "the heap is too small; how much the tasks need is not in the log, so twice as much"
            + ("; fewer cores per executor give each task more, too" if asked.cores > 1 else ""),
            "executor.memory",
        )
    if count := job.count(Cause.python):
        key, now = (PYSPARK, asked.pyspark) if asked.pyspark else (OVERHEAD, asked.overhead)
        failed = _failed_with(
            job, [Cause.python], lambda one: one.pyspark if asked.pyspark else one.overhead
        )
        peak = job.most(lambda run: run.facts.peaks.python_rss)
        yield Advice(
            key,
            spark_size(now),
            spark_size(rounded_up(max(2 * failed, peak * MARGIN), 128 * MIB)),
            Confidence.medium,
            f"{_times(count)}: {Cause.python}; the most seen of Python is "
            + (gib(peak) if peak else "not known"),
            "Python reached its limit; how much it needs is not in the log, so twice as much",
            "conf" if asked.pyspark else "executor.overhead",
        )
    causes = (Cause.container, Cause.off_heap, Cause.python_exit)
    if killed := sum(job.count(one) for one in causes):
        cause = next(one for one in causes if job.count(one))
        failed = _failed_with(job, causes, lambda one: one.overhead)
        least = needed_overhead(job) if job.has_process_tree else 0
        yield Advice(
            OVERHEAD,
            spark_size(asked.overhead),
            spark_size(rounded_up(max(2 * failed, least), 128 * MIB)),
            Confidence.medium if cause is Cause.container else Confidence.low,
            f"{_times(killed)}: {cause} ({job.message(cause)})",
            "memory outside the heap reached the pod's limit, or something else killed it: "
            "`kubectl describe pod` says OOMKilled while the pod is there",
            "executor.overhead",
        )


def peaks(job: Job) -> Iterator[Advice]:
    """Memory by the peaks: more where it is short; less where all runs are whole, none ran out of
    memory and none spilled."""
    if unknown(job):
        return
    asked, heap = job.asked, job.most(_heap)
    seen = f"peak of the heap {gib(heap)} of {gib(asked.heap)} in {_runs(job)}"
    gc = job.median(lambda run: run.gc)
    if gc and gc >= _MUCH_GC and job.most(_gc_seconds) >= _GC_SECONDS and heap > 0.7 * asked.heap:
        yield Advice(
            HEAP,
            spark_size(asked.heap),
            spark_size(rounded_up(max(asked.heap * 1.5, too_small(job, Cause.heap)), _STEP)),
            Confidence.medium,
            f"GC took {percent(gc)} of the tasks' time; {seen}",
            "the collector works against a full heap",
            "executor.memory",
        )
    elif _has_plenty(job) and asked.memory * _WORTH <= asked.heap - needed_heap(job):
        yield Advice(
            HEAP,
            spark_size(asked.heap),
            spark_size(needed_heap(job)),
            confidence(job),
            f"{seen}; for rows and blocks {gib(job.most(lambda run: run.facts.peaks.unified))}",
            f"the highest peak and a quarter more; {_sample(job)}",
            "executor.memory",
        )
    yield from _overhead(job)


def _overhead(job: Job) -> Iterator[Advice]:
    asked = job.asked
    if not job.has_process_tree:
        return
    given = asked.overhead + asked.pyspark + asked.off_heap
    lower = _counted(job) + beside(job)
    seen = (
        f"beside the heap {gib(native(job) + beside(job))} of {gib(given)} asked: JVM "
        f"{gib(native(job))}, Python {gib(job.most(lambda run: run.facts.peaks.python_rss))}, "
        f"others {gib(job.most(lambda run: run.facts.peaks.other_rss))}"
    )
    if lower > _NEARLY * given:
        yield Advice(
            OVERHEAD,
            spark_size(asked.overhead),
            spark_size(needed_overhead(job)),
            Confidence.high if lower > given else Confidence.medium,
            seen,
            "with a full heap the pod reaches its limit and the kernel kills it (exit code 137)",
            "executor.overhead",
        )
    elif _has_plenty(job) and asked.memory * _WORTH <= asked.overhead - needed_overhead(job):
        yield Advice(
            OVERHEAD,
            spark_size(asked.overhead),
            spark_size(needed_overhead(job)),
            confidence(job),
            seen,
            f"the highest peak and a quarter more; {_sample(job)}",
            "executor.overhead",
        )


def kept_overhead(job: Job, heap: int) -> Iterator[Advice]:
    """The overhead as it is now, if Spark would make it smaller with a smaller heap."""
    asked = job.asked
    if overhead_of(asked.conf, heap) < asked.overhead:
        yield Advice(
            OVERHEAD,
            "",
            spark_size(asked.overhead),
            Confidence.high,
            f"{gib(asked.overhead)} now, a share of the heap; {gib(overhead_of(asked.conf, heap))} "
            f"with a heap of {gib(heap)}",
            "memory beside the heap does not shrink with it",
            "executor.overhead",
        )


def _has_plenty(job: Job) -> bool:
    spilled = any(run.facts.totals.spilled_disk for run in job.alike)
    return job.is_whole and not spilled and not any(job.count(cause) for cause in MEMORY)


def _counted(job: Job) -> float:
    """What the JVM takes outside its heap at least: its process may hold the whole heap."""
    return job.most(
        lambda run: max(run.facts.peaks.native, run.facts.peaks.jvm_rss - run.asked.heap)
    )


def _heap(run: Run) -> float:
    return run.facts.peaks.heap


def _gc_seconds(run: Run) -> float:
    return run.facts.totals.gc / 1000


def _times(count: int) -> str:
    return "1 failure" if count == 1 else f"{count:,} failures"


def _runs(job: Job) -> str:
    return "one run" if len(job.runs) == 1 else f"{len(job.runs)} runs"


def _sample(job: Job) -> str:
    if len(job.runs) == 1:
        return "one run is one sample: other input may need more"
    return f"the worst of {len(job.runs)} runs"
