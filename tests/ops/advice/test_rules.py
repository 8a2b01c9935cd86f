"""What a log says is named, with the key to change; a healthy job is left alone."""

from pathlib import Path
from typing import Any

import pytest

from ops.advice.advise import Advised, Verdict, advise
from ops.advice.model import Confidence
from ops.advice.run import Job, jobs_of, read_run
from ops.advice.sources import local_logs
from tests.ops.advice.events import (
    GIB,
    MIB,
    Event,
    Task,
    application,
    even,
    job,
    removed,
    stage,
    write,
)

FAILED = {"Reason": "ExceptionFailure", "Description": ""}
OOM = {
    **FAILED,
    "Class Name": "java.lang.OutOfMemoryError",
    "Description": "Java heap space",
    "Full Stack Trace": "java.lang.OutOfMemoryError: Java heap space\n\tat x",
}
PYTHON_OOM = {
    **FAILED,
    "Class Name": "org.apache.spark.api.python.PythonException",
    "Full Stack Trace": "Traceback (most recent call last):\nMemoryError\n",
}
LOST_137 = {
    "Reason": "ExecutorLostFailure",
    "Executor ID": "1",
    "Exit Caused By App": True,
    "Loss Reason": "The executor with id 1 exited with exit code 137(SIGKILL, possible container "
    "OOM).",
}
DECOMMISSIONED = {
    "Reason": "ExecutorLostFailure",
    "Executor ID": "1",
    "Loss Reason": "Executor decommission.",
}
FETCH = {"Reason": "FetchFailed", "Message": "FetchFailedException"}
DISK_FULL = {
    **FAILED,
    "Class Name": "java.io.IOException",
    "Description": "No space left on device",
}
WRONG_DATA = {
    **FAILED,
    "Class Name": "org.apache.spark.SparkNumberFormatException",
    "Description": "[CAST_INVALID_INPUT] spot price 'x' \x1b[30m is no number",
}
HEAP, OVERHEAD = "spark.executor.memory", "spark.executor.memoryOverhead"
PYSPARK = "spark.executor.pyspark.memory"
PARTITIONS = "spark.sql.shuffle.partitions"
ADVISORY = "spark.sql.adaptive.advisoryPartitionSizeInBytes"
THRESHOLD = "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes"
KEY = "the key of this shuffle"
FILES = "where shuffle files are"
DYNAMIC = {
    "spark__dynamicAllocation__enabled": "true",
    "spark__dynamicAllocation__minExecutors": "4",
}
ZIPPED = ("ZippedPartitionsRDD2",)


def job_of(folder: Path, *logs: list[Event]) -> Job:
    for number, events in enumerate(logs):
        write(folder, events, f"spark-{number}")
    (found,) = jobs_of(read_run(one) for one in local_logs(str(folder)))
    return found


def advised(folder: Path, *logs: list[Event]) -> Advised:
    return advise(job_of(folder, *logs))


def settings(found: Advised) -> dict[str, tuple[str, str]]:
    return {one.key: (one.now, one.to) for one in found.advice}


SKEWED = [*even(7, read=1 * MIB), Task(seconds=70, read=90 * MIB)]
SPILLED = even(8, needs=2 * GIB, spilled=1.5 * GIB, read=200 * MIB)
LOGS: list[tuple[str, list[Event], dict[str, tuple[str, str]]]] = [
    ("a healthy job", application(*even()), {}),
    (
        "much memory that is never used",
        application(*even(heap=0.5 * GIB)),
        {HEAP: ("4g", "1g"), OVERHEAD: ("", "410m")},
    ),
    (
        "Python workers that need more than the overhead",
        application(*even(rss=3.3 * GIB, python=GIB)),
        {OVERHEAD: ("410m", "1408m")},
    ),
    (
        "much overhead that is never used",
        application(*even(rss=2.2 * GIB), spark__executor__memoryOverhead="3g"),
        {OVERHEAD: ("3g", "384m")},
    ),
    ("a heap that is too small", application(*even(), Task(reason=OOM)), {HEAP: ("4g", "8g")}),
    (
        "executors that end with Spark's code for out of memory",
        application(*even(), more=[removed("1", "Command exited with code 52", 50)]),
        {HEAP: ("4g", "8g")},
    ),
    (
        "a pod over its limit",
        application(*even(), Task(reason=LOST_137)),
        {OVERHEAD: ("410m", "896m")},
    ),
    (
        "Python without memory, and no limit of its own",
        application(*even(), Task(reason=PYTHON_OOM)),
        {OVERHEAD: ("410m", "896m")},
    ),
    (
        "Python without memory, with a limit",
        application(*even(), Task(reason=PYTHON_OOM), spark__executor__pyspark__memory="500m"),
        {PYSPARK: ("500m", "1g")},
    ),
    (
        "collection of garbage in a full heap",
        application(*even(16, heap=3.8 * GIB, gc=0.3)),
        {HEAP: ("4g", "6g")},
    ),
    (
        "a join with a hot key, below Spark's threshold",
        application(*SKEWED, rdds=ZIPPED),
        {THRESHOLD: ("256m", "4m"), ADVISORY: ("64m", "4m")},
    ),
    (
        "a join with a hot key, without adaptive execution",
        application(*SKEWED, rdds=ZIPPED, spark__sql__adaptive__enabled="false"),
        {"spark.sql.adaptive.enabled": ("false", "true")},
    ),
    (
        "a join with a hot key whose other partitions were joined to two",
        application(
            *even(2, read=15 * MIB, seconds=12),
            Task(seconds=30, read=107 * MIB),
            rdds=ZIPPED,
        ),
        {THRESHOLD: ("256m", "30m"), ADVISORY: ("64m", "30m")},
    ),
    ("a hot key without a join", application(*SKEWED), {KEY: ("", "")}),
    (
        "a slow task with as much input as the others",
        application(*even(7, read=8 * MIB), Task(seconds=70, read=8 * MIB)),
        {"spark.speculation": ("false", "true")},
    ),
    (
        "spill",
        application(*SPILLED),
        {ADVISORY: ("64m", "40m")},
    ),
    (
        "spill with as many partitions as there were tasks",
        application(*SPILLED, spark__sql__shuffle__partitions="8"),
        {PARTITIONS: ("8", "40"), ADVISORY: ("64m", "40m")},
    ),
    (
        "spill of a file's rows",
        application(*even(8, needs=2 * GIB, spilled=1.5 * GIB, input=200 * MIB)),
        {"spark.sql.files.maxPartitionBytes": ("128m", "26m")},
    ),
    (
        "spill of one task among many",
        application(*even(8, read=MIB), Task(needs=3 * GIB, spilled=2 * GIB, read=MIB)),
        {HEAP: ("4g", "26112m")},
    ),
    (
        "executors that wait for the driver",
        application(*even(), executors=2, jobs=job(0, 5, 50), seconds=400),
        {
            "spark.dynamicAllocation.enabled": ("false", "true"),
            "spark.dynamicAllocation.minExecutors": ("", "1"),
            "spark.dynamicAllocation.maxExecutors": ("", "2"),
        },
    ),
    (
        "dynamic allocation that keeps executors",
        application(*even(16), executors=4, jobs=job(0, 5, 50), seconds=400, **DYNAMIC),
        {"spark.dynamicAllocation.minExecutors": ("4", "1")},
    ),
    (
        "more executors than tasks",
        application(*even(4), executors=8),
        {"spark.executor.instances": ("8", "1")},
    ),
    (
        "tasks that wait for S3 most of their time",
        application(*even(8, seconds=1000, cpu=0.2), seconds=2100),
        {"spark.kubernetes.executor.request.cores": ("4", "2")},
    ),
    ("the same in Python", application(*even(8, seconds=1000, cpu=0), rdds=("PythonRDD",)), {}),
    (
        "shuffle files that are lost with Spot nodes",
        application(*even(), Task(reason=FETCH), Task(reason=DECOMMISSIONED)),
        {FILES: ("node", "claim")},
    ),
    (
        "the same with executors that come and go",
        application(
            *even(),
            *(Task(reason=one) for one in (FETCH, DECOMMISSIONED)),
            spark__dynamicAllocation__enabled="true",
        ),
        {FILES: ("node", "node, with a fallback in S3")},
    ),
    (
        "a full local disk",
        application(*even(), Task(reason=DISK_FULL)),
        {"local disk of the executors": ("", "")},
    ),
    (
        "tasks that are too short",
        application(
            *even(1500, seconds=0.05, read=1000),
            spark__sql__shuffle__partitions="1500",
        ),
        {PARTITIONS: ("1500", "150")},
    ),
    ("a network that is too slow", application(*even(16, wait=0.5, read=MIB)), {FILES: ("", "")}),
]


@pytest.mark.parametrize(("what", "events", "expected"), LOGS, ids=[one[0] for one in LOGS])
def test_a_log_leads_to_the_settings_that_mend_it(
    what: str, events: list[Event], expected: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    assert settings(advised(tmp_path, events)) == expected


def test_a_healthy_job_is_left_alone(tmp_path: Path) -> None:
    found = advised(tmp_path, application(*even(rss=2.5 * GIB)))
    assert (found.verdict, found.headline) == (Verdict.leave, "leave it")


@pytest.mark.parametrize(
    ("why", "events", "words"),
    [
        ("no peaks", application(*even(heap=0)), "memory cannot be judged"),
        ("two peaks", application(*even(2), *even(6, heap=0)), "memory cannot be judged"),
        ("no tasks", application(), "memory cannot be judged"),
        ("no end", application(*even(heap=0.5 * GIB), ends=False), "cannot be judged"),
        (
            "an error of the program",
            application(*even(heap=0.5 * GIB), jobs=job(0, 5, 100, "JobFailed")),
            "cannot be judged",
        ),
    ],
)
def test_nothing_is_said_of_memory_without_a_basis(
    why: str, events: list[Event], words: str, tmp_path: Path
) -> None:
    found = advised(tmp_path, events)
    assert (found.verdict, settings(found)) == (Verdict.unknown, {}), found.headline
    assert words in found.headline


@pytest.mark.parametrize("reason", [OOM, LOST_137, PYTHON_OOM], ids=["heap", "137", "python"])
def test_a_job_that_ran_out_of_memory_gets_less_of_nothing(
    reason: dict[str, Any], tmp_path: Path
) -> None:
    roomy = even(heap=0.5 * GIB, rss=GIB)
    conf = {"spark__executor__memoryOverhead": "3g"}
    found = advised(tmp_path, application(*roomy, Task(reason=reason), **conf))
    assert found.size.heap >= found.job.asked.heap
    assert found.size.overhead >= found.job.asked.overhead


def test_an_error_of_the_program_is_no_question_of_size(tmp_path: Path) -> None:
    failing = application(*even(), Task(reason=WRONG_DATA), jobs=job(0, 5, 100, "JobFailed"))
    found = advised(tmp_path, failing)
    assert settings(found) == {}
    assert "the program failed, which no size mends: org.apache.spark.SparkNumber" in found.headline
    assert "\x1b" not in found.headline


def test_pythons_memory_is_not_judged_without_process_trees(tmp_path: Path) -> None:
    rdds = ("PythonRDD", "MapPartitionsRDD")
    found = advised(tmp_path, application(*even(), rdds=rdds))
    assert "Python's among it, is not in the log" in found.headline


def test_the_worst_run_rules_the_memory_and_the_median_the_rest(tmp_path: Path) -> None:
    peaks = (0.5, 0.6, 2.4, 0.7)
    runs = [
        application(*even(heap=peak * GIB), seconds=100 + 10 * number)
        for number, peak in enumerate(peaks)
    ]
    found = advised(tmp_path, *runs)
    assert len(found.job.runs) == 4
    assert settings(found) == {HEAP: ("4g", "3g"), OVERHEAD: ("", "410m")}
    assert found.advice[0].confidence is Confidence.high
    assert found.job.median(lambda run: run.seconds) == 110


def test_one_failed_run_among_many_keeps_the_memory(tmp_path: Path) -> None:
    whole = application(*even(heap=0.5 * GIB))
    failed = application(*even(heap=0.5 * GIB), jobs=job(0, 5, 100, "JobFailed"))
    assert settings(advised(tmp_path, whole, whole, failed)) == {}


def test_what_a_smaller_run_failed_of_is_mended(tmp_path: Path) -> None:
    small = application(*even(), Task(reason=OOM), jobs=job(0, 5, 100, "JobFailed"))
    large = application(*even(heap=6.5 * GIB), spark__executor__memory="8g")
    found = advised(tmp_path, small, large)
    assert (found.verdict, settings(found)) == (Verdict.leave, {})


@pytest.mark.parametrize(
    ("reason", "least"), [(OOM, 4 * GIB), (LOST_137, 410 * MIB)], ids=["heap", "137"]
)
def test_never_as_little_as_a_run_failed_of(
    reason: dict[str, Any], least: int, tmp_path: Path
) -> None:
    roomy = even(heap=0.5 * GIB, rss=0.7 * GIB)
    small = application(*roomy, Task(reason=reason))
    conf = {"spark__executor__memory": "16g", "spark__executor__memoryOverhead": "8g"}
    found = advised(tmp_path, small, application(*roomy, **conf))
    assert settings(found)
    of = found.size.heap if reason is OOM else found.size.overhead
    assert of > least


@pytest.mark.parametrize(("python", "advised_"), [(0.26, False), (0.32, True), (0.6, True)])
def test_python_near_its_pods_limit_gets_more(
    python: float, advised_: bool, tmp_path: Path
) -> None:
    found = advised(tmp_path, application(*even(rss=3.3 * GIB, python=python * GIB)))
    assert (OVERHEAD in settings(found)) is advised_


def test_runs_of_a_schedule_are_one_job(tmp_path: Path) -> None:
    names = ("etl-1764550000000000000", "etl-1764560000000000000")
    job = job_of(tmp_path, *(application(*even(), name=name) for name in names))
    assert (job.name, len(job.runs)) == ("etl", 2)


def test_never_less_than_the_peaks_and_a_quarter(tmp_path: Path) -> None:
    for number in range(40):
        heap, rss = (0.1 + number * 0.1) * GIB, (0.2 + number * 0.12) * GIB
        folder = tmp_path / str(number)
        found = advised(
            folder, application(*even(heap=heap, rss=rss), spark__executor__memoryOverhead="2g")
        )
        if settings(found):
            assert found.size.heap >= min(heap * 1.25, found.job.asked.heap)
            assert found.size.memory >= rss * 1.25


def test_a_stage_that_failed_again_counts_as_an_attempt(tmp_path: Path) -> None:
    found = job_of(tmp_path, application(*even(), more=[stage(0, 1), stage(0, 2)]))
    assert found.latest.facts.stages.attempts_again == 2
