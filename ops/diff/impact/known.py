"""What is known of a change as regards Spark jobs that run: by type, operation and path.

What no row names is not known, and a diff says so. A row has its basis in `source`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ops.plan.model import Resource


@dataclass(frozen=True)
class Known:
    """What is known of one type. Paths and operations are separated by blanks; a path includes
    everything below it."""

    source: str
    alone: str = ""
    """Operations (`create`, `delete`) and paths that leave jobs alone."""
    judged: str = ""
    """Paths whose effect on jobs a rule of this package tells, if there is one; operations whose
    effect it must tell, or it is not known."""
    grows: str = ""
    """Paths where an item more or a larger number leaves jobs alone."""


_EC2 = "docs.aws.amazon.com/vpc/latest/userguide"
_EKS = "docs.aws.amazon.com/eks/latest"
_S3 = "docs.aws.amazon.com/AmazonS3/latest/userguide"
_K8S = "kubernetes.io/docs"
_BUCKET_SETTING = Known(
    f"{_S3}: the setting guards objects, and no request of a job depends on it", "create delete"
)
_RIGHT = Known(
    "a right more takes nothing; what becomes narrower is not known, or rule permissions tells it",
    "create delete",
    "policy policyArn role",
)
_CLUSTER_RIGHT = Known(_RIGHT.source, "create", "rules subjects roleRef")

AWS: Mapping[str, Known] = {
    "cloudwatch/eventRule:EventRule": Known(f"{_EC2}: a rule more", "create description"),
    "cloudwatch/eventTarget:EventTarget": Known(f"{_EC2}: a target more", "create"),
    "cloudwatch/logGroup:LogGroup": Known(
        "executors write to no log group of the stack", "create delete retentionInDays kmsKeyId"
    ),
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": Known("no interface has it", "create"),
    "ec2/eip:Eip": Known("an address more", "create"),
    "ec2/flowLog:FlowLog": Known(f"{_EC2}/flow-logs.html: off the path", "create delete"),
    "ec2/internetGateway:InternetGateway": Known("a gateway more has no route yet", "create"),
    "ec2/launchTemplate:LaunchTemplate": Known(
        "rule nodes: a new version rolls the groups that use it",
        "create",
        "userData blockDeviceMappings metadataOptions tagSpecifications updateDefaultVersion",
    ),
    "ec2/natGateway:NatGateway": Known("a gateway more has no route yet", "create"),
    "ec2/route:Route": Known("rule network: open connections", "create", "gatewayId natGatewayId"),
    "ec2/routeTable:RouteTable": Known("a table more has no subnet yet", "create"),
    "ec2/routeTableAssociation:RouteTableAssociation": Known("of a new subnet", "create"),
    "ec2/securityGroup:SecurityGroup": Known("rule access", "create", "", "ingress egress"),
    "ec2/subnet:Subnet": Known("rule network: nodes in it", "create", "delete replace"),
    "ec2/vpc:Vpc": Known("rule network: nodes in it", "create", "delete replace"),
    "ec2/vpcEndpoint:VpcEndpoint": Known(
        f"{_EC2}/vpc-endpoints: an interface in a further subnet, a route table more",
        "create",
        "delete replace",
        "routeTableIds subnetIds",
    ),
    "eks/accessEntry:AccessEntry": Known(
        f"{_EKS}: an entry more; groups are of people and of orchestrators",
        "create kubernetesGroups",
    ),
    "eks/accessPolicyAssociation:AccessPolicyAssociation": Known(
        f"{_EKS}/userguide/access-policies.html: rights of people", "create delete"
    ),
    "eks/addon:Addon": Known(
        f"rule workloads; {_EKS}/userguide/updating-an-add-on.html: pods are replaced one by one",
        "create",
        "addonVersion configurationValues",
    ),
    "eks/nodeGroup:NodeGroup": Known(
        f"rule nodes; {_EKS}/APIReference/API_NodegroupScalingConfig.html",
        "create scalingConfig.minSize scalingConfig.maxSize updateConfig",
        "delete replace version releaseVersion launchTemplate.version",
        "scalingConfig.desiredSize",
    ),
    "iam/openIdConnectProvider:OpenIdConnectProvider": Known("a provider more", "create"),
    "iam/policy:Policy": _RIGHT,
    "iam/role:Role": Known(
        "a role more; rule permissions: its trust", "create description", "assumeRolePolicy"
    ),
    "iam/rolePolicy:RolePolicy": _RIGHT,
    "iam/rolePolicyAttachment:RolePolicyAttachment": _RIGHT,
    "kms/key:Key": Known(
        "docs.aws.amazon.com/kms/latest/developerguide: rotation keeps old key material",
        "create description enableKeyRotation deletionWindowInDays",
        "policy",
    ),
    "s3/bucket:Bucket": Known("rule data", "create forceDestroy", "delete replace"),
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Known(
        "rule data", "create delete", "rules"
    ),
    "s3/bucketLogging:BucketLogging": Known(f"{_S3}/ServerLogs.html", "create delete targetBucket"),
    "s3/bucketObjectv2:BucketObjectv2": Known("the empty object of a prefix", "create delete"),
    "s3/bucketOwnershipControls:BucketOwnershipControls": _BUCKET_SETTING,
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _BUCKET_SETTING,
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Known(
        f"{_S3}/bucket-encryption.html: of new objects; rule permissions: the right to decrypt",
        "create delete rules",
    ),
    "s3/bucketPolicy:BucketPolicy": Known("rule permissions", "", "policy"),
    "s3/bucketVersioning:BucketVersioning": _BUCKET_SETTING,
    "sqs/queue:Queue": Known("a queue more", "create"),
    "sqs/queuePolicy:QueuePolicy": Known("of a new queue; rule permissions", "create", "policy"),
    "ecr/pullThroughCacheRule:PullThroughCacheRule": Known(
        "docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html: a rule more; an "
        "image that a node has stays",
        "create",
    ),
    "ecr/repositoryCreationTemplate:RepositoryCreationTemplate": Known(
        "docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html: of "
        "repositories that do not exist yet",
        "create delete description encryptionConfigurations imageTagMutability lifecyclePolicy",
    ),
}

KUBERNETES: Mapping[str, Known] = {
    "ClusterRole": _CLUSTER_RIGHT,
    "ClusterRoleBinding": _CLUSTER_RIGHT,
    "ConfigMap": Known("nothing mounts it yet", "create"),
    "DaemonSet": Known("rule workloads", "create", "spec.template"),
    "Deployment": Known(
        "the stack's Deployments are History Servers, which serve no job",
        "create delete spec",
    ),
    "EC2NodeClass": Known("rule nodes", "create", "spec"),
    "LimitRange": Known("of a new namespace"),
    "Namespace": Known(
        "rules data, limits and guards: the number of executors is asked when a job is submitted",
        'create metadata.annotations["spark-on-eks/max-executors"]',
        'delete replace metadata.labels["pod-security.kubernetes.io/enforce"]',
    ),
    "NodePool": Known(
        "rule nodes; karpenter.sh/docs/concepts/nodepools: limits and weights of new nodes",
        "create spec.weight spec.limits",
        "delete replace spec.template spec.disruption",
    ),
    "PersistentVolume": Known(
        f"rule data; {_K8S}/concepts/storage/persistent-volumes: a mount is not changed",
        "create",
        "spec",
    ),
    "PersistentVolumeClaim": Known(
        f"rule data; {_K8S}/concepts/storage/persistent-volumes: in use, it stays",
        "create",
        "replace",
    ),
    "PriorityClass": Known(f"{_K8S}/concepts/scheduling-eviction: a class more", "create"),
    "ResourceQuota": Known(
        f"{_K8S}/concepts/policy/resource-quotas: checked when a pod is created; rule limits",
        "create delete",
        "spec.hard",
    ),
    "Role": _CLUSTER_RIGHT,
    "RoleBinding": _CLUSTER_RIGHT,
    "Service": Known("a service more", "create"),
    "ServiceAccount": Known("an account more", "create"),
    "ValidatingAdmissionPolicy": Known("nothing more is refused", "delete"),
    "ValidatingAdmissionPolicyBinding": Known("nothing more is refused", "delete"),
}

OTHER: Mapping[str, Known] = {
    "eks:index:Cluster": Known(
        f"rule cluster; {_EKS}/userguide/cluster-endpoint.html: nodes use the private endpoint; "
        f"{_EKS}/userguide/enable-kms.html: in the background",
        "create enabledClusterLogTypes upgradePolicy deletionProtection publicAccessCidrs "
        "endpointPublicAccess",
        "delete replace version",
        "encryptionConfigKeyArn",
    ),
    "kubernetes:core/v1:PersistentVolumePatch": Known(
        "the uid of a claim that is bound", "create delete spec metadata.name"
    ),
    "kubernetes:helm.sh/v3:Release": Known(
        "rule workloads: the chart's controllers restart; drivers and executors are not theirs",
        "create",
        "values",
    ),
    "pulumi:providers:aws": Known(
        "rule cluster: tags; the accounts are those of who runs `up`",
        "create allowedAccountIds",
        "defaultTags",
    ),
}


def row(resource: Resource) -> Known | None:
    """Returns the row of a resource's type, None without one."""
    if resource.type in OTHER:
        return OTHER[resource.type]
    if resource.package == "aws":
        return AWS.get(resource.type.removeprefix("aws:"))
    if resource.is_kubernetes_object:
        return KUBERNETES.get(str(resource.inputs.get("kind")))
    return None
