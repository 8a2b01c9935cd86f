"""Shuffle files of decommissioned executors, in the bucket of event logs: one prefix per team.

Spark puts there what an executor that is decommissioned can give to no other executor.
"""

from typing import Annotated

import pulumi_aws as aws

from components.base import Problems, Settings
from components.formats import whole

FALLBACK_PREFIX = "shuffle-fallback/"
"""Prefix of the teams' prefixes."""


class ShuffleFallbackSettings(Settings):
    """`spark.shuffleFallback`: S3 takes the shuffle files that a decommissioned executor can give
    to no other one. Needs `spark.historyServer`, whose bucket of event logs holds them."""

    enabled: bool = False
    """Jobs that use S3 and keep shuffle files on their nodes put them below
    `shuffle-fallback/<team>/`."""
    days: Annotated[int, whole(1, 365)] = 3
    """Days after which S3 deletes what jobs left there; more than the longest job runs."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])


def fallback_expiry(
    settings: ShuffleFallbackSettings,
) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    """The lifecycle rule of all teams' prefixes. Spark deletes a job's files when the job ends, but
    not those of a driver that is killed."""
    return {
        "id": FALLBACK_PREFIX.rstrip("/"),
        "status": "Enabled",
        "filter": {"prefix": FALLBACK_PREFIX},
        "expiration": {"days": settings.days},
        # The bucket keeps versions: what Spark deletes becomes noncurrent, and is not needed again.
        "noncurrent_version_expiration": {"noncurrent_days": 1},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    }
