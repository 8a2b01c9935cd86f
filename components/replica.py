"""S3 replication of a bucket's prefix to a bucket in another Region, for the loss of the first."""

from typing import Annotated

import pulumi
import pulumi_aws as aws

from components.base import Problems, Settings
from components.bucket_formats import BucketName, KeyArn
from components.cloud import Cloud
from components.formats import text
from components.identity import IamRole, Statement, service_trust


class ReplicaSettings(Settings):
    """`replicateTo` of a bucket: new objects are copied; deletions are not."""

    bucket: BucketName
    """An existing bucket of the same account, in another Region, with versioning."""
    region: Annotated[str, text(r"[a-z]{2}(-[a-z]+)+-[0-9]", "a Region, such as us-east-1")]
    """Region of that bucket."""
    kms_key_arn: KeyArn | None = None
    """KMS key of the copies; needed where the source has `encryption: kms`."""

    def problems(self) -> Problems:
        if self.kms_key_arn and self.kms_key_arn.split(":")[3] != self.region:
            yield "kmsKeyArn", f"'{self.kms_key_arn}' is not a key of {self.region}"


class Replica(pulumi.ComponentResource):
    """The replication of what is written below a prefix from now on, and the role that S3 assumes
    for it.

    S3 copies objects in no order: a copied release may have its release.json before its JARs.
    """

    def __init__(
        self,
        name: str,
        replica: ReplicaSettings,
        *,
        bucket: aws.s3.Bucket,
        versions: aws.s3.BucketVersioning,
        prefix: str,
        key_arn: pulumi.Input[str] | None,
        cloud: Cloud,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:storage:Replica", name, None, opts)
        role = IamRole(
            name,
            cloud=cloud,
            description=f"S3 copies to {replica.bucket} in {replica.region}",
            # AWS' own examples have no condition:
            # docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html.
            trust=service_trust("s3.amazonaws.com"),
            policies={"copy": _statements(bucket.arn, prefix, key_arn, replica, cloud)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        destination: aws.s3.BucketReplicationConfigRuleDestinationArgsDict = {
            "bucket": _arn(replica, cloud)
        }
        rule: aws.s3.BucketReplicationConfigRuleArgsDict = {
            "id": "copy",
            "status": "Enabled",
            "priority": 1,
            "filter": {"prefix": prefix},
            # What is deleted here by mistake stays there.
            "delete_marker_replication": {"status": "Disabled"},
            "destination": destination,
        }
        if replica.kms_key_arn:
            destination["encryption_configuration"] = {"replica_kms_key_id": replica.kms_key_arn}
            rule["source_selection_criteria"] = {"sse_kms_encrypted_objects": {"status": "Enabled"}}
        aws.s3.BucketReplicationConfig(
            f"{name}-rule",
            bucket=bucket.id,
            role=role.arn,
            rules=[rule],
            # S3 refuses a rule for a bucket without versions. What a component depends on, its
            # children do not.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role, versions]),
        )
        waivers = {
            f"{name}-role": {"confused-deputy": {"subjects": ["AssumeByService: "],
                "reason": "A role is passed to S3 in its own account only, and AWS documents no "
                "condition for replication."}},
            f"{name}-copy": {"iam-s3-prefix": {"subjects": ["ReadRules: "],
                "reason": "The role's only user is S3, which copies what is below the prefix."}},
        }  # fmt: skip
        self.register_outputs({"waivers": waivers})


def _arn(replica: ReplicaSettings, cloud: Cloud) -> str:
    return f"arn:{cloud.partition}:s3:::{replica.bucket}"


def _statements(
    source: pulumi.Output[str],
    prefix: str,
    key_arn: pulumi.Input[str] | None,
    replica: ReplicaSettings,
    cloud: Cloud,
) -> list[Statement]:
    """docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html, without
    the deletion of copies; for keys replication-config-for-kms-objects.html."""
    statements = [
        Statement("ReadRules", ["s3:GetReplicationConfiguration", "s3:ListBucket"], [source]),
        Statement(
            "ReadVersions",
            [
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
            ],
            [pulumi.Output.concat(source, f"/{prefix}*")],
        ),
        Statement(
            "WriteCopies",
            ["s3:ReplicateObject", "s3:ReplicateTags"],
            [f"{_arn(replica, cloud)}/{prefix}*"],
        ),
    ]
    if key_arn is not None:
        by_s3 = {"StringLike": {"kms:ViaService": f"s3.{cloud.region}.{cloud.dns_suffix}"}}
        statements.append(Statement("Decrypt", ["kms:Decrypt"], [key_arn], conditions=by_s3))
    if replica.kms_key_arn:
        there = {"StringLike": {"kms:ViaService": f"s3.{replica.region}.{cloud.dns_suffix}"}}
        encrypt = Statement("Encrypt", ["kms:Encrypt"], [replica.kms_key_arn], conditions=there)
        statements.append(encrypt)
    return statements
