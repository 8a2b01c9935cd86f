"""For each rule, the changes of a plan that break it, and what it then says."""

import json
from dataclasses import replace
from typing import NamedTuple

from preview.plan import Invoke
from tests.plans import CLUSTER_AUTOSCALER
from tests.policies.changes import (
    GONE,
    Edit,
    added,
    also,
    independent,
    option,
    picked,
    put,
    with_inputs,
    without,
)


class Break(NamedTuple):
    """One change; `says` is part of the message of the finding that it makes."""

    rule: str
    edit: Edit
    says: str
    stack: str = "dev"
    sets: tuple[str, ...] = ()


_NODES, _DISCOVERY = "karpenter-controller-nodes", "karpenter-controller-discovery"
_DRIVER = "jar-mount-driver-read-jars"
_GIVEN = "jar-mount-analytics-spark-nodes-read-jars"
_CONTAINER = "spec.template.spec.containers[0]"
_CLASS, _TEMPLATE, _GROUP = "karpenter-default-class", "system-template", "system-group"
_POOL = "spec.template.spec"
_RUNG, _DRIVERS = "karpenter-default-arm-spot", "karpenter-drivers"
_STATEMENT = {"Sid": "More", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
_EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:x"}
_POD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "job", "namespace": "team-a"},
    "spec": {
        "replicas": 2,
        "template": {
            "metadata": {"labels": {"app": "job"}},
            "spec": {
                "nodeSelector": {"spark-on-eks/pool": "nowhere"},
                "containers": [
                    {"name": "job", "image": "spark:4", "securityContext": {"privileged": True}}
                ],
                "volumes": [
                    {"name": "disk", "hostPath": {"path": "/var"}},
                    {"name": "n", "nfs": {}},
                ],
            },
        },
    },
}
_TEAM_POD = added("kubernetes:apps/v1:Deployment", "job", _POD)


def _managed(plan):
    one = picked(plan, "RolePolicyAttachment", "system-node-AmazonSSMManagedInstanceCore")
    arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    return with_inputs(plan, one, {**one.inputs, "policyArn": arn})


def _public(plan):
    """Has the private subnet's route lead to the internet gateway."""
    return put("Route", "gatewayId", "igw-1", "network-private-a-internet")(plan)


def _looked_up_latest(plan):
    newest = {"addonName": "coredns", "mostRecent": True}
    call = Invoke("aws:eks/getAddonVersion:getAddonVersion", newest)
    return replace(plan, invokes=(call,))


IAM = (
    Break("iam-action-wildcard", put("Policy", "policy!Statement[0].Action", ["s3:*"], _DRIVER),
          "allows the wildcard s3:*"),
    Break("iam-resource-wildcard", put("Policy", "policy!Statement[1].Resource", "*", _DRIVER),
          "ReadJars allows s3:GetObject on *"),
    Break("iam-resource-wildcard",
          put("Policy", "policy!Statement[5].Condition.StringLike", GONE, _NODES),
          "DeleteOwn allows ec2:TerminateInstances on instance/*"),
    Break("iam-resource-wildcard",
          put("Policy", "policy!Statement[0].Condition", GONE, _DISCOVERY),
          "DescribeInRegion allows ec2:DescribeImages on *"),
    Break("iam-resource-wildcard",
          put("Policy", "policy!Statement[5].Action", ["ec2:ModifyInstanceAttribute"], _NODES),
          "DeleteOwn allows ec2:ModifyInstanceAttribute on instance/*"),
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
    Break("confused-deputy", put("QueuePolicy", "policy!Statement[0].Condition", GONE),
          "lets in, for any account, events.amazonaws.com"),
    Break("confused-deputy", put("Role", "assumeRolePolicy!Statement[0].Condition", GONE,
                                 "network-flow-logs"), "vpc-flow-logs.amazonaws.com", "prod"),
    Break("node-role-no-s3-write", put("Policy", "policy!Statement[2]", _STATEMENT,
                                       "karpenter-jars-node-read-jars"),
          "More lets nodes s3:PutObject", "staging"),
    Break("node-role-no-s3-write", put("RolePolicy", "policy!Statement[2]", _STATEMENT, _GIVEN),
          "More lets nodes s3:PutObject", "existing"),
    Break("node-role-managed-policies", _managed, "AmazonS3FullAccess"),
    Break("iam-s3-prefix", put("Policy", "policy!Statement[0].Condition", GONE, _DRIVER),
          "ListJars without s3:prefix allows s3:ListBucket"),
    Break("iam-s3-prefix",
          put("Policy", "policy!Statement[1].Resource", ["arn:aws:s3:::jars/*"], _DRIVER),
          "reaches every object of jars/*"),
)  # fmt: skip

CLUSTER = (
    Break("endpoint-allow-list", put("Cluster", "publicAccessCidrs", GONE), "the whole internet"),
    Break("endpoint-allow-list", put("Cluster", "publicAccessCidrs", ["0.0.0.0/1", "128.0.0.0/1"]),
          "answers callers from 0.0.0.0/0"),
    Break("endpoint-allow-list", put("Cluster", "endpointPublicAccess", GONE), "EKS' default"),
    Break("endpoint-allow-list", put("Cluster", "endpointPrivateAccess", False), "no private"),
    Break("secrets-own-key", put("Cluster", "encryptionConfigKeyArn", GONE), "key of AWS'", "prod"),
    Break("control-plane-logs", put("Cluster", "enabledClusterLogTypes", ["api"]), "no audit log"),
    Break("control-plane-logs", without("LogGroup", "cluster-logs"), "leaves /aws/eks/spark-dev"),
    Break("access-by-entries", put("Cluster", "authenticationMode", GONE), "aws-auth"),
    Break("no-open-ingress", put("SecurityGroup", "ingress[0].cidrBlocks", ["0.0.0.0/0"]),
          "lets in 0.0.0.0/0", "prod"),
    Break("no-open-ingress", put("SecurityGroup", "egress", [{"protocol": "-1"}]), "call out",
          "prod"),
    Break("no-open-ingress", without("DefaultSecurityGroup"), "default security group open"),
)  # fmt: skip

NODES = (
    Break("imds-v2", put("LaunchTemplate", "metadataOptions.httpTokens", "optional"), "IMDSv1"),
    Break("imds-v2", put("EC2NodeClass", "spec.metadataOptions.httpTokens", GONE), "IMDSv1"),
    Break("imds-hop-limit",
          put("LaunchTemplate", "metadataOptions.httpPutResponseHopLimit", 2), "over 2 hops"),
    Break("imds-hop-limit",
          put("EC2NodeClass", "spec.metadataOptions.httpPutResponseHopLimit", GONE),
          "over the default number of hops"),
    Break("ami-pinned", put("EC2NodeClass", "spec.amiSelectorTerms[0].alias", "al2023@latest"),
          "selects the image al2023@latest"),
    Break("ami-pinned", put("EC2NodeClass", "spec.amiSelectorTerms", GONE), "selects no image"),
    Break("group-release-pinned", put("NodeGroup", "releaseVersion", GONE), "amiRelease", "dev",
          ("systemNodes.amiRelease=1.35.2-20260724",)),
    Break("nodes-private", put("Subnet", "mapPublicIpOnLaunch", True), "gives public addresses"),
    Break("nodes-private", put("EC2NodeClass", "spec.associatePublicIPAddress", True),
          "gives nodes public addresses"),
    Break("nodes-private", put("EC2NodeClass", "spec.associatePublicIPAddress", GONE),
          "leaves public addresses to the subnet"),
    Break("nodes-private", _public, "stands in the public subnet network-private-a"),
    Break("system-nodes-stay", put("NodeGroup", "capacityType", "SPOT"), "not On-Demand"),
    Break("system-nodes-stay", put("NodeGroup", "scalingConfig.minSize", 1), "below two"),
    Break("system-nodes-stay", put("NodeGroup", "subnetIds", ["subnet-1"]), "one zone"),
    Break("system-nodes-stay", put("NodeGroup", "taints", GONE), "takes any pod"),
    Break("system-nodes-stay", put("NodeGroup", "updateConfig", GONE), "how many nodes an update"),
    Break("system-nodes-stay", option("NodeGroup", ignore_changes=()), "undoes what"),
)  # fmt: skip

DATA = (
    Break("volumes-encrypted", put("LaunchTemplate", "blockDeviceMappings[0].ebs.encrypted",
                                   "false"), "/dev/xvda is not encrypted"),
    Break("volumes-encrypted", put("EC2NodeClass", "spec.blockDeviceMappings[0].ebs.encrypted",
                                   GONE), "/dev/xvda is not encrypted"),
    Break("volumes-encrypted", put("EC2NodeClass", "spec.blockDeviceMappings", GONE), "defaults"),
    Break("volumes-end-with-node",
          put("EC2NodeClass", "spec.blockDeviceMappings[0].ebs.deleteOnTermination", False),
          "outlives its instance"),
    Break("bucket-encrypted", without("BucketServerSideEncryptionConfiguration"), "no rule"),
    Break("bucket-private", put("BucketPublicAccessBlock", "blockPublicPolicy", False),
          "has no blockPublicPolicy"),
    Break("bucket-private", without("BucketOwnershipControls"), "lets ACLs decide"),
    Break("bucket-versions", put("BucketVersioning", "versioningConfiguration.status",
                                 "Suspended"), "keeps no versions"),
    Break("bucket-versions",
          put("BucketLifecycleConfiguration", "rules[0].status", "Disabled"), "old versions"),
    Break("bucket-versions", put("BucketLifecycleConfiguration", "rules[1]", {"status": "Enabled"}),
          "unfinished uploads"),
    Break("tls-only", without("BucketPolicy"), "do not come over TLS"),
    Break("tls-only", put("BucketPolicy", "policy!Statement[0].Condition.Bool", GONE), "over TLS"),
    Break("tls-only", put("BucketPolicy", "policy!Statement[0].Resource", ["arn:aws:s3:::a"]),
          "over TLS"),
    Break("tls-only", put("QueuePolicy", "policy!Statement[1].Effect", "Allow"), "over TLS"),
    Break("queue-encrypted", put("Queue", "sqsManagedSseEnabled", False), "not encrypted"),
    Break("keys-rotate", put("Key", "enableKeyRotation", GONE), "does not rotate", "prod"),
    Break("keys-rotate", put("Key", "deletionWindowInDays", 7), "less than 30 days", "prod"),
    Break("logs-end", put("LogGroup", "retentionInDays", GONE), "for ever"),
)  # fmt: skip

PODS = (
    Break("pod-host-access", put("DaemonSet", f"{_POOL}.hostNetwork", True), "hostNetwork",
          "existing"),
    Break("pod-host-access", put("DaemonSet", f"{_CONTAINER}.securityContext.privileged", True),
          "privileged", "existing"),
    Break("pod-host-access", put("DaemonSet", f"{_CONTAINER}.securityContext.capabilities.add[1]",
                                 "SYS_ADMIN"), "capability SYS_ADMIN", "existing"),
    Break("team-pods-restricted",
          put("Namespace", 'metadata.labels["pod-security.kubernetes.io/enforce"]', "baseline"),
          "enforces baseline"),
    Break("team-pods-restricted", _TEAM_POD, "has hostPath /var in a team's namespace"),
    Break("team-pods-restricted", _TEAM_POD, "has privileged in a team's namespace"),
    Break("team-pods-restricted", _TEAM_POD, "has a nfs volume in a team's namespace"),
    Break("pod-hardened", put("DaemonSet", f"{_CONTAINER}.securityContext.capabilities.drop", []),
          "keeps default capabilities", "existing"),
    Break("pod-hardened",
          put("DaemonSet", f"{_CONTAINER}.securityContext.allowPrivilegeEscalation", GONE),
          "may gain privileges", "existing"),
    Break("pod-hardened",
          put("DaemonSet", f"{_CONTAINER}.securityContext.readOnlyRootFilesystem", GONE),
          "writes its image's files", "existing"),
    Break("images-pinned", _TEAM_POD, "runs spark:4"),
    Break("images-multi-arch", _TEAM_POD, "spark is not known for both"),
    Break("requests-set", put("DaemonSet", f"{_CONTAINER}.resources.requests.cpu", GONE),
          "watch sets no requests.cpu", "existing"),
    Break("requests-set", put("Release", "values.controller.resources", GONE,
                              "karpenter-controller"), "karpenter sets no limits.memory"),
    Break("budget-for-replicas", _TEAM_POD, "has 2 replicas and no budget"),
    Break("budget-for-replicas", put("Release", "values.replicas", 1, "karpenter-controller"),
          "karpenter runs once"),
    Break("budget-for-replicas", put("Release", "values.podDisruptionBudget", GONE,
                                     "karpenter-controller"), "karpenter has no budget"),
)  # fmt: skip

SCHEDULING = (
    Break("system-pods-placed", put("Release", "values.nodeSelector", GONE, "karpenter-controller"),
          "karpenter may run on any node"),
    Break("system-pods-placed", put("Addon", "configurationValues!tolerations", [],
                                    "cluster-addons-coredns"), "coredns cannot run there"),
    Break("system-pods-placed", put("Release", "chart", "oci://x/unheard-of", "karpenter-crd"),
          "unheard-of is not in policies/workloads.py"),
    Break("nodes-tainted", put("NodePool", f"{_POOL}.taints", [], _RUNG), "takes any pod"),
    Break("nodes-tainted", put("NodePool", f"{_POOL}.taints[0].value", "other", _RUNG),
          "is not its label's"),
    Break("nodes-tainted", put("NodePool", 'spec.template.metadata.labels["spark-on-eks/pool"]',
                               GONE, _RUNG), "has no label"),
    Break("taints-tolerated", also(
        put("Addon", "configurationValues!node", {}, "cluster-addons-aws-ebs-csi-driver"),
        put("Addon", "configurationValues!node", {}, "jar-mount-aws-mountpoint-s3-csi-driver")),
        "nobody tolerates spark-on-eks/pool=default:NoSchedule"),
    Break("agents-everywhere", put("Addon", "configurationValues!node", {},
                                   "jar-mount-aws-mountpoint-s3-csi-driver"), "is not set"),
    Break("agents-everywhere", put("DaemonSet", f"{_POOL}.tolerations", []), "does not tolerate",
          "dev", ("jarMount.level=node", "jarMount.method=daemonset")),
    Break("startup-taints-removed",
          put("NodePool", f"{_POOL}.startupTaints[0].key", "x/never", _RUNG), "nothing takes"),
    Break("startup-taints-removed", put("NodePool", f"{_POOL}.startupTaints", GONE, _RUNG),
          "takes pods before s3.csi.aws.com/agent-not-ready"),
    Break("selectors-matched", _TEAM_POD, "no node has {'spark-on-eks/pool': ['nowhere']}"),
    Break("selectors-matched", put("PersistentVolume", "spec.nodeAffinity.required."
                                   "nodeSelectorTerms[0].matchExpressions[0].values", ["x"]),
          "no node has", "staging"),
    Break("limits-bounded", put("NodePool", "spec.limits", GONE, _RUNG), "no limit of memory"),
    Break("limits-bounded", put("NodePool", f"{_POOL}.terminationGracePeriod", GONE, _RUNG),
          "drains without an end"),
    Break("limits-bounded", put("NodePool", f"{_POOL}.requirements", [], _RUNG), "which kubern"),
    Break("running-pods-kept", put("NodePool", "spec.disruption.budgets", GONE, _RUNG), "a tenth"),
    Break("running-pods-kept", put("NodePool", "spec.disruption.consolidationPolicy", GONE, _RUNG),
          "which is the default"),
    Break("running-pods-kept", put("NodePool", f"{_POOL}.expireAfter", GONE, _RUNG), "720 hours"),
    Break("running-pods-kept", put("NodePool", "spec.disruption.consolidationPolicy",
                                   "WhenEmptyOrUnderutilized", _DRIVERS), "moves drivers"),
    Break("running-pods-kept", put("NodePool", "spec.disruption.budgets[1].nodes", "10%", _DRIVERS),
          "replaces drivers' nodes when they drift"),
    Break("running-pods-kept", put("NodePool", f"{_POOL}.requirements[1].values",
                                   ["spot", "on-demand"], _DRIVERS), "runs drivers on Spot"),
)  # fmt: skip

PINS_AND_OWNER = (
    Break("charts-pinned", put("Release", "version", GONE), "version of the day"),
    Break("charts-pinned", put("Release", "version", ">=1.0"), "installs version >=1.0"),
    Break("charts-pinned", put("Release", "chart", "./karpenter", "karpenter-controller"),
          "comes from ./karpenter"),
    Break("crds-once", put("Release", "skipCrds", GONE, "karpenter-controller"), "installs CRDs"),
    Break("crds-once", put("Release", "version", "1.14.0", "karpenter-crd"), "not of the version"),
    Break("addons-not-latest", put("Addon", "addonVersion", GONE), "leaves its version to EKS"),
    Break("addons-not-latest", _looked_up_latest, "follows the latest version"),
    Break("addons-pinned", _looked_up_latest, "looks up the version", "existing"),
    Break("addons-overwrite", put("Addon", "resolveConflictsOnUpdate", "PRESERVE"), "PRESERVE"),
    Break("tags", put("aws", "defaultTags", json.dumps({"tags": {"stack": "dev"}})),
          "puts no tag project"),
    Break("tags", option("Queue", provider="urn:default"), "without the stack's tags"),
    Break("tags", put("LaunchTemplate", "tagSpecifications[1].resourceType", "fleet"),
          "puts no project, stack on each volume"),
    Break("tags", put("EC2NodeClass", "spec.tags", GONE), "on each instance"),
    Break("production-protected", put("Cluster", "deletionProtection", False), "EKS deletes",
          "prod"),
    Break("production-protected", put("Cluster", "encryptionConfigKeyArn", GONE), "not the stack's",
          "prod"),
    Break("production-protected", option("Bucket", protect=False), "Pulumi deletes", "prod"),
    Break("production-protected", option("Key", protect=False), "Pulumi deletes", "prod"),
    Break("production-protected", put("aws", "allowedAccountIds", GONE), "whichever account",
          "prod"),
    Break("data-survives", put("Bucket", "forceDestroy", True), "emptied on destroy", "prod"),
    Break("data-survives", put("PersistentVolume", "spec.persistentVolumeReclaimPolicy", "Delete"),
          "deleted with its claim"),
    Break("jars-read-only", put("PersistentVolume", "spec.accessModes", ["ReadWriteMany"]),
          "can be written"),
    Break("jars-read-only", put("PersistentVolumeClaim", "spec.accessModes", ["ReadWriteMany"]),
          "can be written"),
    Break("jars-read-only", put("PersistentVolumeClaim", "spec.storageClassName", GONE),
          "default storage class"),
    Break("jars-read-only", put("PersistentVolume", "spec.claimRef", GONE), "any claim"),
    Break("jars-read-only", put("PersistentVolume", "spec.mountOptions", ["prefix spark/"]),
          "mounts without expected-bucket-owner"),
    Break("jars-read-only", put("PersistentVolume", "spec.hostPath.type", "DirectoryOrCreate"),
          "makes an empty folder", "staging"),
    Break("jars-read-only", put("PersistentVolume", "spec.nodeAffinity", GONE),
          "nodes that mount no JARs", "staging"),
)  # fmt: skip

DESTROY = (
    Break("destroy-order", independent("PersistentVolumeClaim", "PersistentVolume"), "volume go"),
    Break("destroy-order", independent("NodePool", "EC2NodeClass"), "class' settings"),
    Break("destroy-order", independent("EC2NodeClass", "Release"), "controller's"),
    Break("destroy-order", independent("EC2NodeClass", "AccessEntry"), "stay in the cluster"),
    Break("destroy-order", independent("EC2NodeClass", "RolePolicyAttachment"), "stay in the"),
    Break("destroy-order", independent("Release", "Release", "karpenter-controller"), "its kinds"),
    Break("destroy-order", independent("Release", "EventTarget", "karpenter-controller"), "queue"),
    Break("destroy-order", independent("Release", "QueuePolicy", "karpenter-controller"), "queue"),
    Break("destroy-order", independent("Release", "RolePolicyAttachment", "karpenter-controller"),
          "acts with its role"),
    Break("destroy-order", also(
        independent("Release", "NodeGroup", "karpenter-crd"),
        independent("Release", "Addon", "karpenter-crd")), "pods run there"),
    Break("destroy-order", also(independent("NodeGroup", "Route"), independent("Cluster", "Route")),
          "reach the cluster and AWS"),
    Break("destroy-order", independent("NodeGroup", "Addon"), "no node is Ready"),
    Break("destroy-order", independent("NodeGroup", "RolePolicyAttachment"), "lost to the cluster"),
    Break("destroy-order", independent("Addon", "NodeGroup", "cluster-addons-coredns"),
          "pods run there"),
    Break("destroy-order", independent("Addon", "RolePolicyAttachment", "node-addons-vpc-cni"),
          "act with their role"),
    Break("destroy-order", independent("Cluster", "Route"), "teardown needs the routes"),
    Break("destroy-order", independent("Cluster", "LogGroup"), "log group anew"),
    Break("destroy-order", independent("AccessPolicyAssociation", "AccessEntry"), "part of its",
          "prod"),
    Break("destroy-order", also(
        independent("PersistentVolume", "DaemonSet"),
        independent("Namespace", "DaemonSet", "team-team-a-namespace")), "loses its mount",
          "existing"),
    Break("destroy-order", independent("Release", "NodeGroup", "cluster-autoscaler-controller"),
          "sizes groups", "dev", CLUSTER_AUTOSCALER),
    Break("teams-before-nodes", also(
        independent("PersistentVolume", "NodePool"), independent("Namespace", "NodePool"),
        ), "may outlive the nodes of its executors"),
    Break("teams-before-nodes", independent("Namespace", "NodePool"),
          "may outlive the nodes of its drivers"),
)  # fmt: skip

BREAKS = (*IAM, *CLUSTER, *NODES, *DATA, *PODS, *SCHEDULING, *PINS_AND_OWNER, *DESTROY)
