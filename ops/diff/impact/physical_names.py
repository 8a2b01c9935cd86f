"""Names in the cloud: two resources with one name in an update, and names that are too long."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.steps import Operation, Step, key_of
from ops.plan.model import Plan, Resource
from ops.plan.packages import RELEASE
from ops.plan.values import at, known

_REFUSES = "the name is taken until it is deleted"
_FINDS = "the second create finds the first, then the delete removes it"
"""An engine creates before it deletes."""
_WAY_OUT = (
    "way out: an alias with the old name (pulumi.com/docs/iac/concepts/resources/options/aliases), "
    "or two updates"
)


class Name(NamedTuple):
    """The inputs that identify a resource in the cloud, what a second create of the same does, and
    the most characters of the first input."""

    inputs: str
    second: str
    source: str
    most: int = 0


_API = "docs.aws.amazon.com"
NAMES: Mapping[str, Name] = {
    "aws:cloudwatch/eventRule:EventRule": Name(
        "name eventBusName", _FINDS, f"{_API}/eventbridge/latest/APIReference/API_PutRule.html", 64
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Name(
        "targetId rule", _FINDS, f"{_API}/eventbridge/latest/APIReference/API_PutTargets.html", 64
    ),
    "aws:cloudwatch/logGroup:LogGroup": Name(
        "name",
        _REFUSES,
        f"{_API}/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
        512,
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Name(
        "name", _REFUSES, f"{_API}/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html", 128
    ),
    "aws:ec2/route:Route": Name(
        "routeTableId destinationCidrBlock",
        _REFUSES,
        f"{_API}/AWSEC2/latest/APIReference/API_CreateRoute.html",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Name(
        "subnetId", _REFUSES, f"{_API}/AWSEC2/latest/APIReference/API_AssociateRouteTable.html"
    ),
    "aws:ec2/natGateway:NatGateway": Name(
        "allocationId", _REFUSES, f"{_API}/AWSEC2/latest/APIReference/API_CreateNatGateway.html"
    ),
    "aws:eks/accessEntry:AccessEntry": Name(
        "principalArn clusterName",
        _REFUSES,
        f"{_API}/eks/latest/APIReference/API_CreateAccessEntry.html",
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Name(
        "principalArn policyArn clusterName",
        _FINDS,
        f"{_API}/eks/latest/APIReference/API_AssociateAccessPolicy.html",
    ),
    "aws:eks/addon:Addon": Name(
        "addonName clusterName", _REFUSES, f"{_API}/eks/latest/APIReference/API_CreateAddon.html"
    ),
    "aws:eks/nodeGroup:NodeGroup": Name(
        "nodeGroupName clusterName",
        _REFUSES,
        f"{_API}/eks/latest/APIReference/API_CreateNodegroup.html",
        63,
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Name(
        "serviceAccount namespace clusterName",
        _REFUSES,
        f"{_API}/eks/latest/APIReference/API_CreatePodIdentityAssociation.html",
    ),
    "eks:index:Cluster": Name(
        "name", _REFUSES, f"{_API}/eks/latest/APIReference/API_CreateCluster.html", 100
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Name(
        "url", _REFUSES, f"{_API}/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html"
    ),
    "aws:iam/policy:Policy": Name(
        "name", _REFUSES, f"{_API}/IAM/latest/APIReference/API_CreatePolicy.html", 128
    ),
    "aws:iam/role:Role": Name(
        "name", _REFUSES, f"{_API}/IAM/latest/APIReference/API_CreateRole.html", 64
    ),
    "aws:iam/rolePolicy:RolePolicy": Name(
        "name role", _FINDS, f"{_API}/IAM/latest/APIReference/API_PutRolePolicy.html", 128
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Name(
        "policyArn role", _FINDS, f"{_API}/IAM/latest/APIReference/API_AttachRolePolicy.html"
    ),
    "aws:kms/alias:Alias": Name(
        "name", _REFUSES, f"{_API}/kms/latest/APIReference/API_CreateAlias.html", 256
    ),
    "aws:s3/bucket:Bucket": Name(
        "bucket", _REFUSES, f"{_API}/AmazonS3/latest/API/API_CreateBucket.html", 63
    ),
    **{
        f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}": Name(
            "bucket", _FINDS, f"{_API}/AmazonS3/latest/API/API_Operations_Amazon_S3.html"
        )
        for kind in (
            "BucketLifecycleConfiguration",
            "BucketLogging",
            "BucketOwnershipControls",
            "BucketPolicy",
            "BucketPublicAccessBlock",
            "BucketReplicationConfig",
            "BucketServerSideEncryptionConfiguration",
            "BucketVersioning",
        )
    },
    "aws:s3/bucketObjectv2:BucketObjectv2": Name(
        "key bucket", _FINDS, f"{_API}/AmazonS3/latest/API/API_PutObject.html", 1024
    ),
    "aws:sqs/queue:Queue": Name(
        "name", _FINDS, f"{_API}/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html", 80
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Name(
        "queueUrl",
        _FINDS,
        f"{_API}/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    ),
    # "cannot re-use a name that is still in use", observed.
    RELEASE: Name("name namespace", _REFUSES, "helm.sh/docs/helm/helm_install", 53),
}
_OBJECT = Name(
    "metadata.name metadata.namespace",
    _FINDS,
    "github.com/pulumi/pulumi-kubernetes, provider/pkg/await/await.go: a create is a server-side "
    "apply, which updates what is there",
    253,
)
_LABELS = ("Namespace", "Service")
"""Kinds whose names are DNS labels (kubernetes.io/docs/concepts/overview/working-with-objects/
names): 63 characters."""


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields creates whose name something that is deleted later still has, and names that are
    longer than the API allows."""
    deleted = {
        identity: step
        for step in diff.of(Operation.delete)
        if step.old is not None and (identity := identity_of(step.old, diff.old)) is not None
    }
    for step in diff.steps:
        if step.new is None or not (step.new.custom or step.new.remote):
            continue
        if step.operation is Operation.create and (
            other := deleted.get(identity_of(step.new, diff.new))
        ):
            yield _twice(step, other)
        yield from _too_long(step)


def identity_of(resource: Resource, plan: Plan) -> tuple[Any, ...] | None:
    """Returns what identifies a resource in the cloud; None where AWS or Pulumi gives the name.

    A value that comes from another resource is the same only if it comes from the same one.
    """
    name = _name_of(resource)
    if name is None:
        return None
    inputs = name.inputs.split()
    values = [str(at(resource.inputs, path)) for path in inputs]
    sources = resource.options.property_dependencies
    from_others = [
        sorted(key_of(urn, plan) for urn in sources.get(path.partition(".")[0], ()))
        for path in inputs
    ]
    kind = resource.inputs.get("kind") if resource.is_kubernetes_object else ""
    if not known(at(resource.inputs, inputs[0])):
        return None
    return (resource.type, kind, *values, str(from_others))


def _name_of(resource: Resource) -> Name | None:
    return _OBJECT if resource.is_kubernetes_object else NAMES.get(resource.type)


def _twice(step: Step, other: Step) -> Consequence:
    assert step.new is not None
    name = _name_of(step.new)
    assert name is not None
    shared = at(step.new.inputs, name.inputs.split()[0])
    text = (
        f"fails: two resources with one name: {step.resource.name} is created while "
        f"{other.resource.name} has {shared} ({step.resource.short_type}): {name.second}; "
        f"{_WAY_OUT}"
    )
    # Nothing is deleted after a create that failed.
    stops = name.second is _REFUSES
    causes = (*causes_of(step), *causes_of(other))
    return Consequence(Kind.fails, text, causes, harmless=stops)


def _too_long(step: Step) -> Iterator[Consequence]:
    assert step.new is not None
    name = _name_of(step.new)
    if name is None or not name.most or step.operation not in (Operation.create, Operation.replace):
        return
    key = name.inputs.split()[0]
    most = 63 if step.new.inputs.get("kind") in _LABELS else name.most
    value = at(step.new.inputs, key)
    if isinstance(value, str) and len(value) > most:
        text = (
            f"fails: {key} of {step.resource.name} has {len(value)} characters, and "
            f"{step.resource.short_type} allows {most}; way out: a shorter name"
        )
        yield Consequence(Kind.fails, text, causes_of(step))
