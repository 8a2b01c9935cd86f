"""For rules on AWS: changes of a plan that violate them, and their findings."""

from ops.plan.model import Plan
from tests.ops.rules.changes import (
    GONE,
    Break,
    option,
    picked,
    put,
    unregistered,
    with_inputs,
    without,
)
from tests.plans import CLUSTER_AUTOSCALER

_NODES, _DISCOVERY = "karpenter-controller-nodes", "karpenter-controller-discovery"
_DRIVER = "jar-mount-driver-read-jars"
_GIVEN = "jar-mount-analytics-spark-nodes-read-jars"
_STATEMENT = {"Sid": "More", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
_EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:x"}


def _managed(plan: Plan) -> Plan:
    one = picked(plan, "RolePolicyAttachment", "system-node-AmazonSSMManagedInstanceCore")
    arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    return with_inputs(plan, one, {**one.inputs, "policyArn": arn})


def _public(plan: Plan) -> Plan:
    """Has the private subnet's route lead to the internet gateway."""
    return put("Route", "gatewayId", "igw-1", "network-private-a-internet")(plan)


IAM = (
    Break("iam-resource-wildcard", unregistered("wildcards", "karpenter-controller"),
          "DescribeInRegion allows ec2:DescribeImages on *"),
    Break("iam-action-wildcard", unregistered("wildcards", "cluster"), "wildcard kms:*", "prod"),
    Break("iam-wildcard-bounded",
          put("Policy", "policy!Statement[5].Condition", GONE, _NODES),
          "DeleteOwn allows ec2:TerminateInstances on any instance/*"),
    Break("iam-wildcard-bounded",
          put("Policy", "policy!Statement[0].Action", ["ec2:DeleteTags"], _DISCOVERY),
          "DescribeInRegion allows ec2:DeleteTags on any *"),
    Break("iam-inverted", put("Policy", "policy!Statement[0].NotAction", ["iam:*"], _DRIVER),
          "allows by NotAction"),
    Break("iam-anyone", put("BucketPolicy", "policy!Statement[1]", _EVERYONE),
          "allows Principal *"),
    Break("trust-service-account",
          put("Role", "assumeRolePolicy!Statement[0].Condition.StringEquals", GONE,
              "karpenter-controller-role"), "trusts without one sub"),
    Break("trust-service-account",
          put("Role", "assumeRolePolicy!Statement[0].Condition", {"StringEquals": {
              "x:sub": "system:serviceaccount:*:karpenter", "x:aud": "sts.amazonaws.com"}},
              "karpenter-controller-role"), "trusts without one sub"),
    Break("trust-service-account",
          put("Role", "assumeRolePolicy!Statement[0].Condition", {"StringEquals": {
              "x:sub": "system:serviceaccount:a:b"}}, "karpenter-controller-role"),
          "trusts without sts.amazonaws.com as aud"),
    Break("trust-named", put("Role", "assumeRolePolicy!Statement[0].Principal",
                             {"AWS": "arn:aws:iam::999999999999:root"}), "trusts a AWS principal"),
    Break("trust-named", put("QueuePolicy", "policy!Statement[0].Principal", GONE), "no principal"),
    Break("iam-pass-role", put("Policy", "policy!Statement[0]", {
        "Sid": "Pass", "Effect": "Allow", "Action": "IAM:passrole", "Resource": "arn:x"},
        "karpenter-controller-profiles"), "to any service"),
    Break("oidc-audience", put("OpenIdConnectProvider", "clientIdLists", GONE),
          "other audiences than STS"),
    Break("confused-deputy", put("QueuePolicy", "policy!Statement[0].Condition", GONE),
          "allows, for any account, events.amazonaws.com"),
    Break("confused-deputy", put("Role", "assumeRolePolicy!Statement[0].Condition", GONE,
                                 "network-flow-logs"), "vpc-flow-logs.amazonaws.com", "prod"),
    Break("node-role-no-s3-write", put("Policy", "policy!Statement[2]", _STATEMENT,
                                       "karpenter-default-node-read-jars"),
          "More lets nodes s3:PutObject", "staging"),
    Break("node-role-no-s3-write", put("RolePolicy", "policy!Statement[2]",
                                       {**_STATEMENT, "Action": "S3:P*"}, _GIVEN),
          "More lets nodes S3:P*", "existing"),
    Break("node-role-managed-policies", _managed, "AmazonS3FullAccess"),
    Break("iam-s3-prefix", put("Policy", "policy!Statement[0]", {
        "Sid": "List", "Effect": "Allow", "Action": "S3:listbucket", "Resource": "arn:x"},
        _DRIVER), "List without s3:prefix allows S3:listbucket"),
    Break("iam-s3-prefix",
          put("Policy", "policy!Statement[1].Resource", ["arn:aws:s3:::jars/*"], _DRIVER),
          "grants every object of jars/*"),
)  # fmt: skip

CLUSTER = (
    Break("endpoint-allow-list", put("Cluster", "publicAccessCidrs", GONE), "the whole internet"),
    Break("endpoint-allow-list", put("Cluster", "publicAccessCidrs", ["0.0.0.0/1", "128.0.0.0/1"]),
          "is open to 0.0.0.0/0"),
    Break("endpoint-allow-list", put("Cluster", "endpointPublicAccess", GONE), "EKS' default"),
    Break("endpoint-allow-list", put("Cluster", "endpointPrivateAccess", False), "no private"),
    Break("secrets-own-key", put("Cluster", "encryptionConfigKeyArn", GONE),
          "AWS owned key", "prod"),
    Break("control-plane-logs", put("Cluster", "enabledClusterLogTypes", ["api"]), "the audit log"),
    Break("control-plane-logs", without("LogGroup", "cluster-logs"), "leaves /aws/eks/spark-dev"),
    Break("cluster-bare", put("Cluster", "createOidcProvider", GONE), "is not false"),
    Break("cluster-bare", put("Cluster", "corednsAddonOptions", GONE), "corednsAddonOptions"),
    Break("provider-identity", put("kubernetes", "clusterIdentifier", GONE), "kubeconfig only"),
    Break("access-by-entries", without("AccessPolicyAssociation"), "grants no permissions", "prod"),
    Break("kubernetes-version", put("Cluster", "version", GONE), "the newest version"),
    Break("kubernetes-version", put("NodeGroup", "version", GONE), "gets the cluster's"),
    Break("kubernetes-version", put("Cluster", "upgradePolicy", GONE), "no support type"),
    Break("access-by-entries", put("Cluster", "authenticationMode", GONE), "aws-auth"),
    Break("no-open-ingress", put("SecurityGroup", "ingress[0].cidrBlocks", ["0.0.0.0/0"]),
          "lets in 0.0.0.0/0", "prod"),
    Break("no-open-ingress", put("SecurityGroup", "egress", [{"protocol": "-1"}]), "allows egress",
          "prod"),
    Break("no-open-ingress", without("DefaultSecurityGroup"),
          "does not close its default security group"),
)  # fmt: skip

NODES = (
    Break("imds-v2", put("LaunchTemplate", "metadataOptions.httpTokens", "optional"), "IMDSv1"),
    Break("imds-v2", put("EC2NodeClass", "spec.metadataOptions.httpTokens", GONE), "IMDSv1"),
    Break("imds-hop-limit",
          put("LaunchTemplate", "metadataOptions.httpPutResponseHopLimit", 2), "hop limit of 2"),
    Break("imds-hop-limit",
          put("EC2NodeClass", "spec.metadataOptions.httpPutResponseHopLimit", GONE),
          "the default hop limit"),
    Break("ami-pinned", put("EC2NodeClass", "spec.amiSelectorTerms[0].alias", "al2023@latest"),
          "selects the image al2023@latest"),
    Break("ami-pinned", put("EC2NodeClass", "spec.amiSelectorTerms", GONE), "selects no image"),
    Break("group-release-pinned", put("NodeGroup", "releaseVersion", GONE), "amiRelease", "dev",
          ("systemNodes.amiRelease=1.35.2-20260724",)),
    Break("nodes-private", put("Subnet", "mapPublicIpOnLaunch", True), "gives public addresses"),
    Break("nodes-private", put("EC2NodeClass", "spec.associatePublicIPAddress", True),
          "gives nodes public addresses"),
    Break("nodes-private", put("EC2NodeClass", "spec.associatePublicIPAddress", GONE),
          "uses the subnet's setting for public addresses"),
    Break("nodes-private", _public, "is in the public subnet network-private-a"),
    Break("system-nodes-stay", put("NodeGroup", "capacityType", "SPOT"), "not On-Demand"),
    Break("system-nodes-stay", put("NodeGroup", "scalingConfig.minSize", 1), "below two"),
    Break("system-nodes-stay", put("NodeGroup", "subnetIds", ["subnet-1"]), "one zone"),
    Break("system-nodes-stay", put("NodeGroup", "taints", GONE), "any pod can run there"),
    Break("system-nodes-stay", put("NodeGroup", "capacityType", GONE), "its capacity type"),
    Break("system-nodes-stay", put("NodeGroup", "updateConfig", GONE), "how many nodes an update"),
    Break("system-nodes-stay", option(
        "NodeGroup", ignore_changes=("scalingConfig.desiredSize",)), "keeps its recorded size"),
    Break("system-nodes-stay", option(
        "NodeGroup", "cluster-autoscaler-default-arm-spot-group",
        ignore_changes=("scalingConfig.desiredSize",)),
        "sends the recorded size", sets=CLUSTER_AUTOSCALER),
)  # fmt: skip

DATA = (
    Break("volumes-encrypted", put("LaunchTemplate", "blockDeviceMappings[0].ebs.encrypted",
                                   "false"), "/dev/xvda is not encrypted"),
    Break("volumes-encrypted", put("EC2NodeClass", "spec.blockDeviceMappings[0].ebs.encrypted",
                                   GONE), "/dev/xvda is not encrypted"),
    Break("volumes-encrypted", put("EC2NodeClass", "spec.blockDeviceMappings", GONE), "default"),
    Break("volumes-end-with-node",
          put("EC2NodeClass", "spec.blockDeviceMappings[0].ebs.deleteOnTermination", False),
          "outlives its instance"),
    Break("bucket-encrypted", without("BucketServerSideEncryptionConfiguration"), "no rule"),
    Break("bucket-encrypted", put(
        "BucketServerSideEncryptionConfiguration",
        "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId", GONE), "AWS managed", "prod"),
    Break("bucket-private", put("BucketPublicAccessBlock", "blockPublicPolicy", False),
          "has no blockPublicPolicy"),
    Break("bucket-private", without("BucketOwnershipControls"), "allows ACLs"),
    Break("bucket-versions", put("BucketVersioning", "versioningConfiguration.status",
                                 "Suspended"), "keeps no versions"),
    Break("bucket-versions",
          put("BucketLifecycleConfiguration", "rules[0].status", "Disabled"), "old versions"),
    Break("bucket-versions", put("BucketLifecycleConfiguration", "rules[1]", {"status": "Enabled"}),
          "unfinished uploads"),
    Break("tls-only", without("BucketPolicy"), "accepts requests without TLS"),
    Break("tls-only", put("BucketPolicy", "policy!Statement[0].Condition.Bool", GONE),
          "without TLS"),
    Break("tls-only", put("BucketPolicy", "policy!Statement[0].Resource", ["arn:aws:s3:::a"]),
          "without TLS"),
    Break("tls-only", put("QueuePolicy", "policy!Statement[1].Effect", "Allow"), "without TLS"),
    Break("tls-only", put("QueuePolicy", "policy!Statement[1].Effect", GONE), "without TLS"),
    Break("queue-encrypted", put("Queue", "sqsManagedSseEnabled", False), "not encrypted"),
    Break("queue-forgets", put("Queue", "messageRetentionSeconds", GONE), "for 345600 s"),
    Break("keys-rotate", put("Key", "enableKeyRotation", GONE), "does not rotate", "prod"),
    Break("keys-rotate", put("Key", "deletionWindowInDays", 7), "less than 30 days", "prod"),
    Break("logs-end", put("LogGroup", "retentionInDays", GONE), "never expires"),
)  # fmt: skip

_LONG = [f"arn:aws:s3:::a-bucket-of-some-length-{number}/*" for number in range(200)]
_BLOCKS = [f"198.51.{number}.0/24" for number in range(61)]
LIMITS = (
    Break("limits-kept", put("Policy", "policy!Statement[0].Resource", _LONG, _DRIVER),
          "characters of a managed policy, and IAM allows 6144: fewer buckets"),
    Break("limits-kept", put("Cluster", "publicAccessCidrs", _BLOCKS),
          "has 61 blocks that reach the public endpoint, and EKS allows 40: wider blocks"),
    Break("quotas-raised", put("SecurityGroup", "ingress[0].cidrBlocks", _BLOCKS), "has 61 rules "
          "of one direction in a security group, and EC2 allows 60: ask AWS to raise L-0EA8095F",
          "prod"),
)  # fmt: skip
