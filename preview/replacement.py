"""Which changed inputs force a replacement, by type.

AWS: `createOnlyProperties` of the CloudFormation schemas (as cfn-lint ships them) together with
the ForceNew fields of the Terraform AWS provider, which pulumi-aws wraps. Where the two differ
the Terraform provider's word counts, for it makes the plan. Kubernetes: `forceNew` in
pulumi-kubernetes, provider/pkg/provider/diff.go; the exceptions below were seen with a real API
server. A path covers everything below it.
"""

from preview.plan import Resource

_AWS: dict[str, str] = {
    "cloudwatch/eventRule:EventRule": "name namePrefix eventBusName",
    "cloudwatch/eventTarget:EventTarget": "rule targetId eventBusName",
    "cloudwatch/logGroup:LogGroup": "name namePrefix logGroupClass",
    "cloudwatch/metricAlarm:MetricAlarm": "name",
    "ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": "vpcId",
    "ec2/eip:Eip": "domain address customerOwnedIpv4Pool networkBorderGroup publicIpv4Pool",
    "ec2/flowLog:FlowLog": (
        "vpcId subnetId eniId transitGatewayId trafficType logDestination logDestinationType "
        "logFormat maxAggregationInterval iamRoleArn destinationOptions"
    ),
    "ec2/internetGateway:InternetGateway": "",
    "ec2/launchTemplate:LaunchTemplate": "name namePrefix",
    "ec2/natGateway:NatGateway": "allocationId subnetId connectivityType privateIp",
    "ec2/route:Route": (
        "routeTableId destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId"
    ),
    "ec2/routeTable:RouteTable": "vpcId",
    "ec2/routeTableAssociation:RouteTableAssociation": "subnetId gatewayId",
    "ec2/securityGroup:SecurityGroup": "name namePrefix description vpcId",
    "ec2/securityGroupRule:SecurityGroupRule": (
        "type fromPort toPort protocol cidrBlocks ipv6CidrBlocks prefixListIds self "
        "securityGroupId sourceSecurityGroupId"
    ),
    "ec2/subnet:Subnet": (
        "vpcId cidrBlock availabilityZone availabilityZoneId ipv6Native outpostArn "
        "ipv4IpamPoolId ipv4NetmaskLength"
    ),
    "ec2/tag:Tag": "resourceId key",
    "ec2/vpc:Vpc": "cidrBlock ipv4IpamPoolId ipv4NetmaskLength",
    "ec2/vpcEndpoint:VpcEndpoint": "vpcId serviceName serviceRegion vpcEndpointType",
    "ecr/repository:Repository": "name encryptionConfigurations",
    "efs/accessPoint:AccessPoint": "fileSystemId posixUser rootDirectory",
    "efs/fileSystem:FileSystem": (
        "availabilityZoneName creationToken encrypted kmsKeyId performanceMode"
    ),
    "efs/mountTarget:MountTarget": "fileSystemId subnetId ipAddress",
    "eks/accessEntry:AccessEntry": "clusterName principalArn type",
    "eks/accessPolicyAssociation:AccessPolicyAssociation": (
        "clusterName principalArn policyArn accessScope"
    ),
    "eks/addon:Addon": "clusterName addonName",
    "eks/cluster:Cluster": (
        "name roleArn encryptionConfig.resources kubernetesNetworkConfig.ipFamily "
        "kubernetesNetworkConfig.serviceIpv4Cidr outpostConfig bootstrapSelfManagedAddons "
        "accessConfig.bootstrapClusterCreatorAdminPermissions"
    ),
    "eks/nodeGroup:NodeGroup": (
        "clusterName nodeGroupName nodeGroupNamePrefix nodeRoleArn subnetIds instanceTypes "
        "capacityType diskSize amiType remoteAccess launchTemplate.id launchTemplate.name"
    ),
    "eks/podIdentityAssociation:PodIdentityAssociation": "clusterName namespace serviceAccount",
    "fsx/lustreFileSystem:LustreFileSystem": (
        "subnetIds securityGroupIds kmsKeyId deploymentType storageType exportPath importPath "
        "importedFileChunkSize backupId driveCacheType efaEnabled"
    ),
    "iam/instanceProfile:InstanceProfile": "name namePrefix path",
    "iam/openIdConnectProvider:OpenIdConnectProvider": "url",
    "iam/policy:Policy": "name namePrefix path description",
    "iam/role:Role": "name namePrefix path",
    "iam/rolePolicy:RolePolicy": "name namePrefix role",
    "iam/rolePolicyAttachment:RolePolicyAttachment": "role policyArn",
    "kms/alias:Alias": "name namePrefix",
    "kms/key:Key": "customerMasterKeySpec customKeyStoreId keyUsage multiRegion xksKeyId",
    "s3/bucket:Bucket": "bucket bucketPrefix objectLockEnabled",
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket expectedBucketOwner",
    "s3/bucketLogging:BucketLogging": "bucket expectedBucketOwner",
    "s3/bucketNotification:BucketNotification": "bucket",
    "s3/bucketObjectv2:BucketObjectv2": "bucket key",
    "s3/bucketOwnershipControls:BucketOwnershipControls": "bucket",
    "s3/bucketPolicy:BucketPolicy": "bucket",
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "bucket",
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "bucket expectedBucketOwner"
    ),
    "s3/bucketVersioning:BucketVersioning": "bucket expectedBucketOwner",
    "sns/topic:Topic": "name namePrefix fifoTopic",
    "sqs/queue:Queue": "name namePrefix fifoQueue",
    "sqs/queuePolicy:QueuePolicy": "queueUrl",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": "securityGroupId",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": "securityGroupId",
}

_VOLUME_SOURCES = "csi hostPath nfs local awsElasticBlockStore fc iscsi"
_SELECTOR = "spec.selector"
_KUBERNETES: dict[str, str] = {
    "ClusterRoleBinding": "roleRef",
    "ConfigMap": "data binaryData",
    "DaemonSet": _SELECTOR,
    "Deployment": _SELECTOR,
    "Job": "spec.completions spec.parallelism spec.selector spec.template",
    "PersistentVolume": " ".join(f"spec.{source}" for source in _VOLUME_SOURCES.split()),
    "PersistentVolumeClaim": (
        "spec.accessModes spec.selector spec.storageClassName spec.volumeName spec.volumeMode"
    ),
    "ResourceQuota": "spec.scopes",
    "RoleBinding": "roleRef",
    "Secret": "type data stringData",
    "Service": "spec.clusterIP",
    "StatefulSet": (
        "spec.selector spec.serviceName spec.podManagementPolicy spec.volumeClaimTemplates "
        "spec.revisionHistoryLimit"
    ),
    "StorageClass": "parameters provisioner",
}
_KUBERNETES_ALWAYS = "metadata.name metadata.namespace"

# The provider updates these in place and the API server refuses: no replacement saves the update.
_REFUSED: dict[str, str] = {
    "PersistentVolumeClaim": "spec.resources",
    "PriorityClass": "value",
    "StorageClass": "reclaimPolicy volumeBindingMode",
}

_OTHER: dict[str, str] = {
    # The component passes these to its aws:eks:Cluster.
    "eks:index:Cluster": (
        "name serviceRole encryptionConfigKeyArn kubernetesServiceIpAddressRange ipFamily "
        "bootstrapSelfManagedAddons"
    ),
    "kubernetes:helm.sh/v3:Release": "name namespace",
    "pulumi:providers:kubernetes": "clusterIdentifier",
}


def forcing(resource: Resource) -> tuple[str, ...] | None:
    """Returns the paths whose change replaces the resource, None when its type has no row."""
    paths = _row(resource)
    if paths is None:
        return None
    return (*paths.split(), *resource.options.replace_on_changes)


def refused(resource: Resource) -> tuple[str, ...]:
    """Returns the paths that the API server does not let change and nothing replaces."""
    if not resource.is_kubernetes_object:
        return ()
    return tuple(_REFUSED.get(str(resource.inputs.get("kind")), "").split())


def covers(prefix: str, path: str) -> bool:
    """Returns whether `path` is `prefix` or lies below it; `*` is everything."""
    if prefix in ("*", path):
        return True
    return path.startswith(prefix) and path[len(prefix)] in ".[{"


def _row(resource: Resource) -> str | None:
    if resource.type in _OTHER:
        return _OTHER[resource.type]
    if resource.is_kubernetes_object:
        row = _KUBERNETES.get(str(resource.inputs.get("kind")), "")
        return f"{row} {_KUBERNETES_ALWAYS}"
    if resource.package == "aws" and not resource.is_provider:
        row = _AWS.get(resource.type.partition(":")[2])
        # Since version 7 every resource may name its region, and does not move to another.
        return None if row is None else f"{row} region"
    return ""
