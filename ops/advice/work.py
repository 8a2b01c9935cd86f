"""Advice on how the work is cut into tasks: skew, spill, partitions."""

import math
from collections.abc import Iterator

from ops.advice.asked import flag, number, rounded_up, size, spark_size, whole
from ops.advice.failures import Cause
from ops.advice.memory import HEAP, MARGIN, too_small
from ops.advice.model import Advice, Confidence, gib, percent, seconds
from ops.advice.run import Job, Run
from ops.advice.stages import Stage
from ops.plan.quantity import MIB

PARTITIONS = "spark.sql.shuffle.partitions"
ADVISORY = "spark.sql.adaptive.advisoryPartitionSizeInBytes"
_THRESHOLD = "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes"
_ADAPTIVE = ("spark.sql.adaptive.enabled", "spark.sql.adaptive.skewJoin.enabled")
_FILES = "spark.sql.files.maxPartitionBytes"
_RESERVED, _FRACTION = 300 * MIB, 0.6
_DEFAULT_PARTITIONS, _DEFAULT_ADVISORY, _DEFAULT_THRESHOLD = 200, 64 * MIB, 256 * MIB
_DEFAULT_FILES = 128 * MIB
_UNEVEN, _EXCESS_SHARE, _EXCESS_SECONDS = 3.0, 0.05, 1.0
"""The longest task against the median, and how much of the job's time that costs."""
_LONGER = 1.5
"""The same, if its bytes are as uneven: a cost that all tasks share hides how uneven they are."""
_FEW = 4
_SPILL_SHARE = 0.1
_MANY_TINY, _TINY_SHARE = 1000, 0.5
_WAIT_SHARE, _WAIT_SECONDS = 0.2, 30


def skewed(run: Run) -> Stage | None:
    """The stage whose longest task costs the run the most, if that is worth a change."""
    total = run.seconds or 0
    for stage in sorted(run.facts.stages.uneven, key=lambda one: one.excess_ms, reverse=True):
        excess = stage.excess_ms / 1000
        ratio = stage.durations.largest / max(1.0, stage.durations.median)
        if excess < max(_EXCESS_SECONDS, _EXCESS_SHARE * total):
            return None
        if by_bytes(stage) >= _UNEVEN:
            found = ratio >= _LONGER
        else:
            # Of few tasks one may take longer by chance.
            found = ratio >= _UNEVEN and stage.tasks >= _FEW
        if found:
            return stage
    return None


def by_bytes(stage: Stage) -> float:
    """How many times the median task's bytes the largest one read from the shuffle: 1 if even, or
    if nothing was read."""
    reads = stage.reads
    return reads.largest / max(reads.median, reads.mean / 4, 1) if reads.largest >= 1024 else 1.0


def skew(job: Job) -> Iterator[Advice]:
    """For the worst stage of the latest run that has one."""
    stage = next((found for run in reversed(job.alike) if (found := skewed(run))), None)
    if stage is None:
        return
    conf, durations, reads = job.asked.conf, stage.durations, stage.reads
    evidence = (
        f"{stage.title}: longest of {stage.tasks:,} tasks {seconds(durations.largest / 1000)}, "
        f"median {seconds(durations.median / 1000)}"
    )
    if by_bytes(stage) < _UNEVEN:
        if reads.largest and not flag(conf, "spark.speculation"):
            yield Advice(
                "spark.speculation",
                "false",
                "true",
                Confidence.low,
                f"{evidence}; their input is even: largest {gib(reads.largest)}, median "
                f"{gib(reads.median)} from the shuffle",
                "a slow node, or a row that takes long: another attempt helps against the first",
                "conf",
            )
        return
    evidence += f"; from the shuffle {gib(reads.largest)}, median {gib(reads.median)}"
    target = rounded_up(max(reads.mean / 4, 2 * reads.median, MIB), MIB)
    threshold = size(conf, _THRESHOLD, _DEFAULT_THRESHOLD) or _DEFAULT_THRESHOLD
    adaptive = all(flag(conf, key, True) for key in _ADAPTIVE)
    if stage.joins and not adaptive:
        for key in _ADAPTIVE:
            if not flag(conf, key, True):
                why = "Spark splits a skewed partition of a join by itself"
                yield Advice(key, "false", "true", Confidence.high, evidence, why, "conf")
    elif stage.joins and target < reads.largest <= threshold:
        yield Advice(
            _THRESHOLD,
            spark_size(threshold),
            spark_size(target),
            Confidence.medium,
            evidence,
            "Spark splits a partition of a join only above this size",
            "conf",
        )
        advisory = size(conf, ADVISORY, _DEFAULT_ADVISORY) or _DEFAULT_ADVISORY
        if advisory > target:
            yield Advice(
                ADVISORY,
                spark_size(advisory),
                spark_size(target),
                Confidence.medium,
                evidence,
                "the size of the pieces that it is split into",
                "conf",
            )
    else:
        yield Advice(
            "the key of this shuffle",
            "",
            "",
            Confidence.high if by_bytes(stage) > 2 * _UNEVEN else Confidence.medium,
            evidence,
            "most rows have one key: add a random number to it (salting) and combine in a second "
            "step, or treat that key apart; more partitions do not split a key",
        )


def spill(job: Job) -> Iterator[Advice]:
    """More partitions, or more memory for each, where tasks wrote what did not fit to disk."""
    run = max(job.alike, key=lambda one: one.facts.totals.spilled_disk)
    totals = run.facts.totals
    handled = totals.shuffle_read + totals.shuffle_written + totals.read
    if not run.facts.stages.spilling or totals.spilled_disk < _SPILL_SHARE * max(handled, MIB):
        return
    stage = max(run.facts.stages.spilling, key=lambda one: one.spilled_disk)
    asked, needs = run.asked, stage.needs
    fraction = number(asked.conf, "spark.memory.fraction", _FRACTION) or _FRACTION
    room = max(1.0, asked.heap - _RESERVED) * min(fraction, 1) / asked.slots
    evidence = (
        f"{stage.title}: {stage.tasks:,} tasks spilled {gib(stage.spilled_disk)} to disk; the "
        f"largest needed {gib(needs.largest)}, and {gib(room)} of memory is there for a task"
    )
    even = needs.largest < _UNEVEN * max(needs.median, 1)
    if even and stage.reads.largest:
        times = math.ceil(needs.largest * MARGIN / room)
        yield from _more_partitions(job, stage, max(2, times), evidence)
    elif even and stage.inputs.largest:
        now = size(asked.conf, _FILES, _DEFAULT_FILES) or _DEFAULT_FILES
        times = max(2, math.ceil(needs.largest * MARGIN / room))
        yield Advice(
            _FILES,
            spark_size(now),
            spark_size(max(MIB, now // times)),
            Confidence.medium,
            evidence,
            "smaller pieces of the input fit into memory",
            "conf",
        )
    else:
        heap = needs.largest * asked.slots / fraction * MARGIN + _RESERVED
        heap = max(heap, asked.heap * 1.25, too_small(job, Cause.heap))
        yield Advice(
            HEAP,
            spark_size(asked.heap),
            spark_size(rounded_up(heap, 256 * MIB)),
            Confidence.medium if stage.tasks > 1 else Confidence.low,
            evidence,
            "only some tasks are so large: more partitions would not divide them",
            "executor.memory",
        )


def _more_partitions(job: Job, stage: Stage, times: int, evidence: str) -> Iterator[Advice]:
    conf = job.asked.conf
    now = whole(conf, PARTITIONS, _DEFAULT_PARTITIONS) or _DEFAULT_PARTITIONS
    wanted = min(stage.tasks * times, 100_000)
    if wanted > now:
        yield Advice(
            PARTITIONS,
            str(now),
            str(wanted),
            Confidence.medium,
            evidence,
            f"{times} times as many tasks of the stage hold their rows in memory",
            "conf",
        )
    advisory = size(conf, ADVISORY, _DEFAULT_ADVISORY) or _DEFAULT_ADVISORY
    target = rounded_up(max(stage.reads.total / wanted, MIB), MIB)
    coalesces = flag(conf, "spark.sql.adaptive.enabled", True) and flag(
        conf, "spark.sql.adaptive.coalescePartitions.enabled", True
    )
    if coalesces and target < advisory:
        yield Advice(
            ADVISORY,
            spark_size(advisory),
            spark_size(target),
            Confidence.medium,
            evidence,
            "otherwise Spark joins small partitions again up to this size",
            "conf",
        )


def partitions(job: Job) -> Iterator[Advice]:
    """Fewer tasks, where most of them are shorter than it takes to schedule them."""
    run = job.latest
    tiny, tasks = run.facts.stages.tiny_tasks, run.facts.totals.tasks
    if tiny < max(_MANY_TINY, _TINY_SHARE * tasks):
        return
    reads = run.facts.totals.shuffle_read > run.facts.totals.read
    key = PARTITIONS if reads else _FILES
    now = run.asked.conf.get(key, "200" if reads else "128m")
    to = ""
    if reads and (partitions := whole(run.asked.conf, PARTITIONS, _DEFAULT_PARTITIONS)):
        to = str(max(run.facts.executors.most * run.asked.slots, partitions // 10, 1))
    yield Advice(
        key,
        now,
        to if to and int(to) < int(now) else "",
        Confidence.medium,
        f"{tiny:,} of {tasks:,} tasks are of stages with a median below 0.2 s",
        "such a task takes longer to schedule than to run: fewer and larger ones",
        "conf",
    )


def fetches(job: Job) -> Iterator[Advice]:
    """Waiting for shuffle files."""
    waited = job.median(lambda run: run.fetch_wait)
    if waited and waited >= _WAIT_SHARE and job.most(_waited) >= _WAIT_SECONDS:
        yield Advice(
            "where shuffle files are",
            "",
            "",
            Confidence.low,
            f"tasks waited {percent(waited)} of their time for shuffle files; "
            f"{gib(job.latest.facts.totals.shuffle_read)} were read",
            "network or disks limit the shuffle: fewer and larger executors fetch less from "
            "others; a pool with local NVMe disks serves faster",
            "shuffle",
        )


def _waited(run: Run) -> float:
    return run.facts.totals.fetch_wait / 1000
