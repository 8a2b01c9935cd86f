"""Tags, and protection against deletion by mistake."""

import json
from collections.abc import Iterator
from typing import Any

from components.names import DATA_CLAIM
from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource
from ops.plan.node_templates import NODE_CLASS, node_templates
from ops.plan.values import UNKNOWN, at, is_false, is_true, mapping
from ops.rules.catalog.cluster import clusters, input_of
from ops.rules.rule import Violation, rule

_TAGS = "https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html"
REQUIRED_TAGS = ("project", "stack")
PRODUCTION = ("prod",)
"""A stack whose name begins with one of these is production."""
_RESERVED_TAGS = (
    "aws:", "eks:eks-cluster-name", "kubernetes.io/cluster/", "karpenter.sh/nodepool",
    "karpenter.sh/nodeclaim", "karpenter.k8s.aws/ec2nodeclass",
)  # fmt: skip
_KEEPS_DATA = ("aws:s3/bucket:Bucket", "aws:kms/key:Key")


def is_production(plan: Plan) -> bool:
    """Whether the stack is production, by its name."""
    return plan.stack.startswith(PRODUCTION)


@rule(reason="Untagged resources are missing from cost reports and clean-ups.", source=_TAGS)
def tags(plan: Plan) -> Iterator[Violation]:
    """Every AWS resource has the stack's tags, instances included."""
    wanted: dict[str, Any] = {}
    for provider in plan.by_type("pulumi:providers:aws"):
        found = _default_tags(provider)
        wanted.update(found)
        for tag in REQUIRED_TAGS:
            if tag not in found and UNKNOWN not in found:
                yield Violation(provider, tag, f"has no default tag {tag}")
    for one in plan.resources:
        own = plan.get(one.options.provider)
        if one.package == "aws" and one.custom and not one.is_provider and own is None:
            yield Violation(one, "provider", "is created by a provider without the stack's tags")
    for spec in node_templates(plan):
        for what in ("instance", "volume"):
            missing = sorted(set(wanted) - {UNKNOWN} - set(spec.tags.get(what, ())))
            if missing and spec.volumes_known:
                names = ", ".join(missing)
                yield Violation(spec.resource, what, f"does not set tag {names} on each {what}")


@rule(
    reason="Karpenter sets these tags itself and refuses a node class that has them; AWS keeps "
    "`aws:` for itself.",
    source="https://karpenter.sh/docs/concepts/nodeclasses/#spectags",
)
def tags_accepted(plan: Plan) -> Iterator[Violation]:
    """No tag of an instance or of everything is one that Karpenter or AWS reserves."""
    for one in plan.of_kind(NODE_CLASS):
        for tag in mapping(one.inputs, "spec.tags"):
            if tag.startswith(_RESERVED_TAGS):
                yield Violation(one, tag, f"sets tag {tag}")
    for provider in plan.by_type("pulumi:providers:aws"):
        for tag in _default_tags(provider):
            if tag.lower().startswith("aws:"):
                yield Violation(provider, tag, f"sets tag {tag}")


@rule(
    reason="Production cannot be rebuilt without these, so one command must not delete them.",
    source="https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
)
def production_protected(plan: Plan) -> Iterator[Violation]:
    """In production, cluster, keys and buckets are protected, flow logs are on, and the account
    is set."""
    if not is_production(plan):
        return
    for one in clusters(plan):
        if not is_true(one.inputs.get("deletionProtection")):
            yield Violation(one, "deletionProtection", "has no deletion protection in EKS")
        if not input_of(one, "encryptionConfigKeyArn", "encryptionConfig.provider.keyArn"):
            yield Violation(one, "secrets", "encrypts secrets with a key that is not the stack's")
    for type_ in ("eks:index:Cluster", *_KEEPS_DATA):
        for one in plan.by_type(type_):
            if not one.options.protect:
                yield Violation(one, "protect", "is not protected by Pulumi")
    watched = {
        vpc.urn
        for one in plan.by_type("aws:ec2/flowLog:FlowLog")
        for vpc in inputs_from(one, "vpcId", plan)
    }
    for one in plan.by_type("aws:ec2/vpc:Vpc"):
        if one.urn not in watched:
            yield Violation(one, "flow logs", "records no connections")
    for provider in plan.by_type("pulumi:providers:aws"):
        if not provider.inputs.get("allowedAccountIds"):
            what = "deploys to the account of the credentials, without a check"
            yield Violation(provider, "account", what)


@rule(
    reason="An accidental `pulumi destroy` would delete the JARs.",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/#forcedestroy_nodejs",
)
def data_survives(plan: Plan) -> Iterator[Violation]:
    """forceDestroy is off, except where a stack outside production enables it."""
    for one in plan.by_type("aws:s3/bucket:Bucket"):
        if is_production(plan) and not is_false(one.inputs.get("forceDestroy")):
            yield Violation(one, "forceDestroy", "is emptied on destroy (forceDestroy)")
    for one in plan.of_kind("PersistentVolume"):
        if at(one.inputs, "spec.persistentVolumeReclaimPolicy") not in ("Retain", UNKNOWN):
            yield Violation(one, "reclaim", "is deleted with its claim")


@rule(
    reason="Other stacks may use objects in an existing bucket.",
    source="https://www.pulumi.com/docs/iac/concepts/resources/options/retainondelete/",
    offline_only=True,
)
def given_data_stays(plan: Plan) -> Iterator[Violation]:
    """Objects in an existing bucket are retained on destroy."""
    for one in plan.by_type("aws:s3/bucketObjectv2:BucketObjectv2"):
        own = one.options.property_dependencies.get("bucket")
        if not own and not one.options.retain_on_delete:
            yield Violation(one, "retain", "is deleted from a bucket that is not the stack's")


@rule(
    reason="Names in Kubernetes are unique: a replacement cannot be created before the old object "
    "is deleted, and a change of an immutable field is a replacement.",
    source="https://www.pulumi.com/docs/iac/concepts/resources/options/deletebeforereplace/",
    offline_only=True,
)
def fixed_names_replaced(plan: Plan) -> Iterator[Violation]:
    """Claims and PriorityClasses, which have immutable fields, are deleted before replacement."""
    for one in (*plan.of_kind("PersistentVolumeClaim"), *plan.of_kind("PriorityClass")):
        if not one.options.delete_before_replace:
            yield Violation(one, "replace", "is replaced before it is deleted")
    for one in plan.of_kind("PriorityClass"):
        if not {"preemptionPolicy", "value"} <= set(one.options.replace_on_changes):
            yield Violation(one, "fields", "is updated in fields that cannot change")


@rule(
    reason="A job that can write JARs can change those of other jobs.",
    source="https://github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CONFIGURATION.md",
)
def jars_read_only(plan: Plan) -> Iterator[Violation]:
    """Volumes and claims of JARs are read-only, and each volume is bound to one claim."""
    for one in (*plan.of_kind("PersistentVolume"), *plan.of_kind("PersistentVolumeClaim")):
        jars = one.object_name.startswith("spark-jars")
        if jars and at(one.inputs, "spec.accessModes") not in (["ReadOnlyMany"], UNKNOWN):
            yield Violation(one, "accessModes", "can be written")
    for one in plan.of_kind("PersistentVolumeClaim"):
        jars = one.object_name.startswith("spark-jars")
        if jars and not at(one.inputs, "spec.resources.requests.storage"):
            yield Violation(one, "size", "requests no size, which the API server rejects")
        if jars and at(one.inputs, "spec.storageClassName") not in ("", UNKNOWN):
            yield Violation(one, "class", "uses the cluster's default storage class")
    for one in plan.of_kind("PersistentVolume"):
        spec = at(one.inputs, "spec")
        if spec == UNKNOWN:
            continue
        if not at(spec, "claimRef.namespace") or not at(spec, "claimRef.name"):
            yield Violation(one, "claimRef", "may be bound by any claim")
        if at(spec, "hostPath") and at(spec, "hostPath.type") != "Directory":
            yield Violation(one, "hostPath", "creates an empty folder if the mount is missing")
        if at(spec, "hostPath") and not at(spec, "nodeAffinity"):
            yield Violation(one, "nodeAffinity", "is bound on nodes that mount no JARs")


@rule(
    reason="A mount has the driver's permissions: it is read-only, for one prefix of a bucket "
    "whose owner is known, and its cache is limited.",
    source="https://github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CONFIGURATION.md",
)
def jars_mount_bounded(plan: Plan) -> Iterator[Violation]:
    """A volume in S3 is read-only and limited to one prefix of a bucket whose owner is checked."""
    for one in plan.of_kind("PersistentVolume"):
        spec = at(one.inputs, "spec")
        if not _in_s3(one) or _of_data(one):
            continue
        if at(spec, "csi.volumeAttributes.authenticationSource") != "driver":
            yield Violation(one, "authenticationSource", "is read with the pod's own permissions")
        cached = at(spec, "csi.volumeAttributes.cache")
        if cached and not at(spec, "csi.volumeAttributes.cacheEmptyDirSizeLimit"):
            yield Violation(one, "cache", "may fill the node's disk with its cache")
        options = at(spec, "mountOptions") or []
        for option in ("read-only", "prefix ", "expected-bucket-owner "):
            if options != UNKNOWN and not any(str(item).startswith(option) for item in options):
                yield Violation(one, option.strip(), f"mounts without {option.strip()}")


@rule(
    reason="A team reads what its own role allows; with the driver's permissions it would read "
    "what the driver may. A mount whose metadata never ends shows replaced objects as they were.",
    source="https://github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CONFIGURATION.md",
)
def data_mount_bounded(plan: Plan) -> Iterator[Violation]:
    """A volume of cached data is read-only, is mounted with the role of the pod's account, and sees
    changes in S3; its cache is limited."""
    for one in plan.of_kind("PersistentVolume"):
        if not _of_data(one):
            continue
        spec = at(one.inputs, "spec")
        attributes = at(spec, "csi.volumeAttributes")
        if at(attributes, "authenticationSource") != "pod":
            yield Violation(one, "authenticationSource", "is read with the driver's permissions")
        if at(attributes, "cache") and not at(attributes, "cacheEmptyDirSizeLimit"):
            yield Violation(one, "cache", "may fill the node's disk with its cache")
        if at(spec, "accessModes") not in (["ReadOnlyMany"], UNKNOWN):
            yield Violation(one, "accessModes", "can be written")
        options = at(spec, "mountOptions") or []
        if options == UNKNOWN:
            continue
        for option in ("read-only", "region ", "metadata-ttl "):
            if not any(str(item).startswith(option) for item in options):
                yield Violation(one, option.strip(), f"mounts without {option.strip()}")
        if "metadata-ttl indefinite" in options:
            yield Violation(one, "metadata-ttl", "never sees that an object was replaced")


def _in_s3(volume: Resource) -> bool:
    return at(volume.inputs, "spec.csi.driver") == "s3.csi.aws.com"


def _of_data(volume: Resource) -> bool:
    claim = str(at(volume.inputs, "spec.claimRef.name"))
    return _in_s3(volume) and claim.startswith(f"{DATA_CLAIM}-")


def _default_tags(provider: Resource) -> dict[str, Any]:
    """The default tags of an AWS provider; engines and SDKs pass them as JSON."""
    value = provider.inputs.get("defaultTags")
    if value == UNKNOWN:
        return {UNKNOWN: UNKNOWN}
    if isinstance(value, str):
        value = json.loads(value)
    return dict((value or {}).get("tags") or {})
