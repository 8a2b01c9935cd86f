"""What AWS resources refer to: targets must exist, and cannot be deleted while in use. And where
the routes of a subnet lead."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .cloud import SEEDED, Cloud, Thing, aws_type

RULE, LOGS = aws_type("cloudwatch.EventRule"), aws_type("cloudwatch.LogGroup")
VPC, SUBNET, TABLE = aws_type("ec2.Vpc"), aws_type("ec2.Subnet"), aws_type("ec2.RouteTable")
GROUP, INSTANCE = aws_type("ec2.SecurityGroup"), aws_type("ec2.Instance")
GATEWAY, NAT = aws_type("ec2.InternetGateway"), aws_type("ec2.NatGateway")
ROUTE, ASSOCIATION = aws_type("ec2.Route"), aws_type("ec2.RouteTableAssociation")
LUSTRE = aws_type("fsx.LustreFileSystem")
EIP, TEMPLATE = aws_type("ec2.Eip"), aws_type("ec2.LaunchTemplate")
CLUSTER, NODE_GROUP = aws_type("eks.Cluster"), aws_type("eks.NodeGroup")
ADDON, ENTRY = aws_type("eks.Addon"), aws_type("eks.AccessEntry")
ROLE, POLICY, INLINE = aws_type("iam.Role"), aws_type("iam.Policy"), aws_type("iam.RolePolicy")
ATTACHMENT, PROFILE = aws_type("iam.RolePolicyAttachment"), aws_type("iam.InstanceProfile")
OIDC, KEY = aws_type("iam.OpenIdConnectProvider"), aws_type("kms.Key")
BUCKET, OBJECT, QUEUE = aws_type("s3.Bucket"), aws_type("s3.BucketObjectv2"), aws_type("sqs.Queue")


class Reference(NamedTuple):
    """An input that names another resource."""

    path: str
    target: str
    by: str = "id"
    """The output of the target that the input holds."""
    blocks: bool = True
    """Whether the target cannot be deleted meanwhile."""


def _loose(path: str, target: str, by: str = "id") -> Reference:
    return Reference(path, target, by, blocks=False)


_NETWORK = (Reference("subnetIds", SUBNET), Reference("securityGroupIds", GROUP))
_IN_VPC, _IN_BUCKET = (Reference("vpcId", VPC),), (_loose("bucket", BUCKET),)
_IN_CLUSTER, _OF_ROLE = _loose("clusterName", CLUSTER), (Reference("role", ROLE),)
_KEY_PATH = "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId"

REFERENCES: Mapping[str, tuple[Reference, ...]] = {
    aws_type("cloudwatch.EventTarget"): (Reference("rule", RULE), _loose("arn", QUEUE, "arn")),
    aws_type("ec2.DefaultSecurityGroup"): (_loose("vpcId", VPC),),
    aws_type("ec2.FlowLog"): (
        _loose("vpcId", VPC),
        _loose("iamRoleArn", ROLE, "arn"),
        _loose("logDestination", LOGS, "arn"),
    ),
    GATEWAY: _IN_VPC,
    NAT: (Reference("subnetId", SUBNET), Reference("allocationId", EIP)),
    ROUTE: (
        _loose("routeTableId", TABLE),
        _loose("gatewayId", GATEWAY),
        _loose("natGatewayId", NAT),
    ),
    TABLE: _IN_VPC,
    ASSOCIATION: (_loose("subnetId", SUBNET), Reference("routeTableId", TABLE)),
    GROUP: _IN_VPC,
    SUBNET: _IN_VPC,
    aws_type("ec2.VpcEndpoint"): (*_IN_VPC, _loose("routeTableIds", TABLE), *_NETWORK),
    INSTANCE: _NETWORK,
    aws_type("vpc.SecurityGroupIngressRule"): (
        _loose("securityGroupId", GROUP),
        Reference("referencedSecurityGroupId", GROUP),
    ),
    LUSTRE: (Reference("securityGroupIds", GROUP),),
    # AWS deletes the role and keeps a dangling entry: an error here.
    ENTRY: (_IN_CLUSTER, Reference("principalArn", ROLE, "arn")),
    aws_type("eks.AccessPolicyAssociation"): (
        _IN_CLUSTER,
        Reference("principalArn", ENTRY, "principalArn"),
    ),
    ADDON: (_IN_CLUSTER, Reference("serviceAccountRoleArn", ROLE, "arn")),
    CLUSTER: (
        Reference("roleArn", ROLE, "arn"),
        Reference("vpcConfig.subnetIds", SUBNET),
        Reference("encryptionConfig.provider.keyArn", KEY, "arn"),
    ),
    NODE_GROUP: (
        Reference("clusterName", CLUSTER),
        Reference("nodeRoleArn", ROLE, "arn"),
        Reference("subnetIds", SUBNET),
        _loose("launchTemplate.id", TEMPLATE),
    ),
    PROFILE: _OF_ROLE,
    INLINE: _OF_ROLE,
    ATTACHMENT: _OF_ROLE,
    OBJECT: _IN_BUCKET,
    aws_type("s3.BucketLifecycleConfiguration"): _IN_BUCKET,
    aws_type("s3.BucketLogging"): (*_IN_BUCKET, _loose("targetBucket", BUCKET)),
    aws_type("s3.BucketOwnershipControls"): _IN_BUCKET,
    aws_type("s3.BucketPolicy"): _IN_BUCKET,
    aws_type("s3.BucketPublicAccessBlock"): _IN_BUCKET,
    aws_type("s3.BucketReplicationConfig"): (*_IN_BUCKET, Reference("role", ROLE, "arn")),
    aws_type("s3.BucketServerSideEncryptionConfiguration"): (
        *_IN_BUCKET,
        _loose(_KEY_PATH, KEY, "arn"),
    ),
    aws_type("s3.BucketVersioning"): _IN_BUCKET,
    aws_type("sqs.QueuePolicy"): (_loose("queueUrl", QUEUE),),
}


def missing(cloud: Cloud, token: str, inputs: Mapping[str, Any]) -> Iterator[tuple[Reference, str]]:
    """Dangling references of a resource, each with its value."""
    for reference in REFERENCES.get(token, ()):
        for value in values_at(inputs, reference.path):
            if not any(_key(one, reference) == value for one in cloud.all(reference.target)):
                yield reference, value


def users(cloud: Cloud, thing: Thing) -> Iterator[Thing]:
    """Resources that use a thing and so prevent its deletion."""
    for other in list(cloud.things.values()):
        held = {**other.inputs, **other.state}
        if any(
            reference.blocks
            and reference.target == thing.type
            and _key(thing, reference) in values_at(held, reference.path)
            for reference in REFERENCES.get(other.type, ())
        ):
            yield other


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


def reaches_internet(cloud: Cloud, subnet_id: str) -> bool:
    """From a private subnet through NAT. A seeded subnet does."""
    subnet = cloud.get(SUBNET, subnet_id)
    if subnet is None or subnet.urn == SEEDED:
        return subnet is not None
    nats = [cloud.get(NAT, one.text("natGatewayId")) for one in _default_routes(cloud, subnet_id)]
    return any(nat and is_public(cloud, nat.text("subnetId")) for nat in nats)


def is_public(cloud: Cloud, subnet_id: str) -> bool:
    """Whether the subnet's own table leads to an internet gateway of its VPC."""
    subnet = cloud.get(SUBNET, subnet_id)
    routes = _default_routes(cloud, subnet_id) if subnet else []
    gateways = [cloud.get(GATEWAY, route.text("gatewayId")) for route in routes]
    return any(one and one.text("vpcId") == subnet.text("vpcId") for one in gateways)


def _default_routes(cloud: Cloud, subnet_id: str) -> list[Thing]:
    return [
        route
        for association in cloud.all(ASSOCIATION, subnetId=subnet_id)
        for route in cloud.all(ROUTE, routeTableId=association.text("routeTableId"))
        if route.text("destinationCidrBlock") == "0.0.0.0/0"
    ]
