"""Jobs whose size is wrong: following the advice on each mends it.

The jobs as they are were recorded. `python -m tests.tiers.advice` runs them and those that are
left out here: a run takes 40 s or more of the processor, most of it starts of JVMs.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.tiers.advice.spark import CASES, Case, Ran, run
from tests.tiers.operator.programs import spark_alone
from tests.tiers.programs import or_skip

_AT_ONCE = 2
MENDED = [case for case in CASES if case.name in ("roomy", "spill", "skew", "heap")]
Runs = Mapping[str, Future[tuple[Ran, Ran]]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Each job as it was recorded, and as advised; two at a time, since each waits as long as it
    computes."""
    spark, folder = or_skip(spark_alone), tmp_path_factory.mktemp("advice")

    def both(case: Case) -> tuple[Ran, Ran]:
        first = case.recorded()
        return first, run(spark, case, folder / case.name, first.advised)

    pool = ThreadPoolExecutor(_AT_ONCE)
    found = {case.name: pool.submit(both, case) for case in MENDED}
    pool.shutdown(wait=False)
    return found


def test_what_is_wrong_with_a_job_is_named(runs: Runs) -> None:
    for case in MENDED:
        first, _ = runs[case.name].result()
        assert case.key in first.advised, first.job["headline"]
        assert first.job["verdict"] == "change"


def test_a_job_with_too_much_memory_runs_with_less(runs: Runs) -> None:
    first, second = runs["roomy"].result()
    assert (second.code, second.first["outcome"]) == (0, "completed")
    sizes = [one.job["executor"]["now"]["memoryBytes"] for one in (first, second)]
    assert sizes[1] < 0.75 * sizes[0]
    assert second.first["gc"] < 0.1
    assert second.first["spilledDiskBytes"] == 0


def test_a_job_that_spills_keeps_its_rows_in_memory(runs: Runs) -> None:
    first, second = runs["spill"].result()
    assert first.first["spilledDiskBytes"] > 50 * 1024**2
    assert second.code == 0
    assert second.first["spilledDiskBytes"] < 0.1 * first.first["spilledDiskBytes"]
    # The same rows.
    written = [one.first["shuffleWrittenBytes"] for one in (first, second)]
    assert written[1] > 0.8 * written[0]


def test_a_job_that_ran_out_of_memory_completes(runs: Runs) -> None:
    first, second = runs["heap"].result()
    assert first.first["outcome"] == "failed"
    assert (second.code, second.first["outcome"]) == (0, "completed")


def test_a_job_with_a_hot_key_is_split(runs: Runs) -> None:
    first, second = runs["skew"].result()
    assert second.code == 0
    key = next(case.key for case in MENDED if case.name == "skew")
    assert key not in second.advised
    assert second.first["tasks"] > first.first["tasks"]
