"""Advice on the number of executors: those that wait, and those that are lost."""

from collections.abc import Iterator

from ops.advice.asked import flag, whole
from ops.advice.failures import Cause
from ops.advice.model import Advice, Confidence, percent, seconds
from ops.advice.run import Job, Run

_DYNAMIC = "spark.dynamicAllocation"
_IDLE, _IDLE_CORE_SECONDS = 0.3, 20
_DEFAULT_IDLE_SECONDS, _LEAST_IDLE_SECONDS = 60, 10
_UNUSED = 0.3
_WAITING, _WORKED_SECONDS = 0.4, 3600
NODE, CLAIM, CELEBORN, FALLBACK = "node", "claim", "celeborn", "node, with a fallback in S3"
_RECOVERY = "KubernetesLocalDiskShuffleDataIO"


def is_dynamic(job: Job) -> bool:
    return flag(job.asked.conf, f"{_DYNAMIC}.enabled")


def shuffle_kind(job: Job) -> str:
    """Where the job keeps shuffle files, by its settings."""
    conf = job.asked.conf
    if "celeborn" in conf.get("spark.shuffle.manager", "").lower():
        return CELEBORN
    if conf.get("spark.shuffle.sort.io.plugin.class", "").endswith(_RECOVERY):
        return CLAIM
    return FALLBACK if conf.get("spark.storage.decommission.fallbackStorage.path") else NODE


def waiting(job: Job) -> Iterator[Advice]:
    """Executors that were there while no job ran."""
    idle = job.median(lambda run: run.idle)
    if not idle or idle < _IDLE or job.most(_idle_core_seconds) < _IDLE_CORE_SECONDS:
        return
    conf, most = job.asked.conf, max(1, int(job.most(lambda run: run.facts.executors.most)))
    gap = job.most(lambda run: run.facts.executors.longest_gap / 1000)
    evidence = (
        f"no job ran in {percent(idle)} of the time that executors were there; the longest such "
        f"pause {seconds(gap)}"
    )
    if not is_dynamic(job):
        # An executor is given back once it had nothing to do for so long.
        if most > 1 and gap > _DEFAULT_IDLE_SECONDS:
            why = "executors are given back while the driver works alone, and asked for again"
            for key, now, to in (
                ("enabled", "false", "true"),
                ("minExecutors", "", "1"),
                ("maxExecutors", "", str(most)),
            ):
                yield Advice(
                    f"{_DYNAMIC}.{key}", now, to, Confidence.medium, evidence, why, "executors"
                )
        return
    least = whole(conf, f"{_DYNAMIC}.minExecutors", 0) or 0
    if least > 1:
        yield Advice(
            f"{_DYNAMIC}.minExecutors",
            str(least),
            "1",
            Confidence.medium,
            evidence,
            "so many executors are kept without work",
            "executors.min",
        )
    given = _seconds(conf.get(f"{_DYNAMIC}.executorIdleTimeout", ""))
    timeout = _DEFAULT_IDLE_SECONDS if given is None else given
    shorter = max(_LEAST_IDLE_SECONDS, int(gap / 4))
    if shorter < timeout and gap > 2 * shorter:
        yield Advice(
            f"{_DYNAMIC}.executorIdleTimeout",
            f"{timeout:g}s",
            f"{shorter}s",
            Confidence.low,
            evidence,
            "executors are given back earlier in a pause; a new one takes "
            f"{seconds(job.median(_start) or 0)} to its first task, and longer if a node has to "
            "be started",
            "conf",
        )


def unused(job: Job) -> Iterator[Advice]:
    """Executors without work while jobs ran."""
    run = job.latest
    executors, tasks = run.facts.executors, run.facts.stages.most_tasks
    cores = executors.most * run.asked.cores
    if not job.is_whole or executors.most < 2 or not tasks:
        return
    busy = job.median(_busy_in_jobs)
    wanted = -(-tasks // run.asked.slots)
    if busy is None or busy > _UNUSED or wanted >= executors.most:
        return
    evidence = (
        f"no stage had more than {tasks:,} tasks for {cores:,} cores; they ran tasks in "
        f"{percent(busy)} of the time of jobs"
    )
    why = "a core without a task waits; or cut the work into more tasks"
    key = f"{_DYNAMIC}.maxExecutors" if is_dynamic(job) else "spark.executor.instances"
    place = "executors.max" if is_dynamic(job) else "executors"
    now = job.asked.conf.get(key) or str(executors.most)
    yield Advice(key, now, str(wanted), Confidence.medium, evidence, why, place)
    least = whole(job.asked.conf, f"{_DYNAMIC}.minExecutors", 0) or 0
    if is_dynamic(job) and least > wanted:
        yield Advice(
            f"{_DYNAMIC}.minExecutors",
            str(least),
            str(wanted),
            Confidence.medium,
            evidence,
            "Spark refuses more than maxExecutors",
            "executors.min",
        )


def cores(job: Job) -> Iterator[Advice]:
    """Cores whose tasks wait for something else than the processor."""
    cpu, gc = job.median(lambda run: run.cpu), job.median(lambda run: run.gc) or 0
    wait, asked = job.median(lambda run: run.fetch_wait) or 0, job.asked
    worked = min(run.facts.totals.run / 1000 for run in job.alike)
    if cpu is None or job.runs_python or worked < _WORKED_SECONDS or not job.is_whole:
        return
    if cpu + gc + wait > _WAITING or asked.request < asked.cores or asked.cores < 2:
        return
    yield Advice(
        "spark.kubernetes.executor.request.cores",
        f"{asked.request:g}",
        f"{max(1.0, asked.cores / 2):g}",
        Confidence.low,
        f"tasks used the processor for {percent(cpu)} of their time, collected garbage for "
        f"{percent(gc)} and waited for shuffle files for {percent(wait)}",
        "they wait for data, as from S3: two executors can share cores. The limit stays",
        "executor.request",
    )


def losses(job: Job, celeborn: bool) -> Iterator[Advice]:
    """Shuffle files that are lost with their executors. `celeborn`: whether the team has it."""
    lost, fetches = job.count(Cause.node), job.count(Cause.fetch)
    again = sum(run.facts.stages.attempts_again for run in job.alike)
    if any(job.count(one) for one in (Cause.heap, Cause.container, Cause.executor)) and not lost:
        # They were lost with an executor that ran out of memory.
        return
    kind = shuffle_kind(job)
    if not fetches or kind == CELEBORN:
        return
    to = CELEBORN if celeborn else (FALLBACK if is_dynamic(job) else CLAIM)
    if to == kind:
        return
    yield Advice(
        "where shuffle files are",
        kind,
        to,
        Confidence.medium if lost else Confidence.low,
        f"{fetches:,} fetch failures, {again:,} stages tried again, {lost:,} executors lost by "
        "decommission or with their node",
        "shuffle files that outlive their executor need not be computed again"
        + ("; the stack file's spark.shuffleFallback gives it" if to == FALLBACK else ""),
        "" if to == FALLBACK else "shuffle",
    )


def disk(job: Job) -> Iterator[Advice]:
    """Local disks that were full."""
    if count := job.count(Cause.disk):
        yield Advice(
            "local disk of the executors",
            "",
            "",
            Confidence.high,
            f"{count:,} failures: {Cause.disk} ({job.message(Cause.disk)})",
            "shuffle files and spill need more room: a larger executor.localDisk, or less spill",
            "executor.localDisk",
        )


def _busy_in_jobs(run: Run) -> float | None:
    working = run.facts.executors.core_ms - run.facts.executors.idle_core_ms
    taken = run.facts.totals.run * run.asked.task_cpus
    return min(1.0, taken / working) if working > 0 else None


def _idle_core_seconds(run: Run) -> float:
    return run.facts.executors.idle_core_ms / 1000


def _start(run: Run) -> float | None:
    starts = run.facts.executors.starts
    return starts.median / 1000 if starts.count else None


def _seconds(text: str) -> float | None:
    """Seconds of a time of Spark's configuration, None if it is not set or none."""
    units = {"": 1, "s": 1, "ms": 0.001, "m": 60, "min": 60, "h": 3600}
    digits = text.strip().rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text.strip()[len(digits) :]
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 9 or unit not in units:
        return None
    return int(digits) * units[unit]
