"""Every AWS type that the program uses: its CloudFormation resource, and where the two differ.

A property stands for the CloudFormation property of the same name, ignoring case, unless
`names` says another. What only the provider has is in `provider_only`, with no schema to judge
it. A test fails for a type or a property that has no place here.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from . import aws_schemas
from .aws_schemas import Node
from .base import covered
from .cloud import aws_type


@dataclass(frozen=True)
class Row:
    """One type of the provider."""

    cfn: str
    """`EC2::VPC`, for example; empty where CloudFormation has no such resource."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Path of the provider to path of CloudFormation; holds for everything below it."""
    below: str = ""
    """Where CloudFormation has the properties without a name of their own."""
    provider_only: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    """Replaced by the provider, and not create-only in CloudFormation."""
    updates: tuple[str, ...] = ()
    """Create-only in CloudFormation, and updated in place by the provider."""
    sets: tuple[str, ...] = ()
    """Lists without an order."""
    name: str = "name"
    autoname: int = 0
    """How long a name is at most that the provider fills in; 0 where it does not."""

    def sorted(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with each set in one order."""
        found = deepcopy(dict(inputs))
        for path in self.sets:
            *above, last = path.split(".")
            inner = found
            for part in above:
                inner = inner.get(part) or {}
            if isinstance(inner.get(last), list):
                inner[last] = sorted(inner[last], key=str)
        return found

    def cfn_path(self, path: str) -> str | None:
        """The CloudFormation path of a path without indexes, None for what it does not have."""
        if covered(path, self.provider_only):
            return None
        for ours in sorted(self.names, key=len, reverse=True):
            if covered(path, [ours]):
                return self.names[ours] + path.removeprefix(ours)
        return f"{self.below}.{path}".removeprefix(".")

    def node(self, path: str) -> Node | None:
        """The schema of a property, None where no schema speaks of it."""
        mapped = self.cfn_path(path)
        return aws_schemas.node_at(self.cfn, mapped) if self.cfn and mapped else None

    def forces_replacement(self, path: str) -> bool:
        """Whether a change of the path makes a new resource; `region` always does."""
        if path == "region" or covered(path, self.replaces):
            return True
        mapped = self.cfn_path(path)
        if not self.cfn or mapped is None or covered(path, self.updates):
            return False
        return covered(mapped.lower(), [one.lower() for one in aws_schemas.create_only(self.cfn)])


_BUCKET = {"bucket": "BucketName"}
_REPLICA_KEY = (
    "ReplicationConfiguration.Rules[].Destination.EncryptionConfiguration.ReplicaKmsKeyID"
)
_LIFECYCLE = "LifecycleConfiguration.Rules"
_ENCRYPTION = "BucketEncryption.ServerSideEncryptionConfiguration"
_BY_DEFAULT = f"{_ENCRYPTION}[].ServerSideEncryptionByDefault"
_RULE = {"ingress": "SecurityGroupIngress", "egress": "SecurityGroupEgress"}
_RULE |= {
    f"{ours}[].{key}": f"{theirs}[].{name}"
    for ours, theirs in list(_RULE.items())
    for key, name in (("protocol", "IpProtocol"), ("cidrBlocks[]", "CidrIp"))
}

_ROWS = {
    # In CloudFormation they are properties of the workspace.
    "amp.AlertManagerDefinition": Row(
        "APS::Workspace",
        {"definition": "AlertManagerDefinition"},
        provider_only=("workspaceId",),
        replaces=("workspaceId",),
    ),
    "amp.RuleGroupNamespace": Row(
        "APS::RuleGroupsNamespace", provider_only=("workspaceId",), replaces=("workspaceId",)
    ),
    "amp.Workspace": Row("APS::Workspace"),
    "amp.WorkspaceConfiguration": Row(
        "APS::Workspace",
        {"retentionPeriodInDays": "WorkspaceConfiguration.RetentionPeriodInDays"},
        provider_only=("workspaceId",),
        replaces=("workspaceId",),
    ),
    "cloudwatch.EventRule": Row("Events::Rule", autoname=64),
    "cloudwatch.EventTarget": Row(
        "Events::Rule",
        {"rule": "Name", "arn": "Targets[].Arn", "targetId": "Targets[].Id"},
        replaces=("rule", "targetId", "eventBusName"),
    ),
    "cloudwatch.LogGroup": Row("Logs::LogGroup", {"name": "LogGroupName"}, autoname=512),
    "ec2.DefaultSecurityGroup": Row("EC2::SecurityGroup", _RULE),
    "ec2.Eip": Row("EC2::EIP", replaces=("domain",)),
    "ec2.FlowLog": Row(
        "EC2::FlowLog", {"vpcId": "ResourceId", "iamRoleArn": "DeliverLogsPermissionArn"}
    ),
    # Terraform attaches the gateway itself, and moves it: CloudFormation has a resource for that.
    "ec2.InternetGateway": Row("EC2::InternetGateway", provider_only=("vpcId",)),
    "ec2.LaunchTemplate": Row(
        "EC2::LaunchTemplate",
        {"name": "LaunchTemplateName"},
        below="LaunchTemplateData",
        # A map here, a list of keys and values there.
        provider_only=("updateDefaultVersion", "tagSpecifications[].tags"),
        autoname=128,
    ),
    "ec2.NatGateway": Row("EC2::NatGateway"),
    "ec2.Route": Row("EC2::Route"),
    "ec2.RouteTable": Row("EC2::RouteTable"),
    # ReplaceRouteTableAssociation exists, and the provider uses it.
    "ec2.RouteTableAssociation": Row("EC2::SubnetRouteTableAssociation", updates=("routeTableId",)),
    "ec2.SecurityGroup": Row(
        "EC2::SecurityGroup",
        {**_RULE, "description": "GroupDescription", "name": "GroupName"},
        autoname=255,
    ),
    "ec2.Subnet": Row("EC2::Subnet"),
    "ec2.Vpc": Row("EC2::VPC"),
    "ec2.VpcEndpoint": Row(
        "EC2::VPCEndpoint", sets=("routeTableIds", "securityGroupIds", "subnetIds")
    ),
    # UpdatePullThroughCacheRule, which CloudFormation does not call.
    "ecr.PullThroughCacheRule": Row("ECR::PullThroughCacheRule", updates=("credentialArn",)),
    "ecr.RepositoryCreationTemplate": Row(
        "ECR::RepositoryCreationTemplate",
        {"appliedFors": "AppliedFor", "encryptionConfigurations": "EncryptionConfiguration"},
        sets=("appliedFors",),
    ),
    "eks.AccessEntry": Row("EKS::AccessEntry"),
    # A resource of its own here, a list of the entry there.
    "eks.AccessPolicyAssociation": Row(
        "EKS::AccessEntry",
        {"policyArn": "AccessPolicies[].PolicyArn", "accessScope": "AccessPolicies[].AccessScope"},
        replaces=("policyArn", "accessScope"),
    ),
    "eks.Addon": Row(
        "EKS::Addon",
        dict.fromkeys(("resolveConflictsOnCreate", "resolveConflictsOnUpdate"), "ResolveConflicts"),
    ),
    "eks.Cluster": Row(
        "EKS::Cluster",
        {
            "enabledClusterLogTypes": "Logging.ClusterLogging.EnabledTypes[].Type",
            "vpcConfig": "ResourcesVpcConfig",
        },
        provider_only=("encryptionConfig.provider", "defaultAddonsToRemoves"),
        # Keys can be added to a cluster that has none (AssociateEncryptionConfig).
        updates=("encryptionConfig",),
        sets=("enabledClusterLogTypes", "vpcConfig.subnetIds", "vpcConfig.publicAccessCidrs"),
        autoname=100,
    ),
    "eks.NodeGroup": Row(
        "EKS::Nodegroup",
        {"nodeRoleArn": "NodeRole", "subnetIds": "Subnets", "nodeGroupNamePrefix": "NodegroupName"},
        # A group cannot move to another template, only to another version of its own.
        replaces=("launchTemplate.id", "launchTemplate.name"),
        sets=("subnetIds", "taints"),
        name="nodeGroupName",
        autoname=63,
    ),
    "fis.ExperimentTemplate": Row(
        "FIS::ExperimentTemplate",
        # Lists with names and keys here, maps there.
        provider_only=(
            *("actions[].name", "actions[].parameters[].key", "actions[].parameters[].value"),
            *("actions[].target", "targets[].name", "targets[].resourceTags[].key"),
            "targets[].resourceTags[].value",
        ),
    ),
    "fsx.LustreFileSystem": Row(
        "FSx::FileSystem",
        {
            key: f"LustreConfiguration.{key}"
            for key in (
                *("deploymentType", "perUnitStorageThroughput", "automaticBackupRetentionDays"),
                *("weeklyMaintenanceStartTime", "copyTagsToBackups", "dataCompressionType"),
            )
        },
        # No such property there: CloudFormation always makes a last backup, of what has backups.
        provider_only=("skipFinalBackup",),
        replaces=("deploymentType", "storageType"),
    ),
    "iam.OpenIdConnectProvider": Row(
        "IAM::OIDCProvider",
        {"clientIdLists": "ClientIdList", "thumbprintLists": "ThumbprintList"},
    ),
    "iam.Policy": Row(
        "IAM::ManagedPolicy",
        {"policy": "PolicyDocument", "name": "ManagedPolicyName"},
        autoname=128,
    ),
    "iam.Role": Row(
        "IAM::Role",
        {"assumeRolePolicy": "AssumeRolePolicyDocument", "name": "RoleName"},
        autoname=64,
    ),
    "iam.RolePolicy": Row(
        "IAM::RolePolicy",
        {"policy": "PolicyDocument", "role": "RoleName", "name": "PolicyName"},
        autoname=128,
    ),
    "iam.RolePolicyAttachment": Row(
        "IAM::Role",
        {"role": "RoleName", "policyArn": "ManagedPolicyArns[]"},
        replaces=("policyArn",),
    ),
    "kms.Key": Row(
        "KMS::Key", {"deletionWindowInDays": "PendingWindowInDays", "policy": "KeyPolicy"}
    ),
    "s3.Bucket": Row(
        "S3::Bucket", _BUCKET, provider_only=("forceDestroy",), name="bucket", autoname=63
    ),
    "s3.BucketLifecycleConfiguration": Row(
        "S3::Bucket",
        {
            **_BUCKET,
            "rules": _LIFECYCLE,
            # The provider writes the filter that S3 has; CloudFormation keeps the old prefix.
            "rules[].filter.prefix": f"{_LIFECYCLE}[].Prefix",
            "rules[].expiration.days": f"{_LIFECYCLE}[].ExpirationInDays",
        },
    ),
    "s3.BucketLogging": Row(
        "S3::Bucket",
        {
            **_BUCKET,
            "targetBucket": "LoggingConfiguration.DestinationBucketName",
            "targetPrefix": "LoggingConfiguration.LogFilePrefix",
        },
    ),
    # CloudFormation has no objects: PutObject's own model judges them.
    "s3.BucketObjectv2": Row("", replaces=("bucket", "key")),
    "s3.BucketOwnershipControls": Row(
        "S3::Bucket", {**_BUCKET, "rule": "OwnershipControls.Rules[]"}
    ),
    "s3.BucketPolicy": Row("S3::BucketPolicy", {"policy": "PolicyDocument"}),
    "s3.BucketPublicAccessBlock": Row(
        "S3::Bucket", _BUCKET, below="PublicAccessBlockConfiguration"
    ),
    "s3.BucketReplicationConfig": Row(
        "S3::Bucket",
        {
            **_BUCKET,
            "role": "ReplicationConfiguration.Role",
            "rules": "ReplicationConfiguration.Rules",
            "rules[].destination.encryptionConfiguration.replicaKmsKeyId": _REPLICA_KEY,
        },
    ),
    "s3.BucketServerSideEncryptionConfiguration": Row(
        "S3::Bucket",
        {
            **_BUCKET,
            "rules": _ENCRYPTION,
            "rules[].applyServerSideEncryptionByDefault": _BY_DEFAULT,
        },
    ),
    "s3.BucketVersioning": Row("S3::Bucket", _BUCKET),
    "sqs.Queue": Row(
        "SQS::Queue",
        {"name": "QueueName", "messageRetentionSeconds": "MessageRetentionPeriod"},
        autoname=80,
    ),
    "sqs.QueuePolicy": Row(
        "SQS::QueuePolicy",
        {"policy": "PolicyDocument", "queueUrl": "Queues[]"},
        replaces=("queueUrl",),
    ),
    # ModifySecurityGroupRules exists, and the provider uses it.
    "vpc.SecurityGroupIngressRule": Row(
        "EC2::SecurityGroupIngress",
        {
            "securityGroupId": "GroupId",
            "referencedSecurityGroupId": "SourceSecurityGroupId",
            "cidrIpv4": "CidrIp",
        },
        updates=(
            *("fromPort", "toPort", "ipProtocol", "referencedSecurityGroupId"),
            *("cidrIpv4", "cidrIpv6", "prefixListId"),
        ),
    ),
}
ROWS: Mapping[str, Row] = {aws_type(name): row for name, row in _ROWS.items()}
