"""The parameters of this tier: every stack in every mount level, every team, every job."""

from typing import Any, NamedTuple

from ops.jobs.application import Request, documents
from ops.jobs.catalog import JOBS, PROGRAMS, S3A_RELEASE
from ops.jobs.jobfile import Catalog, load
from ops.jobs.team import team_of
from tests.plans import DATA as DATA_SETS
from tests.tiers.cluster.api import Object
from tests.tiers.cluster.combinations import COMBINATIONS, Combination, combination

PODS_OF = (
    combination("dev", "pod"),
    combination("staging", "userdata"),
    combination("prod", "daemonset"),
)
"""Whose pods are made, too. Every level and every stack with pools is among them."""

_SMALL = "{name: team-a, quota: {cpu: 24, memoryGiB: 128}}"
GANGS = Combination(
    "dev",
    "yunikorn",
    (
        "jarMount={level: pod}",
        "spark.yunikorn={enabled: true}",
        f"spark.teams=[{_SMALL}, {{name: team-b}}]",
    ),
)
"""With YuniKorn, and a team whose queue is smaller than the nodes of its pool."""

SMALLEST = Combination(
    "dev",
    "smallest",
    (
        "jarMount={level: pod}",
        "spark.teams=[{name: team-a, maxExecutors: 1, quota: {cpu: 2, memoryGiB: 3, pods: 2}, "
        "clients: [{namespace: proxy}, {namespace: metrics, ports: [8090]}], "
        "submitters: [{namespace: airflow, serviceAccount: worker}]}]",
    ),
)
"""A team with the smallest quota, with doors and an orchestrator; only test_jobs_at_once.py."""

CLAIMS = Combination(
    "dev",
    "claims",
    (
        "jarMount={level: pod}",
        "spark.teams=[{name: team-a, shuffle: claim, quota: {storageGiB: 2}}]",
    ),
)
"""A team whose executors claim their volumes, with a quota for two of a job's three; only
test_claims.py."""

DATA = Combination("dev", "data", ("jarMount={level: pod}", *DATA_SETS))
"""A team with cached data; only test_data_cache.py."""

EVERY = (*PODS_OF, *(one for one in COMBINATIONS if one not in PODS_OF), GANGS)

INPUT, OUTPUT = "s3a://taxi-data/trips/", "s3a://taxi-data/out"


class Wanted(NamedTuple):
    """A job of a team, as `make job` writes it: what it needs beside it, and the application."""

    team: str
    job: str
    beside: list[Object]
    application: Object


def job_of(one: Combination, team: str, job: str, executors: int | None = None) -> Wanted:
    """A job for a team of a combination; `executors` instead of the job's own number."""
    chosen = JOBS[job]
    data = {"input": INPUT, "output": OUTPUT} if chosen.uses_s3 else {"input": "", "output": ""}
    request = Request(name=job, release=S3A_RELEASE, executors=executors, **data)
    *beside, application = documents(chosen, team_of(one.plan, team), request)
    return Wanted(team, job, beside, application)


def iceberg_of(one: Combination, team: str, warehouse: str) -> Wanted:
    """The job of examples/iceberg.yaml, with a Hadoop catalog in place of Glue's."""
    written = load(PROGRAMS / "iceberg.yaml")
    catalog = {"name": "lake", "type": "hadoop", "warehouse": warehouse, "default": True}
    job = written.model_copy(update={"catalog": Catalog.model_validate(catalog)})
    request = Request(name="iceberg", release=S3A_RELEASE)
    *beside, application = documents(job, team_of(one.plan, team), request)
    return Wanted(team, "iceberg", beside, application)


def chart_values(one: Combination, release: str) -> dict[str, Any] | None:
    """The values that the combination's plan gives a release's chart; None without the release."""
    for resource in one.plan.by_type("kubernetes:helm.sh/v3:Release"):
        if resource.inputs.get("name") == release:
            return dict(resource.inputs["values"])
    return None
