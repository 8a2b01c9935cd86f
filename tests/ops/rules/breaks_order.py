"""For rules on the network, pins, owners and order: changes that violate them."""

import json
from dataclasses import replace

from ops.plan.model import Invoke, Plan
from tests.ops.rules.changes import GONE, Break, also, independent, option, put, without
from tests.plans import CLUSTER_AUTOSCALER


def _looked_up_latest(plan: Plan) -> Plan:
    newest = {"addonName": "coredns", "mostRecent": True}
    call = Invoke("aws:eks/getAddonVersion:getAddonVersion", newest)
    return replace(plan, invokes=(call,))


NETWORK = (
    Break("endpoints-used", put("VpcEndpoint", "privateDnsEnabled", GONE, "network-ec2"),
          "has no private DNS", "prod"),
    Break("endpoints-used", put("VpcEndpoint", "securityGroupIds", GONE, "network-ec2"),
          "VPC's default security group", "prod"),
    Break("endpoints-used", put("SecurityGroup", "ingress[0].cidrBlocks", GONE), "without a source",
          "prod"),
    Break("endpoints-used", put("SecurityGroup", "ingress", GONE), "allows no ingress", "prod"),
    Break("flow-logs-whole", put("FlowLog", "trafficType", "REJECT"), "records REJECT", "prod"),
    Break("endpoints-used", without("VpcEndpoint", "network-s3"), "reaches S3 through NAT"),
    Break("network-named", put("Subnet", "tags.Name", GONE), "has no Name"),
    Break("subnets-for-load-balancers", put("Subnet", "tags", {"Name": "x"}), "internal-elb"),
)  # fmt: skip

PINS_AND_OWNER = (
    Break("charts-pinned", put("Release", "version", GONE), "installs version latest"),
    Break("charts-pinned", put("Release", "version", ">=1.0"), "installs version >=1.0"),
    Break("charts-pinned", put("Release", "chart", "./karpenter", "karpenter-release"),
          "comes from ./karpenter"),
    Break("crds-once", put("Release", "skipCrds", GONE, "karpenter-release"), "installs CRDs"),
    Break("crds-once", put("Release", "version", "1.14.0", "karpenter-crds"),
          "does not have the version"),
    Break("addons-not-latest", put("Addon", "addonVersion", GONE), "uses EKS's default version"),
    Break("addons-not-latest", _looked_up_latest, "follows the latest version"),
    Break("addons-pinned", _looked_up_latest, "looks up the version", "existing"),
    Break("addons-overwrite", put("Addon", "resolveConflictsOnUpdate", "PRESERVE"), "PRESERVE"),
    Break("tags", put("aws", "defaultTags", json.dumps({"tags": {"stack": "dev"}})),
          "has no default tag project"),
    Break("tags", option("Queue", provider="urn:default"), "without the stack's tags"),
    Break("tags", put("LaunchTemplate", "tagSpecifications[1].resourceType", "fleet"),
          "does not set tag project, stack on each volume"),
    Break("tags", put("EC2NodeClass", "spec.tags", GONE), "on each instance"),
    Break("jars-mount-bounded",
          put("PersistentVolume", "spec.csi.volumeAttributes.authenticationSource", GONE),
          "the pod's own permissions"),
    Break("jars-mount-bounded",
          put("PersistentVolume", "spec.csi.volumeAttributes.cacheEmptyDirSizeLimit", GONE),
          "may fill the node's disk"),
    Break("given-data-stays", option("BucketObjectv2", retain_on_delete=False), "deleted from",
          "existing", ("jarBucket={existing: true, name: given-jars}",)),
    Break("fixed-names-replaced", option("PersistentVolumeClaim", delete_before_replace=False),
          "before it is deleted"),
    Break("fixed-names-replaced", option("PriorityClass", replace_on_changes=("value",)),
          "fields that cannot change"),
    Break("production-protected", put("Cluster", "deletionProtection", False),
          "has no deletion protection in EKS",
          "prod"),
    Break("production-protected", put("Cluster", "encryptionConfigKeyArn", GONE), "not the stack's",
          "prod"),
    Break("production-protected", option("Bucket", protect=False), "not protected", "prod"),
    Break("production-protected", option("Key", protect=False), "not protected", "prod"),
    Break("production-protected", put("aws", "allowedAccountIds", GONE), "without a check",
          "prod"),
    Break("production-protected", without("FlowLog"), "records no connections", "prod"),
    Break("data-survives", put("Bucket", "forceDestroy", True), "emptied on destroy", "prod"),
    Break("data-survives", put("PersistentVolume", "spec.persistentVolumeReclaimPolicy", "Delete"),
          "deleted with its claim"),
    Break("jars-read-only", put("PersistentVolume", "spec.accessModes", ["ReadWriteMany"]),
          "can be written"),
    Break("jars-read-only", put("PersistentVolumeClaim", "spec.accessModes", ["ReadWriteMany"]),
          "can be written"),
    Break("jars-read-only", put("PersistentVolumeClaim", "spec.storageClassName", GONE),
          "default storage class"),
    Break("jars-read-only", put("PersistentVolumeClaim", "spec.resources", GONE), "no size"),
    Break("jars-read-only", put("PersistentVolume", "spec.claimRef", GONE), "any claim"),
    Break("jars-mount-bounded", put("PersistentVolume", "spec.mountOptions", ["prefix spark/"]),
          "mounts without expected-bucket-owner"),
    Break("jars-read-only", put("PersistentVolume", "spec.hostPath.type", "DirectoryOrCreate"),
          "creates an empty folder", "staging"),
    Break("jars-read-only", put("PersistentVolume", "spec.nodeAffinity", GONE),
          "nodes that mount no JARs", "staging"),
)  # fmt: skip

DESTROY = (
    Break("destroy-order", independent("PersistentVolumeClaim", "PersistentVolume"), "its claim"),
    Break("destroy-order", independent("NodePool", "EC2NodeClass"), "class' settings"),
    Break("destroy-order", independent("EC2NodeClass", "Release"), "its finalizer"),
    Break("destroy-order", independent("EC2NodeClass", "AccessEntry"), "until they are terminated"),
    Break("destroy-order", independent("EC2NodeClass", "RolePolicyAttachment"), "until they are"),
    Break("destroy-order", independent("Release", "Release", "karpenter-release"), "pods use"),
    Break("destroy-order", independent("Release", "EventTarget", "karpenter-release"), "pods use"),
    Break("destroy-order", independent("Release", "QueuePolicy", "karpenter-release"), "pods use"),
    Break("destroy-order", independent("Release", "RolePolicyAttachment", "karpenter-release"),
          "its pods use them"),
    Break("destroy-order", also(
        independent("Release", "NodeGroup", "karpenter-crds"),
        independent("Release", "Addon", "karpenter-crds")), "pods run there"),
    Break("destroy-order", also(
        independent("Release", "NodeGroup", "yunikorn-release"),
        independent("Release", "Addon", "yunikorn-release")), "pods run there",
          "dev", ("spark.yunikorn.enabled=true",)),
    Break("destroy-order", also(independent("NodeGroup", "Route"), independent("Cluster", "Route")),
          "reach the cluster and AWS"),
    Break("destroy-order", independent("NodeGroup", "Addon"), "not Ready without it"),
    Break("destroy-order", independent("NodeGroup", "RolePolicyAttachment"), "its nodes need them"),
    Break("destroy-order", independent("Addon", "NodeGroup", "cluster-addons-coredns"),
          "pods run there"),
    Break("destroy-order", independent("Addon", "RolePolicyAttachment", "node-addons-vpc-cni"),
          "its pods use them"),
    Break("destroy-order", independent("Cluster", "Route"), "deletion needs the routes"),
    Break("destroy-order", independent("Cluster", "LogGroup"), "recreates the log group"),
    Break("destroy-order", independent("AccessPolicyAssociation", "AccessEntry"), "the entry",
          "prod"),
    Break("destroy-order", also(
        independent("PersistentVolume", "DaemonSet"),
        independent("Namespace", "DaemonSet", "team-team-a-namespace")), "lose their mount",
          "existing"),
    Break("destroy-order", independent("Release", "NodeGroup", "cluster-autoscaler-release"),
          "it scales them", "dev", CLUSTER_AUTOSCALER),
    Break("destroy-order", also(*(
        independent("Addon", kind, "node-addons-kube-proxy")
        for kind in ("Cluster", "OpenIdConnectProvider", "kubernetes"))), "part of the cluster"),
    Break("destroy-order", independent("Eip", "Route"), "attached to the gateway"),
    Break("destroy-order", independent("FlowLog", "RolePolicy"), "with that role", "prod"),
    Break("destroy-order", independent("BucketPolicy", "BucketPublicAccessBlock"), "Aborted"),
    Break("destroy-order", independent("BucketLifecycleConfiguration", "BucketVersioning"),
          "need versioning"),
    Break("destroy-order", independent("BucketObjectv2", "BucketServerSideEncryptionConfiguration"),
          "written unencrypted"),
    Break("destroy-order", independent("ResourceQuota", "Namespace"), "in the namespace"),
    Break("destroy-order", independent("RoleBinding", "Role"), "binds the role"),
    Break("destroy-order", independent("DaemonSet", "RoleBinding"), "pods use", "existing"),
    Break("destroy-order", independent("DaemonSet", "RolePolicy"), "read the JARs", "existing"),
    Break("destroy-order", independent("ServiceAccount", "RolePolicyAttachment",
                                       "team-team-a-access-spark-driver"), "its pods use them",
          "prod", ("spark.teams=[{name: team-a, buckets: [{name: data, prefix: a/}]}]",)),
    Break("destroy-order", independent("Release", "Namespace", "yunikorn-release"),
          "objects are in the namespace", "prod", ("spark.yunikorn.enabled=true",)),
    Break("nodepools-wait", put("NodePool", "metadata.annotations", GONE), "in the background"),
    Break("teams-before-nodes", also(
        independent("PersistentVolume", "NodePool", "team-team-a-jars-pod"),
        independent("Namespace", "NodePool", "team-team-a-namespace"),
        ), "may outlive the nodes of its executors"),
    Break("teams-before-nodes", independent("Namespace", "NodePool", "team-team-a-namespace"),
          "may outlive the nodes of its drivers"),
)  # fmt: skip
