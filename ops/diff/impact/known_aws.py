"""AWS types: what leaves running jobs alone, and what a rule tells."""

from collections.abc import Mapping

from ops.diff.impact.known_row import Known

_EC2 = "docs.aws.amazon.com/vpc/latest/userguide"
_METRICS = (
    "docs.aws.amazon.com/prometheus/latest/userguide: jobs do not call it; rule monitoring: what "
    "is lost"
)
_EKS = "docs.aws.amazon.com/eks/latest"
_S3 = "docs.aws.amazon.com/AmazonS3/latest/userguide"
_SQS = "docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"
_FLAGS = "blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets"
_RIGHT = Known(
    "a right more takes nothing; what becomes narrower is not known, or rule permissions tells it",
    "create delete",
    "policy policyArn role",
)


def _bucket_setting(paths: str) -> Known:
    source = f"{_S3}: the setting guards objects, and no request of a job depends on it"
    return Known(source, f"create delete {paths}", of="bucket")


AWS: Mapping[str, Known] = {
    "cloudwatch/eventRule:EventRule": Known(
        "rule guards: Karpenter's notice of Spot interruptions",
        "create description",
        "delete replace eventPattern state",
    ),
    "cloudwatch/eventTarget:EventTarget": Known(
        "rule guards: Karpenter's notice of Spot interruptions", "create", "delete replace arn"
    ),
    "cloudwatch/logGroup:LogGroup": Known(
        "executors write to no log group of the stack",
        "create delete retentionInDays kmsKeyId skipDestroy",
    ),
    "ecr/pullThroughCacheRule:PullThroughCacheRule": Known(
        "docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html: a rule more; an "
        "image that a node has stays; rule image_caches",
        "create",
        "delete replace",
    ),
    "ecr/repositoryCreationTemplate:RepositoryCreationTemplate": Known(
        "docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html: of "
        "repositories that do not exist yet",
        "create delete description encryptionConfigurations imageTagMutability lifecyclePolicy",
    ),
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": Known(
        "no interface of the stack has it; Pulumi only forgets it",
        "create delete ingress egress",
    ),
    "ec2/eip:Eip": Known("an address more; rule refusals: one in use", "create", "delete"),
    "ec2/flowLog:FlowLog": Known(f"{_EC2}/flow-logs.html: off the path", "create delete"),
    "ec2/internetGateway:InternetGateway": Known(
        "a gateway more has no route yet; rule network", "create", "delete replace"
    ),
    "ec2/launchTemplate:LaunchTemplate": Known(
        "rule nodes: a new version rolls the groups that use it",
        "create",
        "userData blockDeviceMappings metadataOptions tagSpecifications updateDefaultVersion",
    ),
    "ec2/natGateway:NatGateway": Known(
        "a gateway more has no route yet; rule network", "create", "delete replace"
    ),
    "ec2/route:Route": Known(
        "rule network: a route of a new table",
        "",
        "delete replace gatewayId natGatewayId",
        of="routeTableId",
    ),
    "ec2/routeTable:RouteTable": Known(
        "a table more has no subnet yet; rule network", "create", "delete replace"
    ),
    "ec2/routeTableAssociation:RouteTableAssociation": Known(
        "rule network: of a new subnet", "", "delete replace", of="subnetId"
    ),
    "ec2/securityGroup:SecurityGroup": Known(
        "rule access",
        "create revokeRulesOnDelete",
        "delete",
        "ingress egress",
        "ingress egress "
        + " ".join(
            f"{way}[].{key}"
            for way in ("ingress", "egress")
            for key in ("cidrBlocks", "ipv6CidrBlocks", "securityGroups", "prefixListIds")
        ),
    ),
    "ec2/subnet:Subnet": Known(
        f"rule network: nodes in it; {_EC2}/vpc-ip-addressing.html: of new instances",
        "create mapPublicIpOnLaunch",
        "delete replace",
    ),
    "ec2/vpc:Vpc": Known(
        "rule network: nodes in it",
        "create",
        "delete replace",
        "enableDnsHostnames enableDnsSupport",
    ),
    "amp/alertManagerDefinition:AlertManagerDefinition": Known(
        _METRICS, "create delete definition"
    ),
    "amp/ruleGroupNamespace:RuleGroupNamespace": Known(_METRICS, "create delete replace data"),
    "amp/workspace:Workspace": Known(_METRICS, "create delete replace alias"),
    "amp/workspaceConfiguration:WorkspaceConfiguration": Known(
        _METRICS, "create delete replace retentionPeriodInDays"
    ),
    "ec2/vpcEndpoint:VpcEndpoint": Known(
        f"{_EC2}/vpc-endpoints: an interface in a further subnet, a route table more",
        "create",
        "delete replace",
        "privateDnsEnabled routeTableIds policy securityGroupIds",
        "routeTableIds subnetIds",
    ),
    "eks/accessEntry:AccessEntry": Known(
        f"{_EKS}/userguide/access-entries.html: an entry more; rule guards: an entry of nodes; "
        "groups are of people and of orchestrators",
        "create kubernetesGroups",
        "delete replace",
    ),
    "eks/accessPolicyAssociation:AccessPolicyAssociation": Known(
        f"{_EKS}/userguide/access-policies.html: rights of people", "create delete"
    ),
    "eks/addon:Addon": Known(
        f"rule workloads; {_EKS}/userguide/updating-an-add-on.html: pods are replaced one by one",
        "create resolveConflictsOnCreate resolveConflictsOnUpdate preserve",
        "delete replace addonVersion configurationValues.*.replicas "
        "configurationValues.*.replicaCount configurationValues.*.nodeSelector "
        "configurationValues.*.tolerations configurationValues.*.resources "
        "configurationValues.*.topologySpreadConstraints configurationValues.*.autoScaling "
        "configurationValues.*.affinity configurationValues.*.podDisruptionBudget "
        "configurationValues.*.WARM_PREFIX_TARGET configurationValues.*.tolerateAllTaints "
        "configurationValues.*.enableNetworkPolicy configurationValues.*.extraVolumeTags "
        "configurationValues.*.reservedVolumeAttachments configurationValues.*.additionalArgs",
        "serviceAccountRoleArn",
    ),
    "eks/nodeGroup:NodeGroup": Known(
        f"rules nodes and groups; {_EKS}/APIReference/API_NodegroupScalingConfig.html",
        "create scalingConfig.minSize scalingConfig.maxSize updateConfig nodeRepairConfig",
        "delete replace version releaseVersion launchTemplate.version",
        "scalingConfig.desiredSize taints labels",
        "scalingConfig.desiredSize",
    ),
    "fis/experimentTemplate:ExperimentTemplate": Known(
        "docs.aws.amazon.com/fis/latest/userguide/experiment-templates.html: a template does "
        "nothing until an experiment is started; one that runs keeps what it started with",
        "create delete actions description experimentOptions logConfiguration roleArn "
        "stopConditions targets",
    ),
    "fsx/lustreFileSystem:LustreFileSystem": Known(
        "rule shuffle: the files of jobs that run",
        "create skipFinalBackup automaticBackupRetentionDays",
        "delete replace",
        "storageCapacity perUnitStorageThroughput",
    ),
    "iam/openIdConnectProvider:OpenIdConnectProvider": Known(
        "a provider more; rule guards",
        "create",
        "delete replace",
        "url clientIdLists thumbprintLists",
        "clientIdLists",
    ),
    "iam/policy:Policy": Known(_RIGHT.source, "create delete description", "policy"),
    "iam/role:Role": Known(
        "a role more; rule permissions: its trust",
        "create description",
        "delete assumeRolePolicy",
    ),
    "iam/rolePolicy:RolePolicy": _RIGHT,
    "iam/rolePolicyAttachment:RolePolicyAttachment": _RIGHT,
    "kms/key:Key": Known(
        "docs.aws.amazon.com/kms/latest/developerguide: rotation keeps old key material; rule data",
        "create description enableKeyRotation rotationPeriodInDays deletionWindowInDays",
        "delete replace policy",
        "isEnabled",
    ),
    "s3/bucket:Bucket": Known("rule data", "create forceDestroy", "delete replace"),
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Known(
        f"rule data; {_S3}/object-lifecycle-mgmt.html",
        "delete rules[].abortIncompleteMultipartUpload rules[].noncurrentVersionExpiration "
        "rules[].id",
        "create rules[].expiration rules[].status rules[].filter.prefix",
        of="bucket",
    ),
    "s3/bucketLogging:BucketLogging": Known(
        f"{_S3}/ServerLogs.html", "create delete targetBucket targetPrefix", of="bucket"
    ),
    "s3/bucketObjectv2:BucketObjectv2": Known(
        "rule data: the object by which a node knows its mount; else an empty object of a prefix",
        "create",
        "delete replace content",
        of="bucket",
    ),
    "s3/bucketOwnershipControls:BucketOwnershipControls": _bucket_setting(""),
    "s3/bucketReplicationConfig:BucketReplicationConfig": Known(
        f"{_S3}/replication.html: copies of new objects elsewhere; the bucket stays as it is",
        "create delete rules role",
        of="bucket",
    ),
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _bucket_setting(_FLAGS),
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Known(
        f"{_S3}/bucket-encryption.html: of new objects; rule encryption: the right to decrypt",
        "delete",
        "create rules",
        of="bucket",
    ),
    "s3/bucketPolicy:BucketPolicy": Known("rule permissions", "", "delete policy", of="bucket"),
    "s3/bucketVersioning:BucketVersioning": _bucket_setting("versioningConfiguration"),
    "sqs/queue:Queue": Known(
        f"a queue more; {_SQS}: how long a message is kept; rule guards",
        "create messageRetentionSeconds sqsManagedSseEnabled",
        "delete replace",
    ),
    "sqs/queuePolicy:QueuePolicy": Known(
        "of a new queue; rules guards and permissions",
        "create",
        "delete replace policy",
        of="queueUrl",
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": Known(
        "rule shuffle: ports between nodes and a Lustre file system",
        "create description",
        "delete replace fromPort toPort referencedSecurityGroupId",
    ),
}
