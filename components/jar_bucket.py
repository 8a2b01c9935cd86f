"""The bucket of Spark JARs: private, versioned, encrypted, TLS only; or a given one."""

from typing import Annotated, Literal

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator

from components.base import Settings, child
from components.cloud import Cloud
from components.identity import Statement, own_account_manages_key, policy_document
from userdata.render import SENTINEL, SENTINEL_TEXT

_DefaultEncryption = (
    aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict
)

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Prefix = Annotated[str, Field(pattern=r"^([A-Za-z0-9!_.*'()-]+/)+$")]
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
        self._rules: list[pulumi.Resource] = []
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
        keeps_data = child(self, protect=protect)
        bucket = aws.s3.Bucket(
            f"{self._name}-bucket",
            bucket=settings.name
            or pulumi.Output.format(
                "{0}-{1}-{2}-{3}", cluster_name, self._name, self.owner, self._cloud.region
            ),
            force_destroy=settings.force_destroy,
            opts=keeps_data,
        )
        self.name, self.arn = bucket.bucket, bucket.arn
        aws.s3.BucketOwnershipControls(
            f"{self._name}-ownership",
            bucket=bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=child(self),
        )
        closed = aws.s3.BucketPublicAccessBlock(
            f"{self._name}-private",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child(self),
        )
        versions = aws.s3.BucketVersioning(
            f"{self._name}-versions",
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=child(self),
        )
        self._encrypt(bucket, keeps_data)
        self._expire_old_versions(bucket, versions)
        aws.s3.BucketPolicy(
            f"{self._name}-tls-only",
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
            opts=child(self, depends_on=[closed]),
        )
        if settings.access_log_bucket:
            aws.s3.BucketLogging(
                f"{self._name}-access-log",
                bucket=bucket.id,
                target_bucket=settings.access_log_bucket,
                target_prefix=f"{cluster_name}/{self._name}/",
                opts=child(self),
            )

    def _encrypt(self, bucket: aws.s3.Bucket, keeps_data: pulumi.ResourceOptions) -> None:
        if self._settings.encryption == "kms" and self.key_arn is None:
            self.key_arn = aws.kms.Key(
                f"{self._name}-key",
                description=f"Spark JARs in {self._name}",
                enable_key_rotation=True,
                deletion_window_in_days=30,
                policy=policy_document([own_account_manages_key(self._cloud)]),
                opts=keeps_data,
            ).arn
        by_default: _DefaultEncryption = {"sse_algorithm": "AES256"}
        if self.key_arn is not None:
            by_default = {"sse_algorithm": "aws:kms", "kms_master_key_id": self.key_arn}
        encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-encryption",
            bucket=bucket.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": by_default,
                    # One KMS call per bucket and hour instead of one per object.
                    "bucket_key_enabled": self.key_arn is not None,
                }
            ],
            opts=child(self),
        )
        self._rules.append(encryption)

    def _expire_old_versions(
        self, bucket: aws.s3.Bucket, versions: aws.s3.BucketVersioning
    ) -> None:
        aws.s3.BucketLifecycleConfiguration(
            f"{self._name}-lifecycle",
            bucket=bucket.id,
            rules=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": self.prefix},
                    "noncurrent_version_expiration": {
                        "noncurrent_days": self._settings.old_version_days
                    },
                },
                {
                    "id": "unfinished-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": self.prefix},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 2},
                },
            ],
            # Old versions exist once versions do.
            opts=child(self, depends_on=[versions]),
        )
