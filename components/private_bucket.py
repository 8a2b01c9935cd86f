"""The S3 bucket of the platform: private, versioned, encrypted, TLS only."""

from collections.abc import Sequence
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.base import Problems, Settings
from components.bucket_formats import BucketName, KeyArn
from components.cloud import Cloud
from components.identity import Statement, own_account_manages_key, policy_document, wildcards
from components.replica import Replica, ReplicaSettings

NO_DEFAULT_TAGS: aws.s3.BucketObjectv2OverrideProviderArgsDict = {"default_tags": {"tags": {}}}
"""For objects: S3 takes ten tags of an object, and a stack can have more:
docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html."""

_DefaultEncryption = (
    aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict
)


class BucketSettings(Settings):
    """Settings that all buckets of a stack share."""

    name: BucketName | None = None
    """Name of the bucket; default: `<cluster>-<purpose>-<account>-<region>`."""
    encryption: Literal["s3", "kms"] = "s3"
    """SSE-S3, or SSE-KMS with a key of the stack (or `kmsKeyArn`)."""
    kms_key_arn: KeyArn | None = None
    """An existing key, with `encryption: kms`."""
    access_log_bucket: BucketName | None = None
    """An existing bucket that receives S3 access logs."""
    replicate_to: ReplicaSettings | None = None
    """Copies new objects to a bucket in another Region."""
    force_destroy: bool = False
    """`pulumi destroy` also deletes the objects. Refused with cluster.deletionProtection."""

    def problems(self) -> Problems:
        if self.kms_key_arn and self.encryption != "kms":
            yield "", "kmsKeyArn needs encryption: kms"
        if self.access_log_bucket and self.access_log_bucket == self.name:
            yield "accessLogBucket", f"'{self.name}' is the bucket itself: each log makes another"

    def shares(self, other: "BucketSettings") -> bool:
        """Whether another part of the stack can use the same bucket."""
        del other
        return False


class PrivateBucket(pulumi.ComponentResource):
    """The bucket with its key, lifecycle, policy and access logs.

    Below `prefix`, where objects are written, incomplete uploads are aborted, in addition to
    `lifecycle`. `purpose` is part of the default name, `holds` of the key's description. A resource
    that puts objects depends on this component: encryption is configured first.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str] | None
    """KMS key of the objects, with SSE-KMS."""

    def __init__(
        self,
        name: str,
        settings: BucketSettings,
        *,
        cloud: Cloud,
        cluster_name: str,
        purpose: str,
        holds: str,
        prefix: str,
        lifecycle: Sequence[aws.s3.BucketLifecycleConfigurationRuleArgsDict],
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:storage:PrivateBucket", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        keeps_data = pulumi.ResourceOptions(parent=self, protect=protect or None)
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=settings.name
            or pulumi.Output.format(
                "{0}-{1}-{2}-{3}", cluster_name, purpose, cloud.account, cloud.region
            ),
            force_destroy=settings.force_destroy,
            opts=keeps_data,
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=own,
        )
        closed = aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=own,
        )
        versions = aws.s3.BucketVersioning(
            f"{name}-versions",
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=own,
        )
        given = settings.kms_key_arn
        self.key_arn = pulumi.Output.from_input(given) if given else None
        key_policy = [own_account_manages_key(cloud)]
        creates_key = settings.encryption == "kms" and given is None
        if creates_key:
            self.key_arn = aws.kms.Key(
                f"{name}-key",
                description=f"{holds} in {name}",
                enable_key_rotation=True,
                deletion_window_in_days=30,
                policy=policy_document(key_policy),
                opts=keeps_data,
            ).arn
        by_default: _DefaultEncryption = {"sse_algorithm": "AES256"}
        if self.key_arn is not None:
            by_default = {"sse_algorithm": "aws:kms", "kms_master_key_id": self.key_arn}
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": by_default,
                    # One KMS request per bucket and hour instead of one per object.
                    "bucket_key_enabled": self.key_arn is not None,
                }
            ],
            opts=own,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.id,
            rules=[
                *lifecycle,
                {
                    "id": "unfinished-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": prefix},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 2},
                },
            ],
            # Rules on noncurrent versions need versioning.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versions]),
        )
        aws.s3.BucketPolicy(
            f"{name}-tls-only",
            bucket=bucket.id,
            policy=policy_document(
                [
                    Statement(
                        "DenyWithoutTls",
                        ["s3:*"],
                        [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
                        conditions={"Bool": {"aws:SecureTransport": "false"}},
                        principals="*",
                        effect="Deny",
                    )
                ]
            ),
            # S3 returns OperationAborted when both are set at the same time.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[closed]),
        )
        if settings.access_log_bucket:
            aws.s3.BucketLogging(
                f"{name}-access-log",
                bucket=bucket.id,
                target_bucket=settings.access_log_bucket,
                target_prefix=f"{cluster_name}/{purpose}/",
                opts=own,
            )
        if settings.replicate_to:
            Replica(
                f"{name}-replica",
                settings.replicate_to,
                bucket=bucket,
                versions=versions,
                prefix=prefix,
                key_arn=self.key_arn,
                cloud=cloud,
                opts=own,
            )
        self.name, self.arn = bucket.bucket, bucket.arn
        reasons = wildcards({f"{name}-key": key_policy}) if creates_key else {}
        self.register_outputs({"bucket": self.name, **reasons})


def read_folder(arn: pulumi.Output[str], folder: str, what: str) -> list[Statement]:
    """Permissions to list and read what is below one folder of a bucket, and nothing beside it."""
    return [
        Statement(
            f"List{what}",
            ["s3:ListBucket"],
            [arn],
            conditions={"StringLike": {"s3:prefix": [f"{folder}/*"]}},
        ),
        # Before it lists, S3A reads the prefix without the slash as if it were an object.
        Statement(
            f"Read{what}",
            ["s3:GetObject"],
            [
                pulumi.Output.concat(arn, f"/{folder}"),
                pulumi.Output.concat(arn, f"/{folder}/*"),
            ],
        ),
    ]
