"""Every AWS type that the program uses: its CloudFormation resource, and where the two differ.

A property stands for the CloudFormation property of the same name, ignoring case, unless
`names` says another. What only the provider has is in `provider_only`, with no schema to judge
it. A test fails for a type or a property that has no place here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import aws_schemas
from .aws_schemas import Node


@dataclass(frozen=True)
class Row:
    """One type of the provider."""

    cfn: str
    """Empty where CloudFormation has no such resource."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Path of the provider to path of CloudFormation; holds for everything below it."""
    provider_only: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    """Replaced by the provider, and not create-only in CloudFormation."""
    updates: tuple[str, ...] = ()
    """Create-only in CloudFormation, and updated in place by the provider."""
    name: str = ""
    """The property that the provider fills with a name of its own."""
    name_limit: int = 255

    def cfn_path(self, path: str) -> str | None:
        """The CloudFormation path of a path without indexes, None for what it does not have."""
        if any(
            path == own or path.startswith((f"{own}.", f"{own}[")) for own in self.provider_only
        ):
            return None
        for ours in sorted(self.names, key=len, reverse=True):
            if path == ours or path.startswith((f"{ours}.", f"{ours}[")):
                return self.names[ours] + path.removeprefix(ours)
        return path

    def node(self, path: str) -> Node | None:
        """The schema of a property, None where no schema speaks of it."""
        mapped = self.cfn_path(path)
        return aws_schemas.node_at(self.cfn, mapped) if self.cfn and mapped else None

    def forces_replacement(self, path: str) -> bool:
        """Whether a change of the path makes a new resource; `region` always does."""
        if path == "region" or _covered(path, self.replaces):
            return True
        mapped = self.cfn_path(path)
        if not self.cfn or mapped is None or _covered(path, self.updates):
            return False
        return _covered(mapped.lower(), [one.lower() for one in aws_schemas.create_only(self.cfn)])


def _covered(path: str, prefixes: tuple[str, ...] | list[str]) -> bool:
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in prefixes)


_LIFECYCLE = "LifecycleConfiguration.Rules"
_ENCRYPTION = "BucketEncryption.ServerSideEncryptionConfiguration"
_RULE = {"ingress": "SecurityGroupIngress", "egress": "SecurityGroupEgress"}
_RULE |= {
    f"{ours}[].{key}": f"{theirs}[].{name}"
    for ours, theirs in list(_RULE.items())
    for key, name in (("protocol", "IpProtocol"), ("cidrBlocks[]", "CidrIp"))
}
_OF_BUCKET = {"bucket": "BucketName"}

ROWS: Mapping[str, Row] = {
    "aws:cloudwatch/eventRule:EventRule": Row("AWS::Events::Rule", name="name", name_limit=64),
    "aws:cloudwatch/eventTarget:EventTarget": Row(
        "AWS::Events::Rule",
        {"rule": "Name", "arn": "Targets[].Arn", "targetId": "Targets[].Id"},
        replaces=("rule", "targetId", "eventBusName"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": Row(
        "AWS::Logs::LogGroup", {"name": "LogGroupName"}, name="name", name_limit=512
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Row("AWS::EC2::SecurityGroup", _RULE),
    "aws:ec2/eip:Eip": Row("AWS::EC2::EIP", replaces=("domain",)),
    "aws:ec2/flowLog:FlowLog": Row(
        "AWS::EC2::FlowLog",
        {"vpcId": "ResourceId", "iamRoleArn": "DeliverLogsPermissionArn"},
    ),
    # Terraform attaches the gateway itself, and moves it: CloudFormation has a resource for that.
    "aws:ec2/internetGateway:InternetGateway": Row(
        "AWS::EC2::InternetGateway", provider_only=("vpcId",)
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Row(
        "AWS::EC2::LaunchTemplate",
        {
            **{
                key: f"LaunchTemplateData.{key}"
                for key in ("blockDeviceMappings", "metadataOptions", "userData")
            },
            "tagSpecifications": "LaunchTemplateData.TagSpecifications",
            "name": "LaunchTemplateName",
        },
        # A map here, a list of keys and values there.
        provider_only=("updateDefaultVersion", "tagSpecifications[].tags"),
        name="name",
        name_limit=128,
    ),
    "aws:ec2/natGateway:NatGateway": Row("AWS::EC2::NatGateway"),
    "aws:ec2/route:Route": Row("AWS::EC2::Route"),
    "aws:ec2/routeTable:RouteTable": Row("AWS::EC2::RouteTable"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Row(
        "AWS::EC2::SubnetRouteTableAssociation",
        # ReplaceRouteTableAssociation exists, and the provider uses it.
        updates=("routeTableId",),
    ),
    "aws:ec2/securityGroup:SecurityGroup": Row(
        "AWS::EC2::SecurityGroup",
        {**_RULE, "description": "GroupDescription", "name": "GroupName"},
        name="name",
    ),
    "aws:ec2/subnet:Subnet": Row("AWS::EC2::Subnet"),
    "aws:ec2/vpc:Vpc": Row("AWS::EC2::VPC"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Row("AWS::EC2::VPCEndpoint"),
    "aws:eks/accessEntry:AccessEntry": Row("AWS::EKS::AccessEntry"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Row(
        "AWS::EKS::AccessEntry",
        {"policyArn": "AccessPolicies[].PolicyArn", "accessScope": "AccessPolicies[].AccessScope"},
        # A resource of its own here, a list of the entry there.
        replaces=("policyArn", "accessScope"),
    ),
    "aws:eks/addon:Addon": Row(
        "AWS::EKS::Addon",
        {
            "resolveConflictsOnCreate": "ResolveConflicts",
            "resolveConflictsOnUpdate": "ResolveConflicts",
        },
    ),
    "aws:eks/cluster:Cluster": Row(
        "AWS::EKS::Cluster",
        {
            "enabledClusterLogTypes": "Logging.ClusterLogging.EnabledTypes[].Type",
            "vpcConfig": "ResourcesVpcConfig",
        },
        provider_only=("encryptionConfig.provider", "defaultAddonsToRemoves"),
        # Keys can be added to a cluster that has none (AssociateEncryptionConfig).
        updates=("encryptionConfig",),
        name="name",
        name_limit=100,
    ),
    "aws:eks/nodeGroup:NodeGroup": Row(
        "AWS::EKS::Nodegroup",
        {
            "nodeRoleArn": "NodeRole",
            "subnetIds": "Subnets",
            "nodeGroupName": "NodegroupName",
            "nodeGroupNamePrefix": "NodegroupName",
        },
        # A group cannot move to another template, only to another version of its own.
        replaces=("launchTemplate.id", "launchTemplate.name"),
        name="nodeGroupName",
        name_limit=63,
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Row(
        "AWS::IAM::OIDCProvider",
        {"clientIdLists": "ClientIdList", "thumbprintLists": "ThumbprintList"},
    ),
    "aws:iam/policy:Policy": Row(
        "AWS::IAM::ManagedPolicy",
        {"policy": "PolicyDocument", "name": "ManagedPolicyName"},
        name="name",
        name_limit=128,
    ),
    "aws:iam/role:Role": Row(
        "AWS::IAM::Role",
        {"assumeRolePolicy": "AssumeRolePolicyDocument", "name": "RoleName"},
        name="name",
        name_limit=64,
    ),
    "aws:iam/rolePolicy:RolePolicy": Row(
        "AWS::IAM::RolePolicy",
        {"policy": "PolicyDocument", "role": "RoleName", "name": "PolicyName"},
        name="name",
        name_limit=128,
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Row(
        "AWS::IAM::Role",
        {"role": "RoleName", "policyArn": "ManagedPolicyArns[]"},
        replaces=("policyArn",),
    ),
    "aws:kms/key:Key": Row(
        "AWS::KMS::Key", {"deletionWindowInDays": "PendingWindowInDays", "policy": "KeyPolicy"}
    ),
    "aws:s3/bucket:Bucket": Row(
        "AWS::S3::Bucket", _OF_BUCKET, provider_only=("forceDestroy",), name="bucket", name_limit=63
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Row(
        "AWS::S3::Bucket",
        {
            **_OF_BUCKET,
            "rules": _LIFECYCLE,
            # The provider writes the filter that S3 has; CloudFormation keeps the old prefix.
            "rules[].filter.prefix": f"{_LIFECYCLE}[].Prefix",
            "rules[].expiration.days": f"{_LIFECYCLE}[].ExpirationInDays",
        },
    ),
    "aws:s3/bucketLogging:BucketLogging": Row(
        "AWS::S3::Bucket",
        {
            **_OF_BUCKET,
            "targetBucket": "LoggingConfiguration.DestinationBucketName",
            "targetPrefix": "LoggingConfiguration.LogFilePrefix",
        },
    ),
    # CloudFormation has no objects: PutObject's own model judges them.
    "aws:s3/bucketObjectv2:BucketObjectv2": Row("", replaces=("bucket", "key")),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Row(
        "AWS::S3::Bucket", {**_OF_BUCKET, "rule": "OwnershipControls.Rules[]"}
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Row("AWS::S3::BucketPolicy", {"policy": "PolicyDocument"}),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Row(
        "AWS::S3::Bucket",
        {
            **_OF_BUCKET,
            **{
                key: f"PublicAccessBlockConfiguration.{key}"
                for key in (
                    "blockPublicAcls",
                    "blockPublicPolicy",
                    "ignorePublicAcls",
                    "restrictPublicBuckets",
                )
            },
        },
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Row(
        "AWS::S3::Bucket",
        {
            **_OF_BUCKET,
            "rules": _ENCRYPTION,
            "rules[].applyServerSideEncryptionByDefault": (
                f"{_ENCRYPTION}[].ServerSideEncryptionByDefault"
            ),
        },
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Row(
        "AWS::S3::Bucket",
        {**_OF_BUCKET, "versioningConfiguration": "VersioningConfiguration"},
    ),
    "aws:sqs/queue:Queue": Row(
        "AWS::SQS::Queue",
        {"name": "QueueName", "messageRetentionSeconds": "MessageRetentionPeriod"},
        name="name",
        name_limit=80,
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Row(
        "AWS::SQS::QueuePolicy",
        {"policy": "PolicyDocument", "queueUrl": "Queues[]"},
        replaces=("queueUrl",),
    ),
}
