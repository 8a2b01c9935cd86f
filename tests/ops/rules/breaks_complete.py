"""For rules on what a stack needs to work: changes that violate them."""

from tests.ops.rules.changes import GONE, Break, added, also, put, without

_POOL = "spec.template.spec"
_RUNG, _DRIVERS = "karpenter-default-arm-spot", "karpenter-drivers"
_CLASS = "karpenter-default-class"
_SPOT = "karpenter-interruption-spot-interruption"
_ROLE = "karpenter-default-node"
_ALL_NODES = [{"nodes": "100%"}]
_RBAC = "rbac.authorization.k8s.io/v1"
_EVERYBODY = {
    "apiVersion": _RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "all"},
    "roleRef": {"kind": "ClusterRole", "name": "view"},
    "subjects": [{"kind": "Group", "name": "system:authenticated"}],
}  # fmt: skip
_JARS = "arn:aws:s3:::spark-prod-jars-111122223333-us-west-2/*"
_LOGS = "arn:aws:s3:::spark-prod-logs-111122223333-us-west-2"
_EXPIRES = {"id": "old", "status": "Enabled", "expiration": {"days": 90}}
_SEEN_BY_TEAM = "team-analytics-access-event-logs"

JOINING = (
    Break("nodes-join", without("AccessEntry", "karpenter-default-nodes"),
          "have no access entry of type EC2_LINUX"),
    Break("nodes-join", put("AccessEntry", "type", "STANDARD", "karpenter-default-nodes"),
          "have no access entry of type EC2_LINUX"),
    Break("nodes-join", without("RolePolicyAttachment", f"{_ROLE}-AmazonEKSWorkerNodePolicy"),
          "without AmazonEKSWorkerNodePolicy"),
    Break("nodes-join", without("RolePolicyAttachment",
                                "system-node-AmazonEC2ContainerRegistryPullOnly"),
          "without AmazonEC2ContainerRegistryPullOnly"),
    Break("nodes-join", put("EC2NodeClass", "spec.role", GONE, _CLASS), "has no role"),
    Break("nodes-join", put("EC2NodeClass", "spec.subnetSelectorTerms", [], _CLASS),
          "has no subnetSelectorTerms"),
    Break("nodes-join", put("EC2NodeClass", "spec.securityGroupSelectorTerms", GONE, _CLASS),
          "has no securityGroupSelectorTerms"),
    Break("network-out", put("Vpc", "enableDnsHostnames", False), "has no enableDnsHostnames"),
    Break("network-out", put("Vpc", "enableDnsSupport", GONE), "has no enableDnsSupport"),
    Break("network-out", without("Route", "network-private-a-internet"), "no default route"),
    Break("network-out", put("Route", "destinationCidrBlock", "10.9.0.0/16",
                             "network-private-a-internet"), "no default route"),
    Break("network-out", put("Route", "natGatewayId", GONE, "network-private-a-internet"),
          "no default route"),
    Break("network-out", without("RouteTableAssociation", "network-private-a"), "no default route"),
    Break("network-out", without("Route", "network-public-internet"),
          "in a subnet without an internet gateway"),
    Break("network-out", put("NatGateway", "allocationId", GONE), "has no public address"),
    Break("interruption-heard", without("EventRule", _SPOT), "gets no EC2 Spot Instance"),
    Break("interruption-heard", put("EventRule", "state", "DISABLED", _SPOT), "gets no EC2 Spot"),
    Break("interruption-heard", put("EventRule", "eventPattern!resources", ["arn:x"], _SPOT),
          "gets no EC2 Spot"),
    Break("interruption-heard", without("EventTarget", "karpenter-interruption-health"),
          "gets no AWS Health Event"),
    Break("interruption-heard",
          put("EventTarget", "arn", "arn:aws:sqs:us-west-2:111122223333:other", _SPOT),
          "gets no EC2 Spot"),
    Break("interruption-heard", put("QueuePolicy", "policy!Statement[0].Effect", "Deny"),
          "does not let EventBridge send"),
    Break("interruption-heard", put("Release", "values.settings.interruptionQueue", GONE,
                                    "karpenter-release"), "reads no queue"),
)  # fmt: skip

POOLS = (
    Break("fallback-order", put("NodePool", "spec.weight", 80, _RUNG), "has the weight of"),
    Break("fallback-order", put("NodePool", "spec.weight", 10, _RUNG),
          "is tried before default-arm-spot"),
    Break("fallback-order", put("NodePool", "spec.weight", 90, "karpenter-default-x86-on-demand"),
          "is tried before default-x86-spot"),
    Break("fallback-order", put("NodePool", f"{_POOL}.requirements[1].values",
                                ["spot", "on-demand"], _RUNG), "mixes Spot and On-Demand"),
    Break("fallback-order", put("NodePool", f"{_POOL}.requirements[0].values",
                                ["arm64", "amd64"], _RUNG), "mixes processors"),
    Break("on-demand-fallback", also(without("NodePool", "karpenter-default-arm-on-demand"),
                                     without("NodePool", "karpenter-default-x86-on-demand")),
          "pool default has no On-Demand nodes"),
    Break("pools-disrupted-in-part", put("NodePool", "spec.disruption.budgets", _ALL_NODES, _RUNG),
          "may lose all of its nodes at once when drifted"),
    Break("pools-disrupted-in-part", also(
        put("NodePool", "spec.disruption.consolidationPolicy", "WhenEmptyOrUnderutilized", _RUNG),
        put("NodePool", "spec.disruption.budgets[1].reasons", ["Drifted"], _RUNG)),
          "at once when underutilized"),
    Break("pools-disrupted-in-part", put("NodePool", "spec.disruption.budgets[1].schedule",
                                         "0 8 * * *", _RUNG), "at once when drifted"),
)  # fmt: skip

COMPLETE = (
    Break("references-exist", without("Key", "jars-key"),
          "needs jars-key for rules, which is not there", "prod"),
    Break("references-exist", without("kubernetes", "cluster-kubernetes"),
          "needs cluster-kubernetes for its provider"),
    Break("references-exist", without("Release", "karpenter-crds"), "for dependsOn"),
    Break("cluster-addons", without("Addon", "cluster-addons-coredns"), "no name resolves"),
    Break("cluster-addons", without("Addon", "node-addons-vpc-cni"), "pods get no address"),
    Break("cluster-addons", without("Addon", "node-addons-kube-proxy"), "no Service"),
    Break("claims-bound", without("PersistentVolumeClaim", "team-team-a-jars-claim"),
          "has no claim spark-jars"),
    Break("claims-bound", without("PersistentVolume", "team-team-a-jars-pod"),
          "waits for volume spark-jars-team-a.jars-pod, which is not there"),
    Break("claims-bound", put("PersistentVolume", "spec.claimRef.namespace", "team-b",
                              "team-team-a-jars-pod"), "of another claim"),
    Break("teams-can-run", without("PriorityClass", "spark-priorities-spark-driver"),
          "no priority class spark-driver"),
    Break("teams-can-run", put("PriorityClass", "value", GONE, "spark-priorities-spark-executor"),
          "no priority class spark-executor with a value"),
    Break("teams-can-run", put("Deployment", f"{_POOL}.priorityClassName", "gold"),
          "no priority class gold", "prod"),
    Break("teams-can-run", put("Namespace", "metadata.annotations", {}, "team-team-a-namespace"),
          "has no limit of executors"),
    Break("teams-can-run", without("Release", "spark-operator-release"), "has no Spark operator"),
    Break("teams-can-run", put("Release", "values.spark.jobNamespaces", ["team-b"],
                               "spark-operator-release"), "does not watch team team-a"),
    Break("folders-exist", without("BucketObjectv2", "jars-sentinel"), "has no sentinel"),
    Break("folders-exist", without("BucketObjectv2", "event-logs-ingest"), "has no folder s3a://",
          "prod"),
    Break("policies-attached", without("RolePolicyAttachment",
                                       "node-addons-vpc-cni-AmazonEKS_CNI_Policy"),
          "has no policy: vpc-cni"),
    Break("policies-attached", without("RolePolicyAttachment", "karpenter-controller-nodes"),
          "is attached to no role"),
    Break("custom-objects-served", without("Release", "karpenter-release"),
          "has no controller of karpenter.sh"),
    Break("custom-objects-served", without("Release", "karpenter-crds"),
          "has no definitions of karpenter.k8s.aws"),
    Break("namespaces-exist", without("Namespace", "spark-operator-namespace"),
          "is in namespace spark-operator"),
    Break("namespaces-exist", without("Namespace", "team-team-a-namespace"),
          "is in namespace team-a"),
    Break("platform-network", without("NetworkPolicy", "spark-operator-deny-all"),
          "does not deny Egress"),
    Break("platform-network", without("NetworkPolicy", "spark-history-https"),
          "does not allow egress to HTTPS", "prod"),
    Break("platform-network", without("NetworkPolicy", "spark-history-dns"),
          "does not allow egress to DNS", "prod"),
)  # fmt: skip

RIGHTS = (
    Break("rbac-subjects", put("RoleBinding", "subjects[0].name", "spark-executor"),
          "gives rights to executors"),
    Break("rbac-subjects", added(f"kubernetes:{_RBAC}:ClusterRoleBinding", "all", _EVERYBODY),
          "binds system:authenticated"),
    Break("rbac-subjects", put("RoleBinding", "subjects[0]", {
        "kind": "Group", "name": "system:serviceaccounts:team-b"}),
          "binds system:serviceaccounts:team-b"),
    Break("rbac-subjects", put("AccessEntry", "kubernetesGroups", ["system:masters"]),
          "is in system:masters"),
    Break("jars-not-written", put("Policy", "policy!Statement[0]", {
        "Sid": "Write", "Effect": "Allow", "Action": "s3:Put*", "Resource": _JARS},
        "team-analytics-access-data-1"), "Write may s3:PutObject in spark-prod-jars", "prod"),
    # A class-data archive is code, too.
    Break("jars-not-written", put("Policy", "policy!Statement[0]", {
        "Sid": "Archive", "Effect": "Allow", "Action": "s3:PutObject",
        "Resource": f"{_JARS.rpartition('/')[0]}/jars/r1/archives/arm64/*"},
        "team-analytics-access-data-1"), "Archive may s3:PutObject in spark-prod-jars", "prod"),
    Break("jars-not-written", put("Policy", "policy!Statement[0]", {
        "Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"},
        "team-analytics-access-data-1"), "All may s3:PutObject", "prod"),
    Break("jars-not-expired", put("BucketLifecycleConfiguration", "rules[1]", _EXPIRES,
                                  "jars-lifecycle"), "old has expiration"),
    Break("logs-apart", put("Policy", "policy!Statement[1].Resource",
                            f"{_LOGS}/events/ingest/*", _SEEN_BY_TEAM),
          "reaches files of others: events/ingest/*", "prod"),
    Break("logs-apart", put("Policy", "policy!Statement[1].Resource",
                            f"{_LOGS}/events/*analytics*", _SEEN_BY_TEAM),
          "reaches files of others", "prod"),
    Break("logs-apart", put("Policy", "policy!Statement[0].Condition", GONE, _SEEN_BY_TEAM),
          "reaches files of others: all", "prod"),
    Break("oidc-provider-exists", without("OpenIdConnectProvider"), "unknown to IAM"),
    Break("tags-accepted", put("EC2NodeClass", 'spec.tags["karpenter.sh/nodepool"]', "x"),
          "sets tag karpenter.sh/nodepool"),
    Break("tags-accepted", put("aws", "defaultTags!tags", {
        "project": "p", "stack": "dev", "AWS:x": "y"}), "sets tag AWS:x"),
)  # fmt: skip
