"""The answer to `make advise`: each job of the logs with its figures, verdict and advice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ops.advice.advise import Advised, advise
from ops.advice.asked import Asked
from ops.advice.failures import Cause
from ops.advice.fit import Site, TypeFit, type_fits
from ops.advice.model import gib, percent, seconds
from ops.advice.price import Prices, cost
from ops.advice.run import Job, Run
from ops.advice.work import by_bytes, skewed
from ops.plan.prices import basis, on_demand
from ops.plan.quantity import GIB

Figure = tuple[str, str]


@dataclass(frozen=True)
class TypeCost:
    """A type with both sizes, and what the runs cost on it, in USD."""

    fit: TypeFit
    now: float | None
    advised: float | None
    on_demand_now: float | None
    on_demand_advised: float | None


@dataclass(frozen=True)
class Entry:
    """One job. `types` are all types of the team's pool; empty without a team."""

    advised: Advised
    types: tuple[TypeCost, ...]

    @property
    def job(self) -> Job:
        return self.advised.job


@dataclass(frozen=True)
class Report:
    """All jobs; `left_out` are logs that could not be read, with the reason."""

    entries: tuple[Entry, ...]
    site: Site | None
    prices: Prices
    left_out: tuple[str, ...] = ()


def report(
    jobs: Sequence[Job], site: Site | None, prices: Prices, left_out: Sequence[str] = ()
) -> Report:
    entries = []
    for job in jobs:
        found = advise(job, bool(site and site.celeborn))
        types = tuple(_types(found, site, prices))
        entries.append(Entry(_with_room(found, types), types))
    return Report(tuple(entries), site, prices, tuple(left_out))


def _with_room(advised: Advised, types: Sequence[TypeCost]) -> Advised:
    """The same, whose headline says it if no type of the pool takes the advised size."""
    if any(one.fit.advised.executors for one in types):
        return advised
    if not any(one.fit.now.executors for one in types):
        return advised
    return replace(
        advised,
        headline=f"{advised.headline}, but no type of the pool has room for an executor of "
        f"{advised.size.request:g} vCPU and {gib(advised.size.memory)}: fewer cores per executor "
        "need less memory; or other types for the pool",
    )


def _types(advised: Advised, site: Site | None, prices: Prices) -> list[TypeCost]:
    if site is None:
        return []
    hours = sum(run.executor_hours for run in advised.job.runs)
    return [
        TypeCost(
            one,
            cost(hours, one.now, prices.of(one.type)),
            cost(hours, one.advised, prices.of(one.type)),
            cost(hours, one.now, on_demand().get(one.type.name)),
            cost(hours, one.advised, on_demand().get(one.type.name)),
        )
        for one in type_fits(site, advised.job.asked, advised.size)
    ]


def hours(job: Job, size: Asked) -> tuple[float, float]:
    """vCPU-hours and GiB-hours of the executors of all runs, if each asks for `size`."""
    total = sum(run.executor_hours for run in job.runs)
    return total * size.request, total * size.memory / GIB


def figures(job: Job) -> list[Figure]:
    """The figures of a job in words, in the order of the page."""
    asked, latest = job.asked, job.latest
    found = [
        ("time", _median(job, lambda run: run.seconds, seconds)),
        ("executors", _executors(latest)),
        ("asked of memory", _asked(asked)),
        ("peak of memory", _peak(job)),
        ("GC", _share(job, lambda run: run.gc)),
        ("CPU of the tasks' time", _cpu(job)),
        ("cores that ran tasks", _share(job, lambda run: run.busy)),
        ("executors without a job", _share(job, lambda run: run.idle)),
        ("spilled", _spilled(job)),
        ("longest task", _skew(latest)),
        ("shuffle", f"{gib(latest.facts.totals.shuffle_written)} written"),
        ("waited for shuffle files", _share(job, lambda run: run.fetch_wait)),
        ("locality", _localities(latest)),
        ("executor to its first task", _median(job, _start, seconds)),
        ("failed tasks", _failures(job)),
    ]
    if latest.facts.speculative:
        won = latest.facts.speculative_won
        found.append(("speculative tasks", f"{latest.facts.speculative:,}, of which {won:,} won"))
    return [one for one in found if one[1]]


def price_basis(report: Report) -> str:
    """Where prices come from, in a sentence."""
    spot = (
        "Spot: as given in PRICE"
        if report.prices.given
        else "Spot: not known, give PRICE (USD an hour of a vCPU, or of types)"
    )
    return f"{spot}; list price: {basis()} (Karpenter's list), an upper bound"


def _executors(run: Run) -> str:
    cores = "1 core" if run.asked.cores == 1 else f"{run.asked.cores} cores"
    ran = run.facts.executors
    return f"{ran.most} at once, {cores} each; {ran.ran} of {ran.added} ran tasks"


def _median(job: Job, of: Callable[[Run], float | None], show: Callable[[float], str]) -> str:
    found = job.median(of)
    return "not known" if found is None else show(found)


def _share(job: Job, of: Callable[[Run], float | None]) -> str:
    return _median(job, of, percent)


def _asked(asked: Asked) -> str:
    parts = [f"heap {gib(asked.heap)}", f"overhead {gib(asked.overhead)}"]
    parts += [f"Python {gib(asked.pyspark)}"] if asked.pyspark else []
    parts += [f"off-heap {gib(asked.off_heap)}"] if asked.off_heap else []
    return f"{gib(asked.memory)} ({', '.join(parts)})"


def _peak(job: Job) -> str:
    if not job.has_peaks:
        return "not known"
    peaks = [run.facts.peaks for run in job.runs]
    text = f"heap {gib(max(one.heap for one in peaks))}"
    text += f", JVM outside it {gib(max(one.native for one in peaks))}"
    if not job.has_process_tree:
        return f"{text}; processes not known"
    return (
        f"{text}; processes {gib(max(one.rss for one in peaks))}, "
        f"Python {gib(max(one.python_rss for one in peaks))}"
    )


def _cpu(job: Job) -> str:
    found = _share(job, lambda run: run.cpu)
    return f"{found}, without Python's" if job.runs_python else found


def _spilled(job: Job) -> str:
    disk = job.most(lambda run: run.facts.totals.spilled_disk)
    held = job.most(lambda run: run.facts.totals.spilled_memory)
    return f"{gib(disk)} to disk, {gib(held)} in memory" if disk or held else "nothing"


def _skew(run: Run) -> str:
    stage = skewed(run)
    if stage is None:
        return "no longer than others of its stage"
    times = stage.durations.largest / max(1.0, stage.durations.median)
    return f"{stage.title}: {times:,.1f} times the median's time, {by_bytes(stage):,.1f} its bytes"


def _localities(run: Run) -> str:
    total = sum(run.facts.localities.values())
    parts = [
        f"{name} {percent(count / total)}" for name, count in run.facts.localities.most_common(3)
    ]
    return ", ".join(parts)


def _start(run: Run) -> float | None:
    starts = run.facts.executors.starts
    return starts.median / 1000 if starts.count else None


def _failures(job: Job) -> str:
    tasks = sum(run.facts.totals.tasks for run in job.alike)
    counts = {cause: sum(run.facts.failed[cause] for run in job.alike) for cause in Cause}
    parts = [f"{count:,} {cause}" for cause, count in counts.items() if count]
    return f"{sum(counts.values()):,} of {tasks:,}" + (f": {'; '.join(parts)}" if parts else "")
