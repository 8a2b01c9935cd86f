"""A cluster that takes no new jobs, with the real operator: a job that runs is retried and ends, a
schedule neither starts a run nor replaces the one that is there."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import Combination
from tests.tiers.cluster.objects import apply_all, clear, of_kind
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.teams import refusal
from tests.tiers.operator.applications import applied, pods_of, state_of
from tests.tiers.operator.cases import PODS_OF
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.test_jobs_at_once import TEAM, Jobs, small_job

EVERY_SECONDS = 5
NO_JOBS = "this cluster takes no new jobs: submit to prod-b"

pytestmark = pytest.mark.parametrize("live", PODS_OF[:1], ids=str, indirect=True)


@contextmanager
def drained(api: Api, live: Stack) -> Iterator[None]:
    """The stack with `spark.acceptJobs: false` for a block."""
    keys = (*live.combination.overrides, "spark.acceptJobs=false", "spark.submitTo=[prod-b]")
    sent = Combination(live.combination.stack, "drained", keys).objects
    added = [
        one
        for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
        for one in of_kind(sent, kind)
        if one["metadata"]["name"] == "spark-drain"
    ]
    assert len(added) == 2
    try:
        apply_all(api, added)
        new = small_job(live, "new").application
        wait_until(lambda: NO_JOBS in refusal(api, new), "it drains", seconds=30)
        yield
    finally:
        clear(api, added)


def runs_of(api: Api, schedule: Object) -> dict[str, Object]:
    """The applications that a schedule created, by name."""
    return {
        one["metadata"]["name"]: {**one, "kind": "SparkApplication"}
        for one in api.items("SparkApplication", TEAM)
        if any(
            owner["name"] == schedule["metadata"]["name"]
            for owner in one["metadata"].get("ownerReferences", ())
        )
    }


def test_what_runs_ends_and_a_schedule_starts_nothing(api: Api, live: Stack) -> None:
    job = small_job(live, "before")
    job.application["spec"]["restartPolicy"] = {
        "type": "OnFailure",
        "onFailureRetries": 1,
        "onFailureRetryInterval": 1,
        "onSubmissionFailureRetries": 10,
        "onSubmissionFailureRetryInterval": 3,
    }
    schedule: Object = {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "ScheduledSparkApplication",
        "metadata": {"name": "often", "namespace": TEAM},
        "spec": {
            "schedule": f"@every {EVERY_SECONDS}s",
            "concurrencyPolicy": "Replace",
            "template": small_job(live, "template").application["spec"],
        },
    }
    work = Jobs(api)
    try:
        with applied(api, [job]):
            api.create(schedule)
            wait_until(lambda: pods_of(api, job.application, "driver"), "a driver", seconds=300)
            wait_until(lambda: runs_of(api, schedule), "a run of the schedule", seconds=60)
            with drained(api, live):
                kept = runs_of(api, schedule)
                assert kept
                # Its first attempt fails: the operator runs spark-submit again.
                (first,) = pods_of(api, job.application, "driver")
                work.report(first, "Failed")
                work.until(lambda: state_of(api, job.application) == "COMPLETED", 300)
                assert api.get(job.application)["status"]["executionAttempts"] == 2
                (run,) = kept.values()
                work.until(lambda: state_of(api, run) == "COMPLETED", 300)
                time.sleep(3 * EVERY_SECONDS)
                now = runs_of(api, schedule)
                assert {one: now[one]["metadata"]["uid"] for one in now} == {
                    one: kept[one]["metadata"]["uid"] for one in kept
                }
            # Accepted again: the run that it missed is started once.
            wait_until(lambda: runs_of(api, schedule).keys() - kept, "the next run", seconds=300)
    finally:
        clear(api, [schedule])
        for one in runs_of(api, schedule).values():
            clear(api, [one])
