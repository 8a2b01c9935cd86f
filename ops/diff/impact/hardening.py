"""Settings that guard and that an update turns off: one row for each."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.steps import Step
from ops.plan.iam import statements_of
from ops.plan.model import Resource
from ops.plan.node_templates import LAUNCH_TEMPLATE, NODE_CLASS, NodeTemplate
from ops.plan.node_templates import launch_template as of_template
from ops.plan.node_templates import node_class as of_class
from ops.plan.packages import ADDON
from ops.plan.values import at, is_true, mapping

_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_EC2 = "docs.aws.amazon.com/AWSEC2/latest/UserGuide"


class Guard(NamedTuple):
    """A guard: whether a resource has it, and what is so without it. `path` has the cause."""

    holds: Callable[[Resource], bool]
    text: str
    path: str
    source: str


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields the guards that a resource had and, staying, has no longer."""
    for step in diff.steps:
        if step.old is None:
            continue
        for guard in _of(step.old):
            if guard.holds(step.old) and not _is_held(step, guard, diff):
                text = guard.text.format(step.resource.object_name)
                yield Consequence(Kind.guard, text, causes_of(step, guard.path))


def _is_held(step: Step, guard: Guard, diff: Diff) -> bool:
    if step.new is not None:
        return guard.holds(step.new)
    # What guards another resource is gone with its own deletion, unless that goes, too.
    whole = set(step.resource.options.property_dependencies.get("bucket", ()))
    return not whole or bool(diff.deleted & whole)


def _of(resource: Resource) -> tuple[Guard, ...]:
    kind = str(resource.inputs.get("kind")) if resource.is_kubernetes_object else ""
    return GUARDS.get(kind or resource.type, ())


def _requires_token(template: NodeTemplate) -> bool:
    return template.metadata_options.get("httpTokens") == "required"


def _one_hop(template: NodeTemplate) -> bool:
    # EC2's default is 1 hop, Karpenter's too (karpenter.sh/docs/concepts/nodeclasses).
    return float(template.metadata_options.get("httpPutResponseHopLimit") or 1) <= 1


def _encrypted(template: NodeTemplate) -> bool:
    volumes = [is_true(one.settings.get("encrypted")) for one in template.volumes]
    return bool(volumes) and all(volumes)


def _denies_plain_http(policy: Resource) -> bool:
    return any(
        not one.allows and one.condition("Bool", "aws:SecureTransport")
        for one in statements_of(policy.inputs.get("policy"))
    )


def _template_guards(read: Callable[[Resource], NodeTemplate], below: str) -> tuple[Guard, ...]:
    imds = f"{_EC2}/configuring-instance-metadata-service.html"
    return (
        Guard(
            lambda one: _requires_token(read(one)),
            "{}: nodes answer metadata requests without a token (IMDSv1)",
            f"{below}metadataOptions",
            imds,
        ),
        Guard(
            lambda one: _one_hop(read(one)),
            "{}: pods reach the metadata of their node, and its role (hop limit above 1)",
            f"{below}metadataOptions",
            imds,
        ),
        Guard(
            lambda one: _encrypted(read(one)),
            "{}: disks of new nodes are not encrypted",
            f"{below}blockDeviceMappings",
            f"{_EC2}/ebs-encryption.html",
        ),
    )


def _is_set(path: str, *safe: Any) -> Callable[[Resource], bool]:
    """Whether the value at a path is one of the safe ones; without any, whether there is one."""

    def holds(resource: Resource) -> bool:
        value = at(resource.inputs, path)
        return value in safe if safe else value not in (None, "", [])

    return holds


def _enforces(addon: Resource) -> bool:
    configured = str(addon.inputs.get("configurationValues") or "").replace(" ", "").lower()
    return '"enablenetworkpolicy":"true"' in configured


GUARDS: dict[str, tuple[Guard, ...]] = {
    LAUNCH_TEMPLATE: _template_guards(of_template, ""),
    NODE_CLASS: (
        *_template_guards(of_class, "spec."),
        Guard(
            _is_set("spec.associatePublicIPAddress", False, "false"),
            "{}: new nodes may get public addresses",
            "spec.associatePublicIPAddress",
            "karpenter.sh/docs/concepts/nodeclasses",
        ),
    ),
    _POLICY: (
        Guard(
            _denies_plain_http,
            "{}: the bucket no longer denies requests without TLS",
            "policy",
            "docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
        ),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        Guard(
            _is_set("kmsKeyId"),
            "{}: new logs are no longer encrypted with a key of yours",
            "kmsKeyId",
            "docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
        ),
    ),
    "aws:sqs/queue:Queue": (
        Guard(
            lambda one: is_true(one.inputs.get("sqsManagedSseEnabled")),
            "{}: messages are no longer encrypted by SQS",
            "sqsManagedSseEnabled",
            "docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-server-side-encryption.html",
        ),
    ),
    "aws:ec2/subnet:Subnet": (
        Guard(
            lambda one: one.inputs.get("mapPublicIpOnLaunch") in (None, False, "false"),
            "{}: what is launched in it gets a public address",
            "mapPublicIpOnLaunch",
            "docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html",
        ),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        Guard(
            _is_set("rule.objectOwnership", "BucketOwnerEnforced"),
            "{}: ACLs count again",
            "rule",
            "docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
        ),
    ),
    ADDON: (
        Guard(
            _enforces,
            "{}: NetworkPolicies are no longer enforced",
            "configurationValues",
            "docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html",
        ),
    ),
    "ServiceAccount": (
        Guard(
            lambda one: mapping(one.inputs).get("automountServiceAccountToken") in (False, "false"),
            "ServiceAccount {}: its pods get a token of the API server",
            "automountServiceAccountToken",
            "kubernetes.io/docs/concepts/security/service-accounts",
        ),
    ),
}
"""By type, or by kind of a Kubernetes object."""
