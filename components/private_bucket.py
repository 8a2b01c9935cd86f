"""A bucket as every bucket of the stack is: private, versioned, encrypted, TLS only."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import child
from components.cloud import Cloud
from components.identity import Statement, own_account_manages_key, policy_document

_DefaultEncryption = (
    aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict
)


@dataclass(frozen=True)
class PrivateBucket:
    """What was made: the bucket, the key where it has one, and what objects are put after."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str] | None
    rules: Sequence[pulumi.Resource]


def create_bucket(
    name: str,
    parent: pulumi.Resource,
    *,
    cloud: Cloud,
    bucket_name: pulumi.Input[str],
    holds: str,
    kms: bool,
    key_arn: pulumi.Output[str] | None,
    prefix: str,
    lifecycle: Sequence[aws.s3.BucketLifecycleConfigurationRuleArgsDict],
    access_logs: tuple[str, str] | None,
    force_destroy: bool,
    protect: bool,
) -> PrivateBucket:
    """The bucket with all that belongs to it, as children of `parent`.

    `holds` is for the key's description; `kms` without `key_arn` makes a key; below `prefix`,
    where objects are written, unfinished uploads end, after what `lifecycle` says; `access_logs`
    is a bucket and a prefix in it.
    """
    keeps_data = child(parent, protect=protect)
    bucket = aws.s3.Bucket(
        f"{name}-bucket", bucket=bucket_name, force_destroy=force_destroy, opts=keeps_data
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-ownership",
        bucket=bucket.id,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=child(parent),
    )
    closed = aws.s3.BucketPublicAccessBlock(
        f"{name}-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=child(parent),
    )
    versions = aws.s3.BucketVersioning(
        f"{name}-versions",
        bucket=bucket.id,
        versioning_configuration={"status": "Enabled"},
        opts=child(parent),
    )
    if kms and key_arn is None:
        key_arn = aws.kms.Key(
            f"{name}-key",
            description=f"{holds} in {name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=policy_document([own_account_manages_key(cloud)]),
            opts=keeps_data,
        ).arn
    by_default: _DefaultEncryption = {"sse_algorithm": "AES256"}
    if key_arn is not None:
        by_default = {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
    encryption = aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": by_default,
                # One KMS call per bucket and hour instead of one per object.
                "bucket_key_enabled": key_arn is not None,
            }
        ],
        opts=child(parent),
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
        # Old versions exist once versions do.
        opts=child(parent, depends_on=[versions]),
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
        # S3 answers a conflict when both are put at the same time.
        opts=child(parent, depends_on=[closed]),
    )
    if access_logs:
        aws.s3.BucketLogging(
            f"{name}-access-log",
            bucket=bucket.id,
            target_bucket=access_logs[0],
            target_prefix=access_logs[1],
            opts=child(parent),
        )
    return PrivateBucket(bucket.bucket, bucket.arn, key_arn, [encryption])
