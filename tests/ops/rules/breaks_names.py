"""For rules on what resources name, on replicas, node groups and zones: changes of a plan that
violate them, and their findings."""

import json
from typing import Any

from ops.plan.model import Plan
from tests.ops.rules.changes import GONE, Break, Edit, added, picked, put, with_inputs, without
from tests.plans import CACHE, CELEBORN, CLUSTER_AUTOSCALER

_RUNG, _CLASS = "karpenter-default-arm-on-demand", "karpenter-default-class"
_MASTER, _WORKER = "celeborn-master", "celeborn-worker"
_POD = "spec.template.spec"
_HISTORY = "spark-history-analytics"


def _also_deletes(plan: Plan) -> Plan:
    one = picked(plan, "Policy", "spark-history-analytics-read")
    document = json.loads(one.inputs["policy"])
    document["Statement"][0]["Action"].append("s3:DeleteObject")
    return with_inputs(plan, one, {**one.inputs, "policy": json.dumps(document)})


def _budget(**spec: Any) -> Edit:
    labels = {"app.kubernetes.io/component": _WORKER, "app.kubernetes.io/name": "celeborn"}
    return put(
        "PodDisruptionBudget", "spec", {**spec, "selector": {"matchLabels": labels}}, _WORKER
    )


REFERENCES = (
    Break("node-classes-exist", put("NodePool", f"{_POD}.nodeClassRef.name", "gone", _RUNG),
          "refers to node class gone"),
    Break("node-classes-exist",
          added("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "spare",
                {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass",
                 "metadata": {"name": "spare"}, "spec": {}}), "is used by no NodePool"),
    Break("controllers-of-cluster",
          put("Release", "values.settings.clusterName", "other", "karpenter-release"),
          "cluster's name is other"),
    Break("controllers-of-cluster",
          put("Release", "values.autoDiscovery.clusterName", "other",
              "cluster-autoscaler-release"), "cluster's name is other", "dev",
          CLUSTER_AUTOSCALER),
    Break("keys-used",
          put("BucketServerSideEncryptionConfiguration",
              "rules[0].applyServerSideEncryptionByDefault", {"sseAlgorithm": "AES256"},
              "event-logs-encryption"), "encrypts nothing", "prod"),
    Break("sets-named", put("StatefulSet", "spec.serviceName", "gone", _MASTER),
          "by Service gone", "dev", CELEBORN),
    Break("sets-named", put("Service", "spec.clusterIP", GONE, _MASTER), "has an address", "dev",
          CELEBORN),
    Break("nodes-private",
          put("EC2NodeClass", "spec.subnetSelectorTerms", [{"id": "subnet-network-public-a"}],
              _CLASS), "is in the public subnet network-public-a"),
    Break("nodes-join",
          put("EC2NodeClass", "spec.securityGroupSelectorTerms", [{"id": "sg-network-endpoints"}],
              _CLASS), "is in no security group of the cluster", "prod"),
)  # fmt: skip
REPLICAS = (
    Break("replicas-spread", put("StatefulSet", f"{_POD}.affinity", GONE, _MASTER),
          "may run on one node", "dev", CELEBORN),
    Break("budgets-useful", _budget(maxUnavailable="100%"), "lets all pods", "dev", CELEBORN),
    Break("budgets-useful", _budget(maxUnavailable=0), "lets no pod", "dev", CELEBORN),
    Break("budgets-useful", _budget(minAvailable=3), "lets no pod", "dev", CELEBORN),
    Break("drains-long-enough",
          put("StatefulSet", f"{_POD}.terminationGracePeriodSeconds", 864000, _WORKER),
          "is drained for 90m", "dev", CELEBORN),
    Break("services-apart",
          put("Service", "spec.selector", {"app.kubernetes.io/name": "spark-history"}, _HISTORY),
          "selects pods of spark-history-analytics, spark-history-ingest", "prod"),
    Break("no-plain-secrets",
          put("Deployment", f"{_POD}.containers[0].env[0]",
              {"name": "DB_PASSWORD", "value": "planted"}, _HISTORY), "has DB_PASSWORD", "prod"),
    Break("no-plain-secrets", put("ConfigMap", "data.note", "AKIAIOSFODNN7EXAMPLE"), "has note",
          "dev", CELEBORN),
    Break("no-plain-secrets", added("aws:iam/accessKey:AccessKey", "ci", {"user": "ci"}),
          "does not expire"),
    Break("charts-off-host", put("Release", "values.hostNetwork", True, "karpenter-release"),
          "hostNetwork"),
    Break("celeborn-workers-drain",
          put("StatefulSet", "spec.template.metadata.annotations", {}, _MASTER),
          "may be evicted to save a node", "dev", CELEBORN),
    Break("selectors-matched", put("StatefulSet", f"{_POD}.tolerations", [], _WORKER),
          "of no node that it selects", "dev", CELEBORN),
    Break("taints-tolerated",
          put("NodePool", f"{_POD}.taints[1]", {"key": "x", "value": "y", "effect": "NoSchedule"},
              _RUNG), "no pod tolerates x=y:NoSchedule"),
    Break("team-priority", put("PriorityClass", "globalDefault", True), "names none"),
)  # fmt: skip
NODES = (
    Break("groups-of-cluster", put("NodeGroup", "version", "1.32"), "has Kubernetes 1.32"),
    Break("templates-numbered", put("NodeGroup", "launchTemplate.version", "$Latest"), "$Latest"),
    Break("groups-updated-in-part",
          put("NodeGroup", "updateConfig", {"maxUnavailablePercentage": 100}), "all of its nodes"),
    Break("groups-updated-in-part", put("NodeGroup", "updateConfig", {"maxUnavailable": 2}),
          "may update 2 of 2"),
    Break("groups-updated-in-part", put("NodeGroup", "scalingConfig.maxSize", 1),
          "at most 1 nodes"),
    Break("pods-have-addresses", put("EC2NodeClass", "spec.kubelet.maxPods", 1000, _CLASS),
          "lets 1000 pods"),
    Break("pods-have-addresses",
          put("Addon", "configurationValues!env", {}, "node-addons-vpc-cni"),
          "gives no address prefixes"),
)  # fmt: skip
ACCOUNT = (
    Break("cluster-in-two-zones", put("Cluster", "subnetIds", ["subnet-network-private-a"]),
          "one zone only"),
    Break("endpoints-used",
          put("VpcEndpoint", "routeTableIds", ["rtb-network-private-a"], "network-s3"),
          "reaches S3 through NAT", "prod"),
    Break("endpoints-used",
          put("VpcEndpoint", "subnetIds", ["subnet-network-private-a"], "network-sts"),
          "has no address in us-west-2b", "prod"),
    Break("nat-in-zone",
          put("Route", "natGatewayId", "nat-network-nat-a", "network-private-b-internet"),
          "leads from us-west-2b to the NAT gateway in us-west-2a", "prod"),
    Break("subnets-apart", put("Subnet", "cidrBlock", "10.0.0.0/20", "network-private-b"),
          "overlaps"),
    Break("subnets-apart", put("Subnet", "cidrBlock", "10.9.0.0/20", "network-private-b"),
          "outside of the VPC"),
    Break("network-out",
          put("NatGateway", "subnetId", "subnet-network-private-b", "network-nat-b"),
          "without an internet gateway", "prod"),
    Break("bucket-encrypted",
          put("BucketServerSideEncryptionConfiguration", "rules[0].bucketKeyEnabled", False,
              "event-logs-encryption"), "asks KMS for each object", "prod"),
    Break("logs-long-enough", put("LogGroup", "retentionInDays", 1, "network-flow-logs"),
          "keeps its logs for 1 days", "prod"),
    Break("history-reads-only", _also_deletes, "allows s3:DeleteObject", "prod"),
    Break("rbac-cluster-secrets",
          put("Role", "rules[0]", {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
              "team-team-a-access-driver"), "reads secrets of its namespace"),
    Break("cache-complete", put("PullThroughCacheRule", "credentialArn", GONE, "images-docker"),
          "has no credential for registry-1.docker.io", "prod", CACHE),
    Break("cache-complete", without("RepositoryCreationTemplate", "images-docker"),
          "has no template", "prod", CACHE),
    Break("cache-complete",
          put("RepositoryCreationTemplate", "imageTagMutability", "IMMUTABLE", "images-docker"),
          "makes tags immutable", "prod", CACHE),
    Break("cache-complete",
          put("RepositoryCreationTemplate", "lifecyclePolicy", GONE, "images-docker"),
          "for ever", "prod", CACHE),
)  # fmt: skip
