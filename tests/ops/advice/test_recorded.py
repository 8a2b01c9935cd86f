"""Logs of real jobs, recorded with Spark 4.0.5 (tests/tiers/advice/__main__.py) and trimmed: each
before and after it was changed as advised."""

from pathlib import Path

import pytest

from ops.advice.advise import Advised, Verdict, advise
from ops.advice.run import Outcome, jobs_of, read_run
from ops.advice.sources import local_logs

RECORDED = Path(__file__).with_name("recorded")
NAMED = {
    "roomy": {"spark.executor.memory"},
    "spill": {
        "spark.sql.shuffle.partitions",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes",
    },
    "heap": {"spark.executor.memory"},
    "skew": {
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes",
    },
    "python": {"spark.executor.pyspark.memory"},
    "idle": {"spark.dynamicAllocation.minExecutors"},
    "short": set[str](),
    "healthy": set[str](),
}
"""The settings that the advice on each names, and no others."""


def advised(name: str) -> Advised:
    (log,) = local_logs(str(RECORDED / f"{name}.zstd"))
    (job,) = jobs_of([read_run(log)])
    return advise(job)


@pytest.mark.parametrize(("name", "keys"), NAMED.items(), ids=NAMED)
def test_the_advice_on_a_real_job(name: str, keys: set[str]) -> None:
    found = advised(name)
    sure = {one.key for one in found.advice if one.confidence != "low"}
    assert sure == keys
    verdicts = {"healthy": Verdict.leave, "short": Verdict.unknown}
    assert found.verdict is verdicts.get(name, Verdict.change)


@pytest.mark.parametrize("name", ["heap", "python"])
def test_a_real_job_that_ran_out_of_memory_completed_as_advised(name: str) -> None:
    before, after = (advised(one).job.latest for one in (name, f"{name}-advised"))
    assert (before.outcome, after.outcome) == (Outcome.failed, Outcome.completed)


def test_a_real_job_that_spilled_no_longer_does_as_advised() -> None:
    before, after = (advised(one).job.latest.facts.totals for one in ("spill", "spill-advised"))
    assert before.spilled_disk > 50 * 1024**2
    assert after.spilled_disk < 0.1 * before.spilled_disk


def test_a_real_job_is_not_advised_to_go_back() -> None:
    for name in ("roomy", "heap", "python"):
        size, then = advised(name).size, advised(f"{name}-advised")
        assert then.job.asked.memory == size.memory
        assert then.size.memory <= size.memory
