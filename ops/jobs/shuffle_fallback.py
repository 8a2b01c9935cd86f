"""S3 for the shuffle files that a decommissioned executor can give to no other one.

Sources: FallbackStorage, BlockManager and BlockManagerDecommissioner of Spark 4.0.5;
tests/tiers/operator/test_fallback.py.
"""

from collections.abc import Sequence
from typing import Any

from ops.jobs.jobfile import Job
from ops.jobs.team import Team

PATH = "spark.storage.decommission.fallbackStorage.path"
CLEAN_UP = "spark.storage.decommission.fallbackStorage.cleanUp"
"""Spark deletes the job's files when its driver ends by itself."""
_S3A = "hadoop-aws-"


def add(spec: dict[str, Any], job: Job, team: Team, jars: Sequence[str]) -> None:
    """Adds the team's folder to an application; what the job itself configures stays.

    Not without the JARs for S3: such a job starts, and an executor that is decommissioned fails
    before it gives anything to the others.
    """
    folder = team.shuffle_fallback
    if folder and job.uses_s3 and any(one.startswith(_S3A) for one in jars):
        fallback = {PATH: folder, CLEAN_UP: "true"}
        spec["sparkConf"] = dict(sorted({**fallback, **spec["sparkConf"]}.items()))
