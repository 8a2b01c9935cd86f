"""What is advised is a size that Spark takes, that no run failed of, and that the pool has room
for."""

from pathlib import Path

import pytest

from ops.advice.fit import site_of
from ops.advice.price import Prices
from ops.advice.report import report
from tests.ops.advice.events import GIB, MIB, application, even, job
from tests.ops.advice.test_rules import (
    ADVISORY,
    HEAP,
    LOST_137,
    OOM,
    OVERHEAD,
    PYSPARK,
    PYTHON_OOM,
    SPILLED,
    Task,
    advised,
    job_of,
    settings,
)
from tests.plans import plan_of

DYNAMIC = "spark.dynamicAllocation"


def test_a_smaller_heap_leaves_the_memory_beside_it(tmp_path: Path) -> None:
    """Spark takes a share of the heap, 2 GiB of 20, if the job does not say how much."""
    found = advised(
        tmp_path, application(*even(heap=3 * GIB, rss=4.5 * GIB), spark__executor__memory="20g")
    )
    assert settings(found)[OVERHEAD] == ("", "2g")
    assert found.size.overhead == found.job.asked.overhead == 2 * GIB
    assert found.size.memory >= 4.5 * GIB * 1.25


def test_a_larger_heap_takes_a_larger_share_beside_it(tmp_path: Path) -> None:
    found = advised(tmp_path, application(Task(reason=OOM), spark__executor__memory="40g"))
    assert settings(found) == {HEAP: ("40g", "80g")}
    assert found.size.memory == 88 * GIB


@pytest.mark.parametrize(
    ("reason", "key", "spark_key"),
    [
        (OOM, HEAP, "spark__executor__memory"),
        (LOST_137, OVERHEAD, "spark__executor__memoryOverhead"),
        (PYTHON_OOM, PYSPARK, "spark__executor__pyspark__memory"),
    ],
)
def test_more_than_the_largest_run_that_failed(
    reason: dict[str, str], key: str, spark_key: str, tmp_path: Path
) -> None:
    large, small = (
        application(*even(), Task(reason=reason), **{spark_key: one}) for one in ("8g", "4g")
    )
    assert settings(advised(tmp_path, large, small))[key] == ("4g", "16g")


def test_fewer_executors_than_are_kept_at_least_lowers_both(tmp_path: Path) -> None:
    conf = {
        f"spark__dynamicAllocation__{key}": value
        for key, value in (("enabled", "true"), ("minExecutors", "8"), ("maxExecutors", "12"))
    }
    found = settings(advised(tmp_path, application(*even(4), executors=8, **conf)))
    assert found == {
        f"{DYNAMIC}.maxExecutors": ("12", "1"),
        f"{DYNAMIC}.minExecutors": ("8", "1"),
    }


def test_a_task_of_several_cores_needs_as_many(tmp_path: Path) -> None:
    tasks = even(6, seconds=2)
    events = application(*tasks, executors=8, spark__task__cpus="4")
    assert settings(advised(tmp_path, events)) == {"spark.executor.instances": ("8", "6")}


@pytest.mark.parametrize("gap", [30, 300])
def test_executors_are_given_back_in_pauses_that_are_long_enough(gap: int, tmp_path: Path) -> None:
    jobs = [one for n in range(4) for one in job(n, 10 + n * (gap + 10), 20 + n * (gap + 10))]
    events = application(*even(), executors=4, jobs=jobs, seconds=4 * (gap + 10))
    assert (f"{DYNAMIC}.enabled" in settings(advised(tmp_path, events))) is (gap > 60)


def test_sizes_without_a_unit_are_bytes_where_spark_reads_bytes(tmp_path: Path) -> None:
    off_heap = {
        "spark__memory__offHeap__enabled": "true",
        "spark__memory__offHeap__size": str(GIB),
    }
    events = application(
        *SPILLED,
        spark__sql__adaptive__advisoryPartitionSizeInBytes=str(64 * MIB),
        spark__executor__memoryOverhead="512",
        **off_heap,
    )
    found = advised(tmp_path, events)
    assert found.job.asked.off_heap == GIB
    assert found.job.asked.overhead == 512 * MIB
    assert settings(found)[ADVISORY] == ("64m", "40m")


def test_a_size_that_no_type_has_room_for_is_no_plain_advice(tmp_path: Path) -> None:
    site = site_of(plan_of("dev"), "team-a")
    conf = {"spark__executor__memory": "200g"}
    failing = job_of(tmp_path, application(*even(), Task(reason=OOM), **conf))
    (entry,) = report([failing], site, Prices()).entries
    assert "no type of the pool has room for an executor of 4 vCPU" in entry.advised.headline
