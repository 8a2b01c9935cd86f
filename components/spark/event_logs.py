"""The bucket of Spark's event logs: a folder a team, which only that team's jobs write."""

from collections.abc import Sequence
from typing import Annotated, Literal

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator

from components.base import Settings, child
from components.cloud import Cloud
from components.identity import Statement
from components.jar_bucket import BucketName, KeyArn
from components.private_bucket import create_bucket
from components.spark.team_access import WRITE_ACTIONS

LOGS = "logs"
"""Part of the bucket's name: `<cluster>-logs-<account>-<region>`."""


class EventLogSettings(Settings):
    """`spark.historyServer.logs`: the bucket of event logs."""

    name: BucketName | None = None
    """Name of the bucket, which the stack makes; without it `<cluster>-logs-<account>-<region>`."""
    prefix: Annotated[str, Field(pattern=r"^([A-Za-z0-9_.-]+/)+$", max_length=100)] = "events/"
    """Where the teams' folders are."""
    retention_days: Annotated[int, Field(ge=1)] = 90
    """Days that a log is kept."""
    encryption: Literal["s3", "kms"] = "s3"
    """SSE-S3, or SSE-KMS with a key of the stack (or `kmsKeyArn`)."""
    kms_key_arn: KeyArn | None = None
    """A given key, with `encryption: kms`."""
    access_log_bucket: BucketName | None = None
    """A given bucket that receives S3 access logs."""
    force_destroy: bool = False
    """`pulumi destroy` deletes the logs too. Refused together with cluster.deletionProtection."""

    @model_validator(mode="after")
    def _consistent(self) -> "EventLogSettings":
        if self.kms_key_arn and self.encryption != "kms":
            raise ValueError("kmsKeyArn needs encryption: kms")
        return self


_KINDS = ("eventlog_", "spark-")
"""How logs begin: in parts (the default since Spark 4.0), and in one file."""


class EventLogs(pulumi.ComponentResource):
    """The bucket, and the rights on one team's folder in it."""

    def __init__(
        self,
        name: str,
        settings: EventLogSettings,
        *,
        cloud: Cloud,
        cluster_name: str,
        teams: Sequence[str],
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:EventLogs", name, None, opts)
        self._prefix = settings.prefix
        made = create_bucket(
            name,
            self,
            cloud=cloud,
            bucket_name=settings.name
            or pulumi.Output.format(
                "{0}-{1}-{2}-{3}", cluster_name, LOGS, cloud.account, cloud.region
            ),
            holds="Spark event logs",
            kms=settings.encryption == "kms",
            key_arn=pulumi.Output.from_input(settings.kms_key_arn)
            if settings.kms_key_arn
            else None,
            prefix=settings.prefix,
            lifecycle=[_expiry(settings, team, kind) for team in teams for kind in _KINDS],
            access_logs=(settings.access_log_bucket, f"{cluster_name}/{LOGS}/")
            if settings.access_log_bucket
            else None,
            force_destroy=settings.force_destroy,
            protect=protect,
        )
        self.bucket, self._arn, self._key_arn = made.name, made.arn, made.key_arn
        for team in teams:
            # Spark refuses to start a job whose log folder is not there.
            aws.s3.BucketObjectv2(
                f"{name}-{team}",
                bucket=self.bucket,
                key=f"{settings.prefix}{team}/",
                content="",
                opts=child(self, depends_on=made.rules),
            )
        self.register_outputs({"bucket": self.bucket})

    def url(self, team: str) -> pulumi.Output[str]:
        """Where a team's jobs write: the value of spark.eventLog.dir."""
        return pulumi.Output.concat("s3a://", self.bucket, f"/{self._prefix}{team}/")

    def write_statements(self, team: str) -> list[Statement]:
        """The rights of a team's jobs. A log is renamed at its end: a copy and a deletion."""
        return [
            *self.read_statements(team),
            Statement(
                "WriteLogs",
                WRITE_ACTIONS,
                [pulumi.Output.concat(self._arn, f"/{self._prefix}{team}/*")],
            ),
            *self._key("EncryptLogs", "kms:GenerateDataKey"),
        ]

    def read_statements(self, team: str) -> list[Statement]:
        """The rights to read one team's folder."""
        folder = f"{self._prefix}{team}"
        return [
            Statement(
                "ListLogs",
                ["s3:ListBucket"],
                [self._arn],
                conditions={"StringLike": {"s3:prefix": [f"{folder}/*"]}},
            ),
            # S3A asks for the folder as if it were an object, without the slash, before it lists.
            Statement(
                "ReadLogs",
                ["s3:GetObject"],
                [
                    pulumi.Output.concat(self._arn, f"/{folder}"),
                    pulumi.Output.concat(self._arn, f"/{folder}/*"),
                ],
            ),
            *self._key("DecryptLogs", "kms:Decrypt"),
        ]

    def _key(self, sid: str, action: str) -> list[Statement]:
        return [Statement(sid, [action], [self._key_arn])] if self._key_arn is not None else []


def _expiry(
    settings: EventLogSettings, team: str, kind: str
) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    """By how a log begins, and not by folder: the folder's own object must stay."""
    return {
        "id": f"{team}-{kind.strip('-_')}",
        "status": "Enabled",
        "filter": {"prefix": f"{settings.prefix}{team}/{kind}"},
        "expiration": {"days": settings.retention_days},
        # Spark renames a log when its job ends, which leaves an old version.
        "noncurrent_version_expiration": {"noncurrent_days": 7},
    }
