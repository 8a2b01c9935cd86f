"""ARNs in a stack file: in the stack's partition, and where it matters in its region or account."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from components.base import Problems
from components.cloud import partition_of
from components.cluster import ClusterSettings
from components.private_bucket import BucketSettings
from components.spark.settings import SparkSettings


class Arn(NamedTuple):
    """An ARN by key; `regional` and `own` if it must be in the stack's region and account."""

    key: str
    arn: str | None
    regional: bool = False
    own: bool = False


def check_arns(
    cluster: ClusterSettings,
    buckets: Mapping[str, tuple[BucketSettings, str]],
    spark: SparkSettings,
    *,
    region: str,
    account: str,
) -> Problems:
    """ARNs that name another partition, region or account than the stack can use.

    `buckets` are those of the stack, by key.
    """
    partition = partition_of(region)
    for key, arn, regional, own in _arns(cluster, buckets, spark):
        if arn is None or not arn.startswith("arn:"):
            continue
        _, of, _, where, whose, *_ = arn.split(":")
        if of != partition:
            yield key, f"'{arn}' is in the partition {of}; {region} is in {partition}"
        elif regional and where != region:
            what = "is a key of" if ":kms:" in arn else "is in"
            user = "the clients of a job use" if ".rights." in key else "the bucket is in"
            yield key, f"'{arn}' {what} {where}; {user} {region}"
        elif own and account and whose != account:
            yield key, f"'{arn}' is of another account than the stack's ({account})"


def _arns(
    cluster: ClusterSettings,
    buckets: Mapping[str, tuple[BucketSettings, str]],
    spark: SparkSettings,
) -> Iterator[Arn]:
    # Not by attribute: a field that is refused already is not there.
    given = cluster.__dict__
    yield Arn("cluster.oidcProviderArn", given.get("oidc_provider_arn"), own=True)
    for index, principal in enumerate(given.get("admins", ())):
        yield Arn(f"cluster.admins[{index}]", principal)
    for key, (bucket, _) in buckets.items():
        yield Arn(f"{key}.kmsKeyArn", bucket.__dict__.get("kms_key_arn"), regional=True)
    for index, team in enumerate(spark.teams):
        for number, access in enumerate(team.__dict__.get("buckets", ())):
            key = f"spark.teams[{index}].buckets[{number}]"
            yield Arn(f"{key}.name", access.__dict__.get("name"))
            yield Arn(f"{key}.kmsKeyArn", access.__dict__.get("kms_key_arn"))
        for number, one in enumerate(team.__dict__.get("submitters", ())):
            key = f"spark.teams[{index}].submitters[{number}].roleArn"
            yield Arn(key, one.__dict__.get("role_arn"))
        rights = team.__dict__.get("rights")
        for below, arn in rights.arns() if rights else ():
            yield Arn(f"spark.teams[{index}].rights.{below}", arn, regional=True)
