"""Real jobs whose size is wrong: the advice names what is wrong, and following it mends the job."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.tiers.advice.spark import CASES, Case, Ran, run
from tests.tiers.operator.programs import Programs, spark_alone
from tests.tiers.programs import or_skip

_AT_ONCE = 2
BY_NAME = {case.name: case for case in CASES}
MENDED = [case.name for case in CASES if case.key]
Runs = Mapping[str, Future[tuple[Ran, Ran | None]]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Each job, and the same as advised; two jobs at a time, since each waits as long as it
    computes."""
    spark, folder = or_skip(spark_alone), tmp_path_factory.mktemp("advice")
    pool = ThreadPoolExecutor(_AT_ONCE)
    found = {case.name: pool.submit(_both, spark, case, folder / case.name) for case in CASES}
    pool.shutdown(wait=False)
    return found


def _both(spark: Programs, case: Case, folder: Path) -> tuple[Ran, Ran | None]:
    before = run(spark, case, folder / "before")
    return before, run(spark, case, folder / "after", before.advised) if case.key else None


def before(runs: Runs, name: str) -> Ran:
    return runs[name].result()[0]


def after(runs: Runs, name: str) -> Ran:
    found = runs[name].result()[1]
    assert found is not None
    return found


@pytest.mark.parametrize("name", MENDED)
def test_what_is_wrong_with_a_job_is_named(name: str, runs: Runs) -> None:
    found = before(runs, name)
    assert BY_NAME[name].key in found.advised, found.job["headline"]
    assert found.job["verdict"] == "change"


def test_a_healthy_job_is_left_alone(runs: Runs) -> None:
    found = before(runs, "healthy")
    assert (found.job["verdict"], found.advised) == ("leave", {}), found.job["headline"]


def test_the_memory_of_a_job_of_a_second_is_not_judged(runs: Runs) -> None:
    found = before(runs, "short")
    assert found.job["verdict"] == "unknown"
    assert "memory cannot be judged" in found.job["headline"]
    assert not any("emory" in key for key in found.advised)


def test_a_job_with_too_much_memory_runs_with_less(runs: Runs) -> None:
    first, second = before(runs, "roomy"), after(runs, "roomy")
    assert (second.code, second.first["outcome"]) == (0, "completed")
    sizes = [one.job["executor"]["now"]["memoryBytes"] for one in (first, second)]
    assert sizes[1] < 0.75 * sizes[0]
    assert second.first["gc"] < 0.1
    assert second.first["spilledDiskBytes"] == 0


def test_a_job_that_spills_keeps_its_rows_in_memory(runs: Runs) -> None:
    first, second = before(runs, "spill"), after(runs, "spill")
    assert first.first["spilledDiskBytes"] > 50 * 1024**2
    assert second.code == 0
    assert second.first["spilledDiskBytes"] < 0.1 * first.first["spilledDiskBytes"]


@pytest.mark.parametrize("name", ["heap", "python"])
def test_a_job_that_ran_out_of_memory_completes(name: str, runs: Runs) -> None:
    first, second = before(runs, name), after(runs, name)
    assert (first.code, first.first["outcome"]) == (1, "failed")
    assert (second.code, second.first["outcome"]) == (0, "completed")


def test_a_job_with_a_hot_key_is_split(runs: Runs) -> None:
    first, second = before(runs, "skew"), after(runs, "skew")
    assert second.code == 0
    assert BY_NAME["skew"].key not in second.advised
    assert second.first["tasks"] > first.first["tasks"]


def test_a_job_that_waits_holds_fewer_executors(runs: Runs) -> None:
    first, second = before(runs, "idle"), after(runs, "idle")
    assert second.code == 0
    # Of the same time: the load of this machine makes a run longer. A second executor may start
    # for the tasks, too, and is given back after a minute.
    held = [one.vcpu_hours * 3600 / one.first["seconds"] for one in (first, second)]
    assert held[1] < 0.9 * held[0]
