"""ARNs in a stack file: in the stack's partition, and where it matters in its region or account."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from components.base import Problems
from components.cloud import partition_of
from components.cluster import ClusterSettings
from components.images import ImagesSettings
from components.karpenter import KarpenterSettings
from components.monitoring.settings import ObservabilitySettings
from components.private_bucket import BucketSettings
from components.spark.settings import SparkSettings
from components.storage import StorageSettings

_BUCKET = "the bucket is in"


class Arn(NamedTuple):
    """An ARN by key; `user` is what needs it in the stack's region, in words that end before the
    region; `own` if it must be in the stack's account."""

    key: str
    arn: str | None
    user: str = ""
    own: bool = False


def check_arns(
    cluster: ClusterSettings,
    buckets: Mapping[str, tuple[BucketSettings, str]],
    spark: SparkSettings,
    images: ImagesSettings,
    storage: StorageSettings,
    *,
    observability: ObservabilitySettings,
    karpenter: KarpenterSettings,
    region: str,
    account: str,
) -> Problems:
    """ARNs that name another partition, region or account than the stack can use.

    `buckets` are those of the stack, by key.
    """
    partition = partition_of(region)
    for key, arn, user, own in _arns(
        cluster,
        buckets,
        spark,
        images,
        storage,
        observability=observability,
        karpenter=karpenter,
    ):
        if arn is None or not arn.startswith("arn:"):
            continue
        _, of, _, where, whose, *_ = arn.split(":")
        if of != partition:
            yield key, f"'{arn}' is in the partition {of}; {region} is in {partition}"
        elif user and where != region:
            what = "is a key of" if ":kms:" in arn else "is in"
            yield key, f"'{arn}' {what} {where}; {user} {region}"
        elif own and account and whose != account:
            yield key, f"'{arn}' is of another account than the stack's ({account})"


def _arns(
    cluster: ClusterSettings,
    buckets: Mapping[str, tuple[BucketSettings, str]],
    spark: SparkSettings,
    images: ImagesSettings,
    storage: StorageSettings,
    *,
    observability: ObservabilitySettings,
    karpenter: KarpenterSettings,
) -> Iterator[Arn]:
    # Not by attribute: a field that is refused already is not there.
    given = cluster.__dict__
    yield Arn("cluster.oidcProviderArn", given.get("oidc_provider_arn"), own=True)
    for index, principal in enumerate(given.get("admins", ())):
        yield Arn(f"cluster.admins[{index}]", principal)
    volumes = storage.__dict__.get("shuffle_class")
    arn = volumes.__dict__.get("kms_key_arn") if volumes else None
    yield Arn("storage.shuffleClass.kmsKeyArn", arn, "the volumes are in")
    system = storage.__dict__.get("lustre")
    arn = system.__dict__.get("kms_key_arn") if system else None
    yield Arn("storage.lustre.kmsKeyArn", arn, "the file system is in")
    for part, field, key, user in (
        ("alerts", "topic_arn", "alerts.topicArn", "the stack is in"),
        ("metrics", "kms_key_arn", "metrics.kmsKeyArn", "the volume is in"),
        ("amp", "workspace_arn", "amp.workspaceArn", "the stack is in"),
        ("amp", "kms_key_arn", "amp.kmsKeyArn", "the workspace is in"),
    ):
        found = observability.__dict__.get(part)
        arn = found.__dict__.get(field) if found else None
        yield Arn(f"observability.{key}", arn, user, own=field != "kms_key_arn")
    logs = observability.__dict__.get("logs")
    groups = logs.__dict__.get("cloudwatch") if logs else None
    arn = groups.__dict__.get("kms_key_arn") if groups else None
    yield Arn("observability.logs.cloudwatch.kmsKeyArn", arn, "the log groups are in")
    drill = karpenter.__dict__.get("spot_drill")
    arn = drill.__dict__.get("alarm_arn") if drill else None
    yield Arn("karpenter.spotDrill.alarmArn", arn, "the stack is in", own=True)
    cache = images.__dict__.get("cache")
    credentials = cache.__dict__.get("credentials") if cache else None
    for field, key in (("docker_hub", "dockerHub"), ("github", "github")) if credentials else ():
        arn = credentials.__dict__.get(field)
        yield Arn(f"images.cache.credentials.{key}", arn, "the stack is in", own=True)
    for key, (bucket, _) in buckets.items():
        yield Arn(f"{key}.kmsKeyArn", bucket.__dict__.get("kms_key_arn"), _BUCKET)
        replica = bucket.__dict__.get("replicate_to")
        arn = replica.__dict__.get("kms_key_arn") if replica else None
        yield Arn(f"{key}.replicateTo.kmsKeyArn", arn, own=True)
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
            yield Arn(f"spark.teams[{index}].rights.{below}", arn, "the clients of a job use")
