"""`observability.logs`: logs of drivers, executors and the platform's pods, in S3 or CloudWatch."""

from typing import Annotated, Literal

from components.base import Problems, Settings
from components.bucket_formats import KeyArn
from components.formats import RetentionDays, text, whole
from components.private_bucket import BucketSettings

POD_LOGS = "pod-logs"
"""Part of the bucket's name: `<cluster>-pod-logs-<account>-<region>`."""


class LogBucketSettings(BucketSettings):
    """`observability.logs.bucket`: the bucket of pods' logs."""

    prefix: Annotated[
        str,
        text(
            r"(?=.{1,100}$)((?!\.\.?/)[A-Za-z0-9_.-]+/)+",
            "a key prefix of letters, digits and _.- that ends with a slash, such as logs/",
        ),
    ] = "logs/"
    """Prefix of the namespaces' prefixes."""
    retention_days: Annotated[int, whole(1, 36_500)] = 30
    """Retention of logs, in days."""


class CloudwatchSettings(Settings):
    """`observability.logs.cloudwatch`: a log group for each team, and one for all other pods."""

    retention_days: RetentionDays = 30
    """Retention of logs, in days, one of the numbers that CloudWatch Logs has."""
    kms_key_arn: KeyArn | None = None
    """An existing key whose policy allows CloudWatch Logs; default: AWS' own."""


class LogsSettings(Settings):
    """`observability.logs`: where the logs of pods go when their pod or node is gone."""

    enabled: bool = False
    """Run Fluent Bit on every node."""
    destination: Literal["s3", "cloudwatch"] = "s3"
    """Objects of a bucket, or CloudWatch Logs."""
    structured: bool = True
    """Jobs of `make job` write their logs as JSON, one object a line, with Spark 4."""
    upload_seconds: Annotated[int, whole(10, 3600)] = 60
    """S3: time after which what a pod wrote is put as one object. As much is lost when a node goes
    without a notice."""
    buffer_mib: Annotated[int, whole(50, 50_000)] = 500
    """On each node, logs that wait for the destination, in MiB: as much once more while it does not
    answer at all. The oldest are lost first."""
    verify_kubelet: bool = True
    """Check the kubelet's certificate against the cluster's authority. False for nodes whose
    kubelet has a certificate of its own."""
    bucket: LogBucketSettings = LogBucketSettings()
    """S3: the bucket."""
    cloudwatch: CloudwatchSettings = CloudwatchSettings()
    """CloudWatch: the log groups."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])
        elif self.destination == "s3" and "cloudwatch" in self.model_fields_set:
            yield "cloudwatch", "has no effect with destination: s3; remove it"
        elif self.destination == "cloudwatch":
            for field, key in (("bucket", "bucket"), ("upload_seconds", "uploadSeconds")):
                if field in self.model_fields_set:
                    yield key, "has no effect with destination: cloudwatch; remove it"
