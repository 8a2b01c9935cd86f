"""The bucket of Spark JARs: private, versioned, encrypted, TLS only; or a given one."""

from collections.abc import Sequence
from typing import Annotated, Literal

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator

from components.base import Settings, child
from components.cloud import Cloud
from components.identity import Statement
from components.private_bucket import create_bucket
from userdata.render import SENTINEL, SENTINEL_TEXT

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Prefix = Annotated[str, Field(pattern=r"^([A-Za-z0-9!_.'()-]+/)+$")]
"""S3 allows `*` in a key; in a policy it would open other prefixes."""
KeyArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$")]


class JarBucketSettings(Settings):
    """`jarBucket`: where releases of JARs are kept, as `<prefix>jars/<release>/x.jar`."""

    name: BucketName | None = None
    """Name of the bucket; without it `<cluster>-jars-<account>-<region>`."""
    existing: bool = False
    """The bucket exists: `name` is required, and nothing of the bucket is changed."""
    prefix: Prefix = "spark/"
    """Where JARs begin in the bucket. Never empty: rights are given on the prefix only."""
    encryption: Literal["s3", "kms"] = "s3"
    """SSE-S3, or SSE-KMS with a key of the stack (or `kmsKeyArn`)."""
    kms_key_arn: KeyArn | None = None
    """A given key, with `encryption: kms`."""
    old_version_days: Annotated[int, Field(ge=1)] = 30
    """Days that replaced or deleted objects can be brought back."""
    access_log_bucket: BucketName | None = None
    """A given bucket that receives S3 access logs."""
    force_destroy: bool = False
    """`pulumi destroy` deletes the JARs too. Refused together with cluster.deletionProtection."""

    @model_validator(mode="after")
    def _consistent(self) -> "JarBucketSettings":
        if self.existing and self.name is None:
            raise ValueError("existing: true needs the bucket's name")
        if self.kms_key_arn and self.encryption != "kms":
            raise ValueError("kmsKeyArn needs encryption: kms")
        if self.existing and self.encryption == "kms" and self.kms_key_arn is None:
            raise ValueError("an existing bucket with encryption: kms needs its kmsKeyArn")
        return self


class JarBucket(pulumi.ComponentResource):
    """One set of JARs: its bucket, the prefix, and the rights it takes to read them."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str] | None
    """The KMS key that the objects are encrypted with, where it is not S3's own."""
    prefix: str
    """Ends with a slash, and so does `jars_prefix`."""

    def __init__(
        self,
        name: str,
        settings: JarBucketSettings,
        *,
        cloud: Cloud,
        cluster_name: str,
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:jars:JarBucket", name, None, opts)
        self._name, self._settings, self._cloud = name, settings, cloud
        self.owner = cloud.account
        self.prefix = settings.prefix
        self.key_arn = (
            pulumi.Output.from_input(settings.kms_key_arn) if settings.kms_key_arn else None
        )
        self._rules: Sequence[pulumi.Resource] = ()
        if settings.existing and settings.name:
            self.name = pulumi.Output.from_input(settings.name)
            self.arn = pulumi.Output.from_input(f"arn:{cloud.partition}:s3:::{settings.name}")
        else:
            self._create(cluster_name, protect)
        # What a mount is tested with: an empty prefix mounts without an error. Other stacks may
        # rely on the one in a given bucket, so there it stays.
        aws.s3.BucketObjectv2(
            f"{name}-sentinel",
            bucket=self.name,
            key=f"{self.jars_prefix}{SENTINEL}",
            content=SENTINEL_TEXT,
            opts=child(self, depends_on=self._rules, retain_on_delete=settings.existing),
        )
        self.register_outputs({"name": self.name, "prefix": self.prefix})

    @property
    def jars_prefix(self) -> str:
        """Where the releases are: `<prefix>jars/`."""
        return f"{self.prefix}jars/"

    @property
    def jars_url(self) -> pulumi.Output[str]:
        """Where to publish releases: `s3://<bucket>/<prefix>jars/`."""
        return pulumi.Output.concat("s3://", self.name, f"/{self.jars_prefix}")

    def read_statements(self, prefix: str) -> list[Statement]:
        """The rights to read below one prefix of this bucket, and none besides.

        Mountpoint lists its prefix when it mounts and for each look-up, with and without the
        trailing part: docs.aws.amazon.com/AmazonS3/latest/userguide/mountpoint-usage.html.
        """
        label = "".join(part.capitalize() for part in self._name.split("-"))
        statements = [
            Statement(
                f"List{label}",
                ["s3:ListBucket"],
                [self.arn],
                conditions={"StringLike": {"s3:prefix": [f"{prefix}*"]}},
            ),
            Statement(
                f"Read{label}", ["s3:GetObject"], [pulumi.Output.concat(self.arn, f"/{prefix}*")]
            ),
        ]
        if self.key_arn is not None:
            statements.append(Statement(f"Decrypt{label}", ["kms:Decrypt"], [self.key_arn]))
        return statements

    def _create(self, cluster_name: str, protect: bool) -> None:
        settings = self._settings
        made = create_bucket(
            self._name,
            self,
            cloud=self._cloud,
            bucket_name=settings.name
            or pulumi.Output.format(
                "{0}-{1}-{2}-{3}", cluster_name, self._name, self.owner, self._cloud.region
            ),
            holds="Spark JARs",
            kms=settings.encryption == "kms",
            key_arn=self.key_arn,
            prefix=self.prefix,
            lifecycle=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": self.prefix},
                    "noncurrent_version_expiration": {"noncurrent_days": settings.old_version_days},
                }
            ],
            access_logs=(settings.access_log_bucket, f"{cluster_name}/{self._name}/")
            if settings.access_log_bucket
            else None,
            force_destroy=settings.force_destroy,
            protect=protect,
        )
        self.name, self.arn, self.key_arn = made.name, made.arn, made.key_arn
        self._rules = made.rules
