"""Checks of the settings of a stack's buckets, alone and with each other."""

from collections.abc import Mapping

from components.base import Problems
from components.private_bucket import BucketSettings

_NAME_LIMIT = 63
"""docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html."""
_ACCOUNT_LENGTH = 12


def check_default_name(
    bucket: BucketSettings, purpose: str, cluster_name: str, region: str
) -> Problems:
    """A default name within S3's limit."""
    length = len(cluster_name) + _ACCOUNT_LENGTH + len(region) + 3 + len(purpose)
    if bucket.name is None and length > _NAME_LIMIT:
        text = f"is not set, and <cluster>-{purpose}-<account>-<region> has {length} characters"
        yield "name", f"{text}; S3 allows {_NAME_LIMIT}"


def check_replica(bucket: BucketSettings, purpose: str, region: str) -> Problems:
    """Another bucket in another Region, and a key there if the objects need one."""
    del purpose
    replica = bucket.replicate_to
    if replica is None:
        return
    if replica.bucket == bucket.name:
        yield "replicateTo.bucket", f"'{replica.bucket}' is the bucket itself"
    if replica.region == region:
        yield "replicateTo.region", f"'{region}' is the stack's own, and lost with it"
    if bucket.encryption == "kms" and replica.kms_key_arn is None:
        yield "replicateTo.kmsKeyArn", "is not set, and objects with encryption: kms need a key"


def check_deletion(bucket: BucketSettings, *, protected: bool) -> Problems:
    """No forceDestroy in a protected stack."""
    if protected and bucket.force_destroy:
        yield "forceDestroy", "true contradicts cluster.deletionProtection: true"


def check_names(buckets: Mapping[str, BucketSettings]) -> Problems:
    """No two buckets of the stack, by key, with one name, and none with another's copies."""
    named: dict[str, str] = {}
    for key, bucket in buckets.items():
        name = bucket.__dict__.get("name")
        if name is None:
            continue
        other = named.setdefault(name, key)
        if other != key and not bucket.shares(buckets[other]):
            yield f"{key}.name", f"'{name}' is the bucket of {other}, too"
    copies: dict[str, str] = {}
    for key, bucket in buckets.items():
        replica = bucket.__dict__.get("replicate_to")
        target = replica.__dict__.get("bucket") if replica else None
        if target is None:
            continue
        other = copies.setdefault(target, key)
        if other != key:
            text = f"'{target}' has the copies of {other}, which would be replaced"
            yield f"{key}.replicateTo.bucket", text
        if target in named and named[target] != key:
            yield f"{key}.replicateTo.bucket", f"'{target}' is the bucket of {named[target]}"
    for key, bucket in buckets.items():
        target = bucket.__dict__.get("access_log_bucket")
        if target in named and named[target] != key:
            text = f"'{target}' is the bucket of {named[target]}, where S3 may not write logs"
            yield f"{key}.accessLogBucket", text
