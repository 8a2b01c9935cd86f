"""Where logs go: a bucket, or log groups; who writes there, and what a team may read."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.context import Context
from components.identity import Statement
from components.logs.layout import (
    Bucket,
    LogGroups,
    group,
    key_format,
    of_others,
    of_teams,
)
from components.logs.pipeline import cloudwatch_output, s3_output
from components.logs.settings import POD_LOGS, LogsSettings
from components.private_bucket import PrivateBucket, read_folder

_GROUPS_A_POLICY = 40
"""As many ARNs of log groups fit in IAM's 6,144 characters, with the longest names."""


class LogBucket(pulumi.ComponentResource):
    """A bucket with a prefix for each namespace."""

    def __init__(
        self,
        name: str,
        settings: LogsSettings,
        context: Context,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:logs:Bucket", name, None, context.options(opts))
        self._settings, self._region = settings, context.cloud.region
        self.structured = settings.structured
        kept = settings.bucket
        bucket = PrivateBucket(
            name,
            kept,
            cloud=context.cloud,
            cluster_name=context.cluster.name,
            purpose=POD_LOGS,
            holds="Logs of pods",
            prefix=kept.prefix,
            lifecycle=[
                {
                    "id": "logs",
                    "status": "Enabled",
                    "filter": {"prefix": kept.prefix},
                    "expiration": {"days": kept.retention_days},
                    "noncurrent_version_expiration": {"noncurrent_days": 7},
                }
            ],
            protect=context.protect,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._bucket, self._arn, self._key_arn = bucket.name, bucket.arn, bucket.key_arn
        self.register_outputs(
            {
                "bucket": self._bucket,
                "podLogs": {"uploadSeconds": settings.upload_seconds, "destination": "s3"},
            }
        )

    def place(self, team: str) -> pulumi.Output[str]:
        """Folder or log group of a team's logs."""
        return pulumi.Output.concat(
            "s3a://", self._bucket, f"/{self._settings.bucket.prefix}{team}/"
        )

    def executor_url(self, team: str) -> pulumi.Output[str]:
        """Spark's pattern of the page with an executor's log."""
        region, prefix = self._region, self._settings.bucket.prefix
        return self._bucket.apply(lambda name: Bucket(name, region, prefix).executor_url(team))

    def read_statements(self, team: str) -> list[Statement]:
        """Permissions to read one team's logs."""
        return [
            *read_folder(self._arn, f"{self._settings.bucket.prefix}{team}", "PodLogs"),
            *self._key("DecryptPodLogs", "kms:Decrypt"),
        ]

    def write_policies(self) -> Mapping[str, Sequence[Statement]]:
        """Permissions of the agents."""
        objects = pulumi.Output.concat(self._arn, f"/{self._settings.bucket.prefix}*")
        put = Statement("PutLogs", ["s3:PutObject"], [objects])
        return {"write": [put, *self._key("EncryptLogs", "kms:GenerateDataKey")]}

    def outputs(self) -> pulumi.Output[list[dict[str, Any]]]:
        """The outputs of the agents' configuration."""
        settings, region = self._settings, self._region
        return self._bucket.apply(
            lambda name: [
                s3_output(
                    name,
                    region,
                    key_format(settings.bucket.prefix),
                    settings.upload_seconds,
                    settings.buffer_mib,
                )
            ]
        )

    def _key(self, sid: str, action: str) -> list[Statement]:
        return [Statement(sid, [action], [self._key_arn])] if self._key_arn is not None else []


class CloudwatchGroups(pulumi.ComponentResource):
    """A log group for each team, and one for all other pods."""

    def __init__(
        self,
        name: str,
        settings: LogsSettings,
        context: Context,
        *,
        teams: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:logs:Groups", name, None, context.options(opts))
        self._settings, self._region = settings, context.cloud.region
        self._cluster, self._teams = context.cluster.name, list(teams)
        self.structured = settings.structured
        self._groups = {
            team: aws.cloudwatch.LogGroup(
                f"{name}-{team or 'platform'}",
                name=self._of(team),
                retention_in_days=settings.cloudwatch.retention_days,
                kms_key_id=settings.cloudwatch.kms_key_arn,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for team in (*teams, None)
        }
        self.register_outputs({"podLogs": {"destination": "cloudwatch"}})

    def _of(self, team: str | None) -> pulumi.Output[str]:
        return pulumi.Output.from_input(self._cluster).apply(lambda name: group(name, team))

    def place(self, team: str) -> pulumi.Output[str]:
        """Folder or log group of a team's logs."""
        return self._groups[team].name

    def executor_url(self, team: str) -> pulumi.Output[str]:
        """Spark's pattern of the page with an executor's log."""
        region = self._region
        return pulumi.Output.from_input(self._cluster).apply(
            lambda name: LogGroups(name, region).executor_url(team)
        )

    def read_statements(self, team: str) -> list[Statement]:
        """Permissions to read one team's logs."""
        arn = self._groups[team].arn
        return [
            Statement(
                "ReadPodLogs",
                [
                    "logs:DescribeLogStreams",
                    "logs:FilterLogEvents",
                    "logs:GetLogEvents",
                ],
                [arn, pulumi.Output.concat(arn, ":log-stream:*")],
            )
        ]

    def write_policies(self) -> Mapping[str, Sequence[Statement]]:
        """Permissions of the agents."""
        arns = [pulumi.Output.concat(one.arn, ":log-stream:*") for one in self._groups.values()]
        starts = range(0, len(arns), _GROUPS_A_POLICY)
        actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
        return {
            f"write-{number}": [
                Statement("WriteLogs", actions, arns[start : start + _GROUPS_A_POLICY])
            ]
            for number, start in enumerate(starts, start=1)
        }

    def outputs(self) -> pulumi.Output[list[dict[str, Any]]]:
        """The outputs of the agents' configuration."""
        return pulumi.Output.from_input(self._cluster).apply(self._outputs)

    def _outputs(self, cluster: str) -> list[dict[str, Any]]:
        others, mib = group(cluster, None), self._settings.buffer_mib
        found = [cloudwatch_output(of_others(self._teams), others, region=self._region, mib=mib)]
        if self._teams:
            # A part of the tag, as Fluent Bit's templates name it.
            template = group(cluster, "$TAG[1]")
            teams = of_teams(self._teams)
            found.append(
                cloudwatch_output(teams, others, template=template, region=self._region, mib=mib)
            )
        return found


LogStore = LogBucket | CloudwatchGroups
"""Both tell jobs, links and agents the same, by the same names."""


def create_store(
    settings: LogsSettings, context: Context, *, teams: Sequence[str]
) -> LogStore | None:
    """The destination, if logs are enabled."""
    if not settings.enabled:
        return None
    if settings.destination == "s3":
        return LogBucket("pod-logs", settings, context)
    return CloudwatchGroups("pod-logs", settings, context, teams=teams)
