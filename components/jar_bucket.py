"""The bucket of Spark JARs, created or existing."""

from typing import Annotated

import pulumi
import pulumi_aws as aws

from components.base import Problems
from components.cloud import Cloud
from components.formats import text, whole
from components.identity import Statement
from components.private_bucket import NO_DEFAULT_TAGS, BucketSettings, PrivateBucket
from userdata.render import SENTINEL, SENTINEL_TEXT

Prefix = Annotated[
    str,
    text(
        # No folder is named . or .., which Mountpoint cannot show.
        r"(?=.{1,200}$)((?!\.\.?/)[A-Za-z0-9!_.'()-]+/)+",
        "a key prefix of letters, digits and !_.'()- that ends with a slash, such as spark/",
    ),
]
"""S3 allows `*` in a key; in an IAM policy it would match other prefixes."""


class JarBucketSettings(BucketSettings):
    """`jarBucket`: the bucket of JAR releases, as `<prefix>jars/<release>/x.jar`."""

    existing: bool = False
    """The bucket exists: `name` is required, and the bucket is not changed."""
    prefix: Prefix = "spark/"
    """Key prefix of the JARs. Never empty: permissions are limited to it."""
    old_version_days: Annotated[int, whole(1, 36_500)] = 30
    """Days after which noncurrent object versions expire."""

    def problems(self) -> Problems:
        yield from super().problems()
        if not self.existing:
            return
        allowed = ("existing", "name", "prefix", "encryption", "kms_key_arn")
        yield from self.without_effect("on an existing bucket", but=allowed)
        if self.name is None:
            yield "", "existing: true needs the bucket's name"
        if self.encryption == "kms" and self.kms_key_arn is None:
            yield "", "an existing bucket with encryption: kms needs its kmsKeyArn"

    def shares(self, other: BucketSettings) -> bool:
        """An existing bucket can hold two sets of JARs, below prefixes apart from each other."""
        if not isinstance(other, JarBucketSettings) or not (self.existing and other.existing):
            return False
        ours, theirs = self.prefix, other.prefix
        return not (ours.startswith(theirs) or theirs.startswith(ours))


class JarBucket(pulumi.ComponentResource):
    """One set of JARs: bucket, prefix, and the permissions to read them."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str] | None
    """KMS key of the objects, with SSE-KMS."""
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
        self._name = name
        self.owner = cloud.account
        self.prefix = settings.prefix
        self.key_arn = None
        if settings.kms_key_arn:
            self.key_arn = pulumi.Output.from_input(settings.kms_key_arn)
        own = pulumi.ResourceOptions(parent=self)
        if settings.existing and settings.name:
            self.name = pulumi.Output.from_input(settings.name)
            self.arn = pulumi.Output.from_input(f"arn:{cloud.partition}:s3:::{settings.name}")
        else:
            bucket = PrivateBucket(
                name,
                settings,
                cloud=cloud,
                cluster_name=cluster_name,
                purpose=name,
                holds="Spark JARs",
                prefix=settings.prefix,
                lifecycle=[
                    {
                        "id": "old-versions",
                        "status": "Enabled",
                        "filter": {"prefix": settings.prefix},
                        "noncurrent_version_expiration": {
                            "noncurrent_days": settings.old_version_days
                        },
                    }
                ],
                protect=protect,
                opts=own,
            )
            self.name, self.arn, self.key_arn = bucket.name, bucket.arn, bucket.key_arn
            own = pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=[bucket]))
        # Mounts are checked by reading this object: an empty prefix mounts without an error. In an
        # existing bucket it stays on destroy, because other stacks may use it.
        aws.s3.BucketObjectv2(
            f"{name}-sentinel",
            bucket=self.name,
            key=f"{self.jars_prefix}{SENTINEL}",
            content=SENTINEL_TEXT,
            override_provider=NO_DEFAULT_TAGS,
            opts=pulumi.ResourceOptions.merge(
                own, pulumi.ResourceOptions(retain_on_delete=settings.existing or None)
            ),
        )
        self.register_outputs({"name": self.name, "prefix": self.prefix})

    @property
    def jars_prefix(self) -> str:
        """Key prefix of the releases: `<prefix>jars/`."""
        return f"{self.prefix}jars/"

    @property
    def jars_url(self) -> pulumi.Output[str]:
        """Where to publish releases: `s3://<bucket>/<prefix>jars/`."""
        return pulumi.Output.concat("s3://", self.name, f"/{self.jars_prefix}")

    def read_statements(self, prefix: str) -> list[Statement]:
        """Permissions to read below one prefix of this bucket.

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
