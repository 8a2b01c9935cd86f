"""AWS types: which inputs replace the resource, and which are updated in place.

Each row names its two sources: the CloudFormation type, whose `createOnlyProperties` cfn-lint
ships, and the resource of the Terraform AWS provider (github.com/hashicorp/terraform-provider-aws,
internal/service), which pulumi-aws wraps: its ForceNew fields. If the two differ, the Terraform
provider counts, because it plans the update. tests/ops/diff/test_knowledge.py compares the table
with the CloudFormation schemas.
"""

from collections.abc import Mapping

from ops.diff.replace_rules import Row

ALWAYS = Row(
    "pulumi-aws 7: every resource may name its region, and does not move to another",
    replaces="region",
    updates="tags tagsAll",
)

ROWS: Mapping[str, Row] = {
    "amp/alertManagerDefinition:AlertManagerDefinition": Row(
        "AWS::APS::Workspace, aws_prometheus_alert_manager_definition", "workspaceId", "definition"
    ),
    "amp/ruleGroupNamespace:RuleGroupNamespace": Row(
        "AWS::APS::RuleGroupsNamespace, aws_prometheus_rule_group_namespace",
        "name workspaceId",
        "data",
    ),
    "amp/workspace:Workspace": Row(
        "AWS::APS::Workspace, aws_prometheus_workspace",
        "kmsKeyArn",
        "alias loggingConfiguration",
    ),
    "amp/workspaceConfiguration:WorkspaceConfiguration": Row(
        "AWS::APS::Workspace, aws_prometheus_workspace_configuration",
        "workspaceId",
        "retentionPeriodInDays limitsPerLabelSets outOfOrderTimeWindowInSeconds "
        "ruleQueryOffsetInSeconds",
    ),
    "cloudwatch/eventRule:EventRule": Row(
        "AWS::Events::Rule, aws_cloudwatch_event_rule",
        "name namePrefix eventBusName",
        "description eventPattern state scheduleExpression forceDestroy",
    ),
    "cloudwatch/eventTarget:EventTarget": Row(
        "AWS::Events::Rule, aws_cloudwatch_event_target", "rule targetId eventBusName", "arn input"
    ),
    "cloudwatch/logGroup:LogGroup": Row(
        "AWS::Logs::LogGroup, aws_cloudwatch_log_group",
        "name namePrefix",
        "retentionInDays kmsKeyId skipDestroy",
    ),
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": Row(
        "AWS::EC2::SecurityGroup, aws_default_security_group", "vpcId", "ingress egress"
    ),
    "ec2/eip:Eip": Row("AWS::EC2::EIP, aws_eip", "domain address networkBorderGroup", "instance"),
    "ec2/flowLog:FlowLog": Row(
        "AWS::EC2::FlowLog, aws_flow_log",
        "vpcId subnetId eniId transitGatewayId trafficType logDestination logDestinationType "
        "logFormat maxAggregationInterval iamRoleArn destinationOptions",
    ),
    # Terraform attaches the gateway itself, and moves it.
    "ec2/internetGateway:InternetGateway": Row(
        "AWS::EC2::InternetGateway, aws_internet_gateway", "", "vpcId"
    ),
    "ec2/launchTemplate:LaunchTemplate": Row(
        "AWS::EC2::LaunchTemplate, aws_launch_template",
        "name namePrefix",
        "blockDeviceMappings metadataOptions tagSpecifications updateDefaultVersion userData "
        "description imageId instanceType networkInterfaces vpcSecurityGroupIds monitoring",
    ),
    "ec2/natGateway:NatGateway": Row(
        "AWS::EC2::NatGateway, aws_nat_gateway", "allocationId subnetId connectivityType privateIp"
    ),
    "ec2/route:Route": Row(
        "AWS::EC2::Route, aws_route",
        "routeTableId destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId",
        "gatewayId natGatewayId",
    ),
    "ec2/routeTable:RouteTable": Row("AWS::EC2::RouteTable, aws_route_table", "vpcId", "routes"),
    # ReplaceRouteTableAssociation exists, and the provider uses it.
    "ec2/routeTableAssociation:RouteTableAssociation": Row(
        "AWS::EC2::SubnetRouteTableAssociation, aws_route_table_association",
        "subnetId gatewayId",
        "routeTableId",
    ),
    "ec2/securityGroup:SecurityGroup": Row(
        "AWS::EC2::SecurityGroup, aws_security_group",
        "name namePrefix description vpcId",
        "ingress egress revokeRulesOnDelete",
        sets="ingress egress",
    ),
    "ec2/subnet:Subnet": Row(
        "AWS::EC2::Subnet, aws_subnet",
        "vpcId cidrBlock availabilityZone availabilityZoneId ipv6Native outpostArn "
        "ipv4IpamPoolId ipv4NetmaskLength",
        "mapPublicIpOnLaunch",
    ),
    "ec2/vpc:Vpc": Row(
        "AWS::EC2::VPC, aws_vpc",
        "cidrBlock ipv4IpamPoolId ipv4NetmaskLength",
        "enableDnsHostnames enableDnsSupport",
    ),
    "ec2/vpcEndpoint:VpcEndpoint": Row(
        "AWS::EC2::VPCEndpoint, aws_vpc_endpoint",
        "vpcId serviceName serviceRegion vpcEndpointType",
        "privateDnsEnabled routeTableIds securityGroupIds subnetIds policy",
        sets="routeTableIds securityGroupIds subnetIds",
    ),
    "efs/accessPoint:AccessPoint": Row(
        "AWS::EFS::AccessPoint, aws_efs_access_point", "fileSystemId posixUser rootDirectory"
    ),
    "efs/fileSystem:FileSystem": Row(
        "AWS::EFS::FileSystem, aws_efs_file_system",
        "availabilityZoneName creationToken encrypted kmsKeyId performanceMode",
        "lifecyclePolicies throughputMode provisionedThroughputInMibps protection",
    ),
    "efs/mountTarget:MountTarget": Row(
        "AWS::EFS::MountTarget, aws_efs_mount_target",
        "fileSystemId subnetId ipAddress",
        "securityGroups",
    ),
    "ecr/pullThroughCacheRule:PullThroughCacheRule": Row(
        "AWS::ECR::PullThroughCacheRule, aws_ecr_pull_through_cache_rule",
        "ecrRepositoryPrefix upstreamRegistryUrl",
        "credentialArn",
    ),
    "ecr/repositoryCreationTemplate:RepositoryCreationTemplate": Row(
        "AWS::ECR::RepositoryCreationTemplate, aws_ecr_repository_creation_template",
        "prefix",
        "appliedFors customRoleArn description encryptionConfigurations imageTagMutability "
        "lifecyclePolicy repositoryPolicy resourceTags",
    ),
    "eks/accessEntry:AccessEntry": Row(
        "AWS::EKS::AccessEntry, aws_eks_access_entry",
        "clusterName principalArn type",
        "kubernetesGroups userName",
        sets="kubernetesGroups",
    ),
    # A list of the entry in CloudFormation, a separate resource here.
    "eks/accessPolicyAssociation:AccessPolicyAssociation": Row(
        "AWS::EKS::AccessEntry, aws_eks_access_policy_association",
        "clusterName principalArn policyArn accessScope",
    ),
    "eks/addon:Addon": Row(
        "AWS::EKS::Addon, aws_eks_addon",
        "clusterName addonName",
        "addonVersion configurationValues resolveConflictsOnCreate resolveConflictsOnUpdate "
        "serviceAccountRoleArn podIdentityAssociations preserve",
    ),
    # Encryption of secrets: ForceNewIfChange when it is taken away.
    "eks/cluster:Cluster": Row(
        "AWS::EKS::Cluster, aws_eks_cluster",
        "name roleArn kubernetesNetworkConfig.ipFamily kubernetesNetworkConfig.serviceIpv4Cidr "
        "outpostConfig remoteNetworkConfig bootstrapSelfManagedAddons "
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        "version vpcConfig enabledClusterLogTypes upgradePolicy deletionProtection "
        "accessConfig.authenticationMode zonalShiftConfig storageConfig",
        removal_replaces="encryptionConfig",
        sets="enabledClusterLogTypes vpcConfig.subnetIds vpcConfig.publicAccessCidrs "
        "vpcConfig.securityGroupIds",
    ),
    "eks/nodeGroup:NodeGroup": Row(
        "AWS::EKS::Nodegroup, aws_eks_node_group",
        "clusterName nodeGroupName nodeGroupNamePrefix nodeRoleArn subnetIds instanceTypes "
        "capacityType diskSize amiType remoteAccess launchTemplate.id launchTemplate.name",
        "version releaseVersion scalingConfig updateConfig labels taints launchTemplate.version "
        "forceUpdateVersion nodeRepairConfig",
        sets="subnetIds taints",
    ),
    "eks/podIdentityAssociation:PodIdentityAssociation": Row(
        "AWS::EKS::PodIdentityAssociation, aws_eks_pod_identity_association",
        "clusterName namespace serviceAccount",
        "roleArn targetRoleArn",
    ),
    "fis/experimentTemplate:ExperimentTemplate": Row(
        "AWS::FIS::ExperimentTemplate, aws_fis_experiment_template",
        "",
        "actions description experimentOptions experimentReportConfiguration logConfiguration "
        "roleArn stopConditions targets",
    ),
    "fsx/lustreFileSystem:LustreFileSystem": Row(
        "AWS::FSx::FileSystem, aws_fsx_lustre_file_system",
        "subnetIds securityGroupIds kmsKeyId deploymentType storageType exportPath importPath "
        "importedFileChunkSize backupId driveCacheType efaEnabled",
        "perUnitStorageThroughput",
        smaller_replaces="storageCapacity",
    ),
    "iam/openIdConnectProvider:OpenIdConnectProvider": Row(
        "AWS::IAM::OIDCProvider, aws_iam_openid_connect_provider",
        "url",
        "clientIdLists thumbprintLists",
        sets="clientIdLists",
    ),
    "iam/policy:Policy": Row(
        "AWS::IAM::ManagedPolicy, aws_iam_policy", "name namePrefix path description", "policy"
    ),
    "iam/role:Role": Row(
        "AWS::IAM::Role, aws_iam_role",
        "name namePrefix path",
        "assumeRolePolicy description maxSessionDuration permissionsBoundary forceDetachPolicies",
    ),
    "iam/rolePolicy:RolePolicy": Row(
        "AWS::IAM::RolePolicy, aws_iam_role_policy", "name namePrefix role", "policy"
    ),
    "iam/rolePolicyAttachment:RolePolicyAttachment": Row(
        "AWS::IAM::Role, aws_iam_role_policy_attachment", "role policyArn"
    ),
    "kms/alias:Alias": Row("AWS::KMS::Alias, aws_kms_alias", "name namePrefix", "targetKeyId"),
    "kms/key:Key": Row(
        "AWS::KMS::Key, aws_kms_key",
        "customerMasterKeySpec customKeyStoreId keyUsage multiRegion xksKeyId",
        "deletionWindowInDays description enableKeyRotation rotationPeriodInDays policy isEnabled",
    ),
    "s3/bucket:Bucket": Row(
        "AWS::S3::Bucket, aws_s3_bucket", "bucket bucketPrefix objectLockEnabled", "forceDestroy"
    ),
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Row(
        "AWS::S3::Bucket, aws_s3_bucket_lifecycle_configuration",
        "bucket expectedBucketOwner",
        "rules transitionDefaultMinimumObjectSize",
    ),
    "s3/bucketLogging:BucketLogging": Row(
        "AWS::S3::Bucket, aws_s3_bucket_logging",
        "bucket expectedBucketOwner",
        "targetBucket targetPrefix targetGrants targetObjectKeyFormat",
    ),
    "s3/bucketReplicationConfig:BucketReplicationConfig": Row(
        "AWS::S3::Bucket, aws_s3_bucket_replication_configuration", "bucket", "role rules token"
    ),
    "s3/bucketNotification:BucketNotification": Row(
        "AWS::S3::Bucket, aws_s3_bucket_notification", "bucket", "queues topics lambdaFunctions"
    ),
    "s3/bucketObjectv2:BucketObjectv2": Row(
        "aws_s3_object; CloudFormation has no objects",
        "bucket key",
        "content contentBase64 contentType source sourceHash metadata overrideProvider",
    ),
    "s3/bucketOwnershipControls:BucketOwnershipControls": Row(
        "AWS::S3::Bucket, aws_s3_bucket_ownership_controls", "bucket", "rule"
    ),
    "s3/bucketPolicy:BucketPolicy": Row(
        "AWS::S3::BucketPolicy, aws_s3_bucket_policy", "bucket", "policy"
    ),
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Row(
        "AWS::S3::Bucket, aws_s3_bucket_public_access_block",
        "bucket",
        "blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets",
    ),
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Row(
        "AWS::S3::Bucket, aws_s3_bucket_server_side_encryption_configuration",
        "bucket expectedBucketOwner",
        "rules",
    ),
    "s3/bucketVersioning:BucketVersioning": Row(
        "AWS::S3::Bucket, aws_s3_bucket_versioning",
        "bucket expectedBucketOwner",
        "versioningConfiguration",
    ),
    "sqs/queue:Queue": Row(
        "AWS::SQS::Queue, aws_sqs_queue",
        "name namePrefix fifoQueue",
        "messageRetentionSeconds sqsManagedSseEnabled visibilityTimeoutSeconds kmsMasterKeyId "
        "redrivePolicy delaySeconds receiveWaitTimeSeconds",
    ),
    "sqs/queuePolicy:QueuePolicy": Row(
        "AWS::SQS::QueuePolicy, aws_sqs_queue_policy", "queueUrl", "policy"
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": Row(
        "AWS::EC2::SecurityGroupIngress, aws_vpc_security_group_ingress_rule",
        "securityGroupId",
        "referencedSecurityGroupId ipProtocol fromPort toPort cidrIpv4 cidrIpv6 description "
        "prefixListId",
    ),
}
