"""The bucket of Spark's event logs: one prefix per team, which only that team's jobs write; and one
more for shuffle files, if enabled."""

from collections.abc import Sequence
from typing import Annotated

import pulumi
import pulumi_aws as aws

from components.context import Context
from components.formats import text, whole
from components.identity import Statement
from components.private_bucket import (
    NO_DEFAULT_TAGS,
    BucketSettings,
    PrivateBucket,
    read_folder,
)
from components.spark.shuffle_fallback import (
    FALLBACK_PREFIX,
    ShuffleFallbackSettings,
    fallback_expiry,
)
from components.spark.team_access import WRITE_ACTIONS

LOGS = "logs"
"""Part of the bucket's name: `<cluster>-logs-<account>-<region>`."""


class EventLogSettings(BucketSettings):
    """`spark.historyServer.logs`: the bucket of event logs."""

    prefix: Annotated[
        str,
        text(
            r"(?=.{1,100}$)((?!\.\.?/)[A-Za-z0-9_.-]+/)+",
            "a key prefix of letters, digits and _.- that ends with a slash, such as events/",
        ),
    ] = "events/"
    """Prefix of the teams' prefixes."""
    retention_days: Annotated[int, whole(1, 36_500)] = 90
    """Retention of logs, in days."""


_KINDS = ("eventlog_", "spark-")
"""Prefixes of log names: rolling logs (the default since Spark 4.0), and single files."""


class EventLogs(pulumi.ComponentResource):
    """The bucket, and the permissions on one team's prefixes in it."""

    def __init__(
        self,
        name: str,
        settings: EventLogSettings,
        context: Context,
        *,
        teams: Sequence[str],
        fallback: ShuffleFallbackSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:EventLogs", name, None, context.options(opts))
        self._prefix, self._has_fallback = settings.prefix, fallback.enabled
        bucket = PrivateBucket(
            name,
            settings,
            cloud=context.cloud,
            cluster_name=context.cluster.name,
            purpose=LOGS,
            holds="Spark event logs",
            prefix=settings.prefix,
            lifecycle=[
                *(_expiry(settings, team, kind) for team in teams for kind in _KINDS),
                *([fallback_expiry(fallback)] if fallback.enabled else []),
            ],
            protect=context.protect,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bucket, self._arn, self._key_arn = bucket.name, bucket.arn, bucket.key_arn
        for team in teams:
            # Spark does not start a job whose log directory does not exist.
            aws.s3.BucketObjectv2(
                f"{name}-{team}",
                bucket=self.bucket,
                key=f"{settings.prefix}{team}/",
                content="",
                override_provider=NO_DEFAULT_TAGS,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[bucket]),
            )
        self.register_outputs({"bucket": self.bucket})

    def url(self, team: str) -> pulumi.Output[str]:
        """Value of spark.eventLog.dir for a team's jobs."""
        return pulumi.Output.concat("s3a://", self.bucket, f"/{self._prefix}{team}/")

    def fallback_url(self, team: str) -> pulumi.Output[str] | None:
        """Folder for shuffle files of a team's jobs, if enabled."""
        if not self._has_fallback:
            return None
        return pulumi.Output.concat("s3a://", self.bucket, f"/{FALLBACK_PREFIX}{team}/")

    def write_statements(self, team: str) -> list[Statement]:
        """Permissions of a team's jobs. Spark renames a log at its end: a copy and a deletion."""
        shuffle = f"{FALLBACK_PREFIX}{team}"
        return [
            *self.read_statements(team),
            self._write(f"{self._prefix}{team}", "Logs"),
            *(
                [*read_folder(self._arn, shuffle, "Shuffle"), self._write(shuffle, "Shuffle")]
                if self._has_fallback
                else []
            ),
            *self._key("EncryptLogs", "kms:GenerateDataKey"),
        ]

    def read_statements(self, team: str) -> list[Statement]:
        """Permissions to read one team's event logs."""
        return [
            *read_folder(self._arn, f"{self._prefix}{team}", "Logs"),
            *self._key("DecryptLogs", "kms:Decrypt"),
        ]

    def _write(self, folder: str, what: str) -> Statement:
        return Statement(
            f"Write{what}", WRITE_ACTIONS, [pulumi.Output.concat(self._arn, f"/{folder}/*")]
        )

    def _key(self, sid: str, action: str) -> list[Statement]:
        return [Statement(sid, [action], [self._key_arn])] if self._key_arn is not None else []


def _expiry(
    settings: EventLogSettings, team: str, kind: str
) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    """Expiry by prefix of the log's name: the object of the team's prefix itself must stay."""
    return {
        "id": f"{team}-{kind.strip('-_')}",
        "status": "Enabled",
        "filter": {"prefix": f"{settings.prefix}{team}/{kind}"},
        "expiration": {"days": settings.retention_days},
        # Spark renames a log when its job ends, which leaves a noncurrent version.
        "noncurrent_version_expiration": {"noncurrent_days": 7},
    }
