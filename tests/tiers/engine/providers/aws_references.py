"""References between AWS resources: targets must exist, and cannot be deleted while in use."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .cloud import Cloud, Thing

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
TABLE = "aws:ec2/routeTable:RouteTable"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
ROLE = "aws:iam/role:Role"
CLUSTER = "aws:eks/cluster:Cluster"
BUCKET = "aws:s3/bucket:Bucket"
INSTANCE = "aws:ec2/instance:Instance"


class Reference(NamedTuple):
    """An input that names another resource."""

    path: str
    target: str
    by: str = "id"
    """The output of the target that the input holds."""
    blocks: bool = True
    """Whether the target cannot be deleted meanwhile."""


_SUB_BUCKET = [Reference("bucket", BUCKET, blocks=False)]
_NETWORK = [Reference("subnetIds", SUBNET), Reference("securityGroupIds", GROUP)]

REFERENCES: Mapping[str, list[Reference]] = {
    "aws:cloudwatch/eventTarget:EventTarget": [
        Reference("rule", "aws:cloudwatch/eventRule:EventRule"),
        Reference("arn", "aws:sqs/queue:Queue", "arn", blocks=False),
    ],
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": [Reference("vpcId", VPC, blocks=False)],
    "aws:ec2/flowLog:FlowLog": [
        Reference("vpcId", VPC, blocks=False),
        Reference("iamRoleArn", ROLE, "arn", blocks=False),
        Reference("logDestination", "aws:cloudwatch/logGroup:LogGroup", "arn", blocks=False),
    ],
    "aws:ec2/internetGateway:InternetGateway": [Reference("vpcId", VPC)],
    "aws:ec2/natGateway:NatGateway": [
        Reference("subnetId", SUBNET),
        Reference("allocationId", "aws:ec2/eip:Eip"),
    ],
    "aws:ec2/route:Route": [
        Reference("routeTableId", TABLE, blocks=False),
        Reference("gatewayId", "aws:ec2/internetGateway:InternetGateway", blocks=False),
        Reference("natGatewayId", "aws:ec2/natGateway:NatGateway", blocks=False),
    ],
    "aws:ec2/routeTable:RouteTable": [Reference("vpcId", VPC)],
    "aws:ec2/routeTableAssociation:RouteTableAssociation": [
        Reference("subnetId", SUBNET, blocks=False),
        Reference("routeTableId", TABLE),
    ],
    GROUP: [Reference("vpcId", VPC)],
    SUBNET: [Reference("vpcId", VPC)],
    "aws:ec2/vpcEndpoint:VpcEndpoint": [
        Reference("vpcId", VPC),
        Reference("routeTableIds", TABLE, blocks=False),
        *_NETWORK,
    ],
    INSTANCE: [*_NETWORK],
    "aws:eks/accessEntry:AccessEntry": [
        Reference("clusterName", CLUSTER, blocks=False),
        # AWS deletes the role and keeps a dangling entry: an error here.
        Reference("principalArn", ROLE, "arn"),
    ],
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": [
        Reference("clusterName", CLUSTER, blocks=False),
        Reference("principalArn", "aws:eks/accessEntry:AccessEntry", "principalArn"),
    ],
    "aws:eks/addon:Addon": [
        Reference("clusterName", CLUSTER, blocks=False),
        Reference("serviceAccountRoleArn", ROLE, "arn"),
    ],
    CLUSTER: [
        Reference("roleArn", ROLE, "arn"),
        Reference("vpcConfig.subnetIds", SUBNET),
        Reference("encryptionConfig.provider.keyArn", "aws:kms/key:Key", "arn"),
    ],
    "aws:eks/nodeGroup:NodeGroup": [
        Reference("clusterName", CLUSTER),
        Reference("nodeRoleArn", ROLE, "arn"),
        Reference("subnetIds", SUBNET),
        Reference("launchTemplate.id", "aws:ec2/launchTemplate:LaunchTemplate", blocks=False),
    ],
    "aws:iam/instanceProfile:InstanceProfile": [Reference("role", ROLE)],
    "aws:iam/rolePolicy:RolePolicy": [Reference("role", ROLE)],
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": [Reference("role", ROLE)],
    "aws:s3/bucketLogging:BucketLogging": [
        *_SUB_BUCKET,
        Reference("targetBucket", BUCKET, blocks=False),
    ],
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": [
        *_SUB_BUCKET,
        Reference(
            "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId",
            "aws:kms/key:Key",
            "arn",
            blocks=False,
        ),
    ],
    "aws:sqs/queuePolicy:QueuePolicy": [Reference("queueUrl", "aws:sqs/queue:Queue", blocks=False)],
    **{
        f"aws:s3/{name[0].lower()}{name[1:]}:{name}": _SUB_BUCKET
        for name in (
            "BucketLifecycleConfiguration",
            "BucketObjectv2",
            "BucketOwnershipControls",
            "BucketPolicy",
            "BucketPublicAccessBlock",
            "BucketVersioning",
        )
    },
}


def missing(cloud: Cloud, token: str, inputs: Mapping[str, Any]) -> Iterator[tuple[Reference, str]]:
    """Dangling references of a resource, each with its value."""
    for reference in REFERENCES.get(token, []):
        for value in values_at(inputs, reference.path):
            if not any(_key(one, reference) == value for one in cloud.all(reference.target)):
                yield reference, value


def users(cloud: Cloud, thing: Thing) -> Iterator[Thing]:
    """Resources that use a thing and so prevent its deletion."""
    for other in list(cloud.things.values()):
        for reference in REFERENCES.get(other.type, []):
            if reference.blocks and reference.target == thing.type:
                held = {**other.inputs, **other.state}
                if _key(thing, reference) in values_at(held, reference.path):
                    yield other
                    break


def values_at(inputs: Any, path: str) -> list[str]:
    """The texts at a path, through lists; empty ones are none."""
    found: list[Any] = [inputs]
    for step in path.split("."):
        deeper: list[Any] = []
        for one in found:
            for item in one if isinstance(one, list) else [one]:
                value = item.get(step) if isinstance(item, Mapping) else None
                deeper += value if isinstance(value, list) else [value]
        found = deeper
    return [str(one) for one in found if one not in (None, "")]


def _key(thing: Thing, reference: Reference) -> str:
    return thing.id if reference.by == "id" else thing.text(reference.by)
