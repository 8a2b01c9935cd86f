"""Guards that go from one resource of a recorded plan, by hand."""

from tests.ops.diff.changes import OPERATOR, SPOT_ENDS, Row
from tests.ops.rules.changes import GONE, put, without

_EKS = "docs.aws.amazon.com/eks/latest"
_EC2 = "docs.aws.amazon.com/AWSEC2/latest"
_S3 = "docs.aws.amazon.com/AmazonS3/latest/userguide"
_VPC = "docs.aws.amazon.com/vpc/latest"
_IAM = "docs.aws.amazon.com/IAM/latest"
_K8S = "kubernetes.io/docs/concepts"
_HELM = "restarts: restarts the controller of Helm release"

GUARDS = {
    "the nodes' access entry goes": Row(
        without("AccessEntry", "karpenter-default-nodes"),
        "ends-jobs: nodes of role karpenter-default-node-role lose the API server",
        "jobs-affected: on nodes of role karpenter-default-node-role: all pods end",
        source=f"{_EKS}/userguide/access-entries.html",
    ),
    "a person's access entry goes": Row(
        without("AccessEntry", "cluster-admin-111122223333-role-platform-admin"),
        "narrower-permission: platform-admin no longer has an entry in the cluster",
        stack="prod",
        source=f"{_EKS}/userguide/access-entries.html",
    ),
    "the identity provider goes": Row(
        without("OpenIdConnectProvider"),
        "ends-jobs: roles of service accounts can no longer be assumed",
        "jobs-affected: their pods lose their AWS rights",
        source=f"{_EKS}/userguide/enable-iam-roles-for-service-accounts.html",
    ),
    "the identity provider has another audience": Row(
        put("OpenIdConnectProvider", "clientIdLists", ["other"]),
        "ends-jobs: roles of service accounts can no longer be assumed",
        "jobs-affected: their pods lose their AWS rights",
        source=f"{_IAM}/APIReference/API_CreateOpenIDConnectProvider.html",
    ),
    "the identity provider has one audience more": Row(
        put("OpenIdConnectProvider", "clientIdLists[1]", "other"),
        source=f"{_IAM}/APIReference/API_AddClientIDToOpenIDConnectProvider.html",
    ),
    "an interruption rule goes": Row(
        without("EventRule", "karpenter-interruption-spot-interruption"),
        f"jobs-affected: {SPOT_ENDS}",
        "guard: karpenter-interruption-spot-interruption: Karpenter may not learn of Spot",
        source="karpenter.sh/docs/concepts/disruption/#interruption",
    ),
    "an interruption rule is off": Row(
        put("EventRule", "state", "DISABLED", "karpenter-interruption-spot-interruption"),
        f"jobs-affected: {SPOT_ENDS}",
        "guard: karpenter-interruption-spot-interruption: Karpenter may not learn of Spot",
        source="docs.aws.amazon.com/eventbridge/latest/APIReference/API_DisableRule.html",
    ),
    "an interruption rule is on again": Row(
        put("EventRule", "state", "ENABLED", "karpenter-interruption-spot-interruption"),
        source="docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html",
    ),
    "a rule's target goes": Row(
        without("EventTarget", "karpenter-interruption-spot-interruption"),
        f"jobs-affected: {SPOT_ENDS}",
        "guard: karpenter-interruption-spot-interruption: Karpenter may not learn of Spot",
        source="docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html",
    ),
    "the queue's policy goes": Row(
        without("QueuePolicy"),
        f"jobs-affected: {SPOT_ENDS}",
        "narrower-permission: queue spark-dev (deleted)",
        "guard: karpenter-interruption-queue: Karpenter may not learn of Spot",
        source="docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
    ),
    "the queue is another in Karpenter's values": Row(
        put("Release", "values.settings.interruptionQueue", "other", "karpenter-release"),
        "jobs-unknown: karpenter-release: values.settings.interruptionQueue",
        f"{_HELM} karpenter",
        source="karpenter.sh/docs/reference/settings/",
    ),
    "the interruption queue goes": Row(
        without("Queue"),
        f"jobs-affected: {SPOT_ENDS}",
        "guard: queue karpenter-interruption-queue is deleted: Karpenter learns of no Spot",
        source="karpenter.sh/docs/concepts/disruption/#interruption",
    ),
    "a bucket without its key": Row(
        without("BucketServerSideEncryptionConfiguration", "jars-encryption"),
        "guard: jars-encryption: new objects are no longer encrypted with arn:aws:kms",
        stack="prod",
        source=f"{_S3}/default-bucket-encryption.html",
    ),
    "public access is possible again": Row(
        put("BucketPublicAccessBlock", "restrictPublicBuckets", False, "jars-private"),
        "guard: jars-private: S3 no longer blocks public access (restrictPublicBuckets)",
        source=f"{_S3}/access-control-block-public-access.html",
    ),
    "the bucket's TLS denial goes": Row(
        without("BucketPolicy", "jars-tls-only"),
        "jobs-unknown: jars-tls-only: is deleted",
        "guard: jars-tls-only: the bucket no longer denies requests without TLS",
        source=f"{_S3}/security-best-practices.html",
    ),
    "the bucket's policy denies nothing": Row(
        put("BucketPolicy", "policy!Statement", [], "jars-tls-only"),
        "wider-permission: bucket spark-dev-jars-111122223333-us-west-2 (may now) no longer: *",
        "guard: jars-tls-only: the bucket no longer denies requests without TLS",
        source=f"{_S3}/security-best-practices.html",
    ),
    "the bucket denies everybody": Row(
        put(
            "BucketPolicy",
            "policy!Statement[1]",
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
            "jars-tls-only",
        ),
        "jobs-affected: requests to bucket spark-dev-jars-111122223333-us-west-2 that its policy",
        "narrower-permission: bucket spark-dev-jars-111122223333-us-west-2 (may no longer) now: *",
        source=f"{_IAM}/UserGuide/reference_policies_evaluation-logic.html",
    ),
    "versions are no longer kept": Row(
        put("BucketVersioning", "versioningConfiguration.status", "Suspended", "jars-versions"),
        "guard: jars-versions: what is overwritten or deleted can no longer be brought back",
        source=f"{_S3}/Versioning.html",
    ),
    "ACLs count again": Row(
        put("BucketOwnershipControls", "rule.objectOwnership", "ObjectWriter", "jars-ownership"),
        "jobs-unknown: jars-ownership: rule.objectOwnership",
        "guard: jars-ownership: ACLs count again",
        source=f"{_S3}/about-object-ownership.html",
    ),
    "the audit log is off": Row(
        put("Cluster", "enabledClusterLogTypes", ["api", "authenticator"]),
        "guard: the control plane's audit log ends",
        "cost: kinds of control-plane logs 3 -> 2",
        source=f"{_EKS}/userguide/control-plane-logs.html",
    ),
    "metadata without a token": Row(
        put("LaunchTemplate", "metadataOptions.httpTokens", "optional"),
        "rolls-nodes: rolls managed node group system-group",
        "guard: system-template: nodes answer metadata requests without a token (IMDSv1)",
        source=f"{_EC2}/UserGuide/configuring-instance-metadata-service.html",
    ),
    "metadata for pods": Row(
        put(
            "EC2NodeClass",
            "spec.metadataOptions.httpPutResponseHopLimit",
            2,
            "karpenter-drivers-class",
        ),
        "drifts-nodes: drifts NodePool drivers (spec.metadataOptions): its nodes stay until",
        "guard: drivers: pods reach the metadata of their node, and its role (hop limit above 1)",
        source=f"{_EC2}/UserGuide/configuring-IMDS-existing-instances.html",
    ),
    "disks of drivers are not encrypted": Row(
        put(
            "EC2NodeClass",
            "spec.blockDeviceMappings[0].ebs.encrypted",
            False,
            "karpenter-drivers-class",
        ),
        "drifts-nodes: drifts NodePool drivers (spec.blockDeviceMappings)",
        "guard: drivers: disks of new nodes are not encrypted",
        source=f"{_EC2}/UserGuide/ebs-encryption.html",
    ),
    "drivers' nodes get public addresses": Row(
        put("EC2NodeClass", "spec.associatePublicIPAddress", True, "karpenter-drivers-class"),
        "drifts-nodes: drifts NodePool drivers (spec.associatePublicIPAddress)",
        "guard: drivers: new nodes may get public addresses",
        source="karpenter.sh/docs/concepts/nodeclasses/#specassociatepublicipaddress",
    ),
    "a private subnet hands out public addresses": Row(
        put("Subnet", "mapPublicIpOnLaunch", True, "network-private-a"),
        "guard: network-private-a: what is launched in it gets a public address",
        source=f"{_VPC}/userguide/subnet-public-ip.html",
    ),
    "a key is no longer rotated": Row(
        put("Key", "enableKeyRotation", False, "jars-key"),
        "guard: KMS key jars-key is no longer rotated",
        stack="prod",
        source="docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
    ),
    "a key is deleted sooner": Row(
        put("Key", "deletionWindowInDays", 7, "jars-key"),
        "guard: KMS key jars-key is deleted 7 days after a request, not 30",
        stack="prod",
        source="docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html",
    ),
    "a key is disabled": Row(
        put("Key", "isEnabled", False, "jars-key"),
        "ends-jobs: KMS key jars-key is disabled: nothing can be read or written with it",
        "jobs-affected: reads of what KMS key jars-key encrypted fail",
        stack="prod",
        source="docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html",
    ),
    "the allowed account is any": Row(
        put("aws", "allowedAccountIds", GONE),
        "guard: any account is allowed: credentials of another one would be used",
        stack="prod",
        source="www.pulumi.com/registry/packages/aws/api-docs/provider/",
    ),
    "executors at most": Row(
        put(
            "Namespace",
            "metadata.annotations.spark-on-eks/max-executors",
            "200",
            "team-team-a-namespace",
        ),
        "quota: executors of a job of team-a, at most: 20 -> 200",
        source=f"{_K8S}/policy/resource-quotas/",
    ),
    "NetworkPolicies are not enforced": Row(
        put("Addon", "configurationValues!enableNetworkPolicy", "false", "node-addons-vpc-cni"),
        "restarts: restarts the pods of add-on vpc-cni, node by node",
        "guard: node-addons-vpc-cni: NetworkPolicies are no longer enforced",
        source=f"{_EKS}/userguide/cni-network-policy-configure.html",
    ),
    "one replica of the operator": Row(
        put("Release", "values.webhook.replicas", 1, "spark-operator-release"),
        OPERATOR,
        "guard: replicas of spark-operator: 2 -> 1: none is left while its node is replaced",
        source=f"{_K8S}/workloads/controllers/deployment/",
    ),
    "no replica of Karpenter": Row(
        put("Release", "values.replicas", 0, "karpenter-release"),
        "ends-jobs: none of the pods of karpenter runs: values.replicas is 0",
        "jobs-affected: new executors wait: no node is launched for them",
        f"{_HELM} karpenter",
        source="karpenter.sh/docs/concepts/",
    ),
    "Karpenter's disruption budget is looser": Row(
        put("Release", "values.podDisruptionBudget.maxUnavailable", 2, "karpenter-release"),
        f"{_HELM} karpenter",
        "guard: disruption budget of karpenter: maxUnavailable 1 -> 2",
        source=f"{_K8S}/workloads/pods/disruptions/",
    ),
    "the operator's disruption budget is off": Row(
        put(
            "Release",
            "values.controller.podDisruptionBudget.enable",
            False,
            "spark-operator-release",
        ),
        OPERATOR,
        "guard: disruption budget of spark-operator: enable true -> false",
        source=f"{_K8S}/workloads/pods/disruptions/",
    ),
    "replicas of metrics-server": Row(
        put("Addon", "configurationValues!replicas", 1, "cluster-addons-metrics-server"),
        "restarts: restarts the pods of add-on metrics-server",
        "guard: replicas of metrics-server: 2 -> 1: none is left while its node is replaced",
        source=f"{_K8S}/workloads/controllers/deployment/",
    ),
}
