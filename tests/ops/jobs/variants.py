"""Jobs of every stack, team and mount level, as the command prints them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from ops.jobs.application import Request, documents
from ops.jobs.catalog import JOBS, S3A_RELEASE
from ops.jobs.check import Verdict, judged
from ops.jobs.findings import Severity
from ops.jobs.model import Target
from ops.jobs.team import rights_of, team_of
from ops.plan.model import Plan
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, NODE, plan_of

POD = ("jarMount={level: pod}",)
# A DaemonSet mounts one set of JARs, so no pool may have a bucket of its own there.
ONE_SET = ("pools=[{name: default}, {name: etl, families: [r7gd, r6gd, r7i, r6id]}]",)


class Variant(NamedTuple):
    """A stack with keys changed, and the mount levels that it may have."""

    stack: str
    changed: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    def plans(self) -> list[Plan]:
        """Its plan in each level."""
        return [plan_of(self.stack, *self.changed, *level) for level in self.levels]

    def __str__(self) -> str:
        return f"{self.stack}{'-changed' if self.changed else ''}"


VARIANTS = (
    Variant("dev", (), ((), NODE, DAEMONSET)),
    Variant("dev", CLUSTER_AUTOSCALER, ((), NODE)),
    Variant("staging", (), (POD, ())),
    Variant("staging", ONE_SET, (POD, DAEMONSET)),
    Variant("prod", (), ((), NODE)),
    # It adds no nodes, so user data has no effect.
    Variant("existing", (), (POD, ())),
)
"""A level `()` stands for the stack's own."""


def over(variants: Sequence[Variant] = VARIANTS) -> pytest.MarkDecorator:
    """A test for each of them; those beyond the first belong to the long tables."""
    return pytest.mark.parametrize(
        "variant",
        [
            pytest.param(one, id=str(one), marks=() if one is VARIANTS[0] else pytest.mark.table)
            for one in variants
        ],
    )


def teams(plan: Plan) -> list[str]:
    """Names of the plan's teams."""
    return list(plan.exports["teams"])


def objects_of(plan: Plan, job: str, team: str, **chosen: Any) -> list[dict[str, Any]]:
    """The objects of a job."""
    given = {"name": job, "release": S3A_RELEASE, **chosen}
    if JOBS[job].uses_s3:
        given = {"input": "s3a://data/trips/", "output": "s3a://data/out/", **given}
    return documents(JOBS[job], team_of(plan, team), Request(**given))


def application(plan: Plan, job: str, team: str, **chosen: Any) -> dict[str, Any]:
    """The SparkApplication of a job."""
    return objects_of(plan, job, team, **chosen)[-1]


def every(plan: Plan) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Team, job and objects of all teams and jobs of a plan."""
    for team in teams(plan):
        for job in JOBS:
            yield team, job, objects_of(plan, job, team)


def target_of(plan: Plan, team: str, **changed: Any) -> Target:
    """Where a job is to run; `changed` are fields of the team."""
    found = team_of(plan, team)
    return Target(plan, replace(found, **changed), rights_of(plan, found))


def verdict_of(
    objects: list[dict[str, Any]], plan: Plan, team: str = "team-a", **changed: Any
) -> Verdict:
    """What is found of the last of these objects, an application."""
    *beside, one = json.loads(json.dumps(objects))
    return judged(one, target_of(plan, team, **changed), beside)


def errors(verdict: Verdict) -> list[str]:
    """A line for each error."""
    return [one.line for one in verdict.of(Severity.error)]


def warnings(verdict: Verdict) -> list[str]:
    """A line for each warning."""
    return [one.line for one in verdict.of(Severity.warning)]
