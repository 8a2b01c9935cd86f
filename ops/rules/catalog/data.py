"""Data at rest: encrypted, private, over TLS only, with an explicit retention."""

from collections.abc import Iterator

from ops.plan.graph import inputs_from
from ops.plan.iam import statements
from ops.plan.model import Plan, Resource
from ops.plan.node_templates import node_templates
from ops.plan.values import at, each, is_true, known
from ops.rules.rule import Severity, Violation, rule

_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
BUCKET = "aws:s3/bucket:Bucket"
QUEUE = "aws:sqs/queue:Queue"


def _of(plan: Plan, type_: str, bucket: Resource, key: str = "bucket") -> list[Resource]:
    """The resources of a type that configure this bucket or queue."""
    return [one for one in plan.by_type(type_) if bucket in inputs_from(one, key, plan)]


@rule(
    reason="Node volumes contain shuffle data, caches and logs.",
    source="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
)
def volumes_encrypted(plan: Plan) -> Iterator[Violation]:
    """Every volume of a node is configured and encrypted."""
    for spec in node_templates(plan):
        if not spec.volumes and spec.volumes_known:
            yield Violation(spec.resource, "volumes", "uses the image's default volumes")
        for volume in spec.volumes:
            if not is_true(volume.settings.get("encrypted")):
                yield Violation(spec.resource, volume.device, f"{volume.device} is not encrypted")


@rule(
    severity=Severity.warning,
    reason="A volume that outlives its instance is still billed and keeps its data.",
    source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/preserving-volumes-on-termination.html",
)
def volumes_end_with_node(plan: Plan) -> Iterator[Violation]:
    """Every volume of a node is deleted with it."""
    for spec in node_templates(plan):
        for volume in spec.volumes:
            if not is_true(volume.settings.get("deleteOnTermination")):
                yield Violation(
                    spec.resource, volume.device, f"{volume.device} outlives its instance"
                )


@rule(
    reason="An explicit encryption setting does not depend on a default that may change.",
    source=f"{_S3}/bucket-encryption.html",
)
def bucket_encrypted(plan: Plan) -> Iterator[Violation]:
    """Every bucket configures its encryption, and with KMS a bucket key."""
    type_ = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    for bucket in plan.by_type(BUCKET):
        defaults = [
            at(item, "applyServerSideEncryptionByDefault") or {}
            for one in _of(plan, type_, bucket)
            for item in each(one.inputs, "rules")
        ]
        if not any(at(default, "sseAlgorithm") for default in defaults):
            yield Violation(bucket, "encryption", "has no rule that encrypts its objects")
        for default in defaults:
            if at(default, "sseAlgorithm") == "aws:kms" and not default.get("kmsMasterKeyId"):
                yield Violation(bucket, "key", "is encrypted with the AWS managed key for S3")
        for one in _of(plan, type_, bucket):
            for item in each(one.inputs, "rules"):
                by_kms = at(item, "applyServerSideEncryptionByDefault.sseAlgorithm") == "aws:kms"
                if by_kms and not is_true(item.get("bucketKeyEnabled")):
                    yield Violation(bucket, "bucket key", "asks KMS for each object")


@rule(
    reason="A policy or an ACL can make a bucket public; these settings block both.",
    source=f"{_S3}/access-control-block-public-access.html",
)
def bucket_private(plan: Plan) -> Iterator[Violation]:
    """Every bucket blocks public access, and has no ACLs."""
    for bucket in plan.by_type(BUCKET):
        blocks = _of(plan, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", bucket)
        for switch in (
            "blockPublicAcls",
            "blockPublicPolicy",
            "ignorePublicAcls",
            "restrictPublicBuckets",
        ):
            if not any(is_true(one.inputs.get(switch)) for one in blocks):
                yield Violation(bucket, switch, f"has no {switch}")
        owners = _of(plan, "aws:s3/bucketOwnershipControls:BucketOwnershipControls", bucket)
        if not any(
            at(one.inputs, "rule.objectOwnership") == "BucketOwnerEnforced" for one in owners
        ):
            yield Violation(bucket, "ownership", "allows ACLs to set the owner of an object")


@rule(
    reason="A deleted or overwritten release of JARs can be restored, for a limited time.",
    source=f"{_S3}/Versioning.html",
)
def bucket_versions(plan: Plan) -> Iterator[Violation]:
    """Every bucket keeps versions, and expires old ones."""
    for bucket in plan.by_type(BUCKET):
        kept = _of(plan, "aws:s3/bucketVersioning:BucketVersioning", bucket)
        if not any(at(one.inputs, "versioningConfiguration.status") == "Enabled" for one in kept):
            yield Violation(bucket, "versions", "keeps no versions")
        type_ = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
        rules = [item for one in _of(plan, type_, bucket) for item in each(one.inputs, "rules")]
        enabled = [item for item in rules if item.get("status") == "Enabled"]
        for key, what in (
            ("noncurrentVersionExpiration.noncurrentDays", "old versions"),
            ("abortIncompleteMultipartUpload.daysAfterInitiation", "unfinished uploads"),
        ):
            if not any(at(item, key) for item in enabled):
                yield Violation(bucket, what, f"never expires {what}")


@rule(
    reason="Without the Deny, S3 and SQS answer requests over plain HTTP.",
    source=f"{_S3}/security-best-practices.html#transit",
)
def tls_only(plan: Plan) -> Iterator[Violation]:
    """Every bucket and queue denies requests without TLS."""
    refusing = [
        (document.resource, statement)
        for document, statement in statements(plan)
        if statement.denies
        and statement.for_everyone
        and any(action.lower() in ("s3:*", "sqs:*", "*") for action in statement.actions)
        and (tls := statement.condition("Bool", "aws:SecureTransport"))
        and tls.values == ("false",)
    ]
    for type_, policy_type, key, wanted in (
        (BUCKET, "aws:s3/bucketPolicy:BucketPolicy", "bucket", 2),
        (QUEUE, "aws:sqs/queuePolicy:QueuePolicy", "queueUrl", 1),
    ):
        for one in plan.by_type(type_):
            policies = _of(plan, policy_type, one, key)
            unknown = any(not known(policy.inputs.get("policy")) for policy in policies)
            covered = any(
                policy in policies and len(statement.resources) >= wanted
                for policy, statement in refusing
            )
            if not covered and not (policies and unknown):
                yield Violation(one, "TLS", "accepts requests without TLS")


@rule(
    reason="Messages contain instance and account ids.",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-data-encryption.html",
)
def queue_encrypted(plan: Plan) -> Iterator[Violation]:
    """Every queue is encrypted with SSE-SQS or a KMS key."""
    for one in plan.by_type(QUEUE):
        own = is_true(one.inputs.get("sqsManagedSseEnabled"))
        if not own and not one.inputs.get("kmsMasterKeyId"):
            yield Violation(one, "encryption", "is not encrypted")


@rule(
    severity=Severity.warning,
    reason="After an outage, a controller would act on events of instances that no longer exist.",
    source="https://karpenter.sh/docs/reference/cloudformation/#karpenterinterruptionqueue",
)
def queue_forgets(plan: Plan) -> Iterator[Violation]:
    """A queue of events retains them for at most five minutes."""
    for one in plan.by_type(QUEUE):
        seconds = one.inputs.get("messageRetentionSeconds")
        if seconds is None or (known(seconds) and int(seconds) > 300):
            yield Violation(one, "retention", f"keeps messages for {seconds or 345600} s")


@rule(
    reason="Rotation limits how much data one key protects; a deletion window of 30 days leaves "
    "time to cancel.",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
)
def keys_rotate(plan: Plan) -> Iterator[Violation]:
    """Every KMS key rotates and has a deletion window of 30 days."""
    for one in plan.by_type("aws:kms/key:Key"):
        if not is_true(one.inputs.get("enableKeyRotation")):
            yield Violation(one, "rotation", "does not rotate")
        days = one.inputs.get("deletionWindowInDays")
        if days is None or (known(days) and int(days) < 30):
            yield Violation(one, "deletion", "can be deleted in less than 30 days")


@rule(
    severity=Severity.warning,
    reason="A log group without retention keeps its logs, and bills them, indefinitely.",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
)
def logs_end(plan: Plan) -> Iterator[Violation]:
    """Every log group has a retention."""
    for one in plan.by_type("aws:cloudwatch/logGroup:LogGroup"):
        if not one.inputs.get("retentionInDays"):
            yield Violation(one, "retention", "never expires its logs")


@rule(
    severity=Severity.warning,
    reason="An intrusion is often found after weeks: PCI DSS 10.5.1 asks for three months at hand.",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html",
)
def logs_long_enough(plan: Plan) -> Iterator[Violation]:
    """In production a log group keeps its logs for 90 days."""
    for one in plan.by_type("aws:cloudwatch/logGroup:LogGroup"):
        days = one.inputs.get("retentionInDays")
        if plan.stack.startswith("prod") and isinstance(days, int) and 0 < days < 90:
            yield Violation(one, "days", f"keeps its logs for {days} days")
