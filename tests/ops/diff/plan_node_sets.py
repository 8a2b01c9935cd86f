"""NodePools and managed node groups, changed by hand in a recorded plan."""

from tests.ops.diff.changes import Row
from tests.ops.rules.changes import GONE, also, put, without

_EKS = "docs.aws.amazon.com/eks/latest"
_K8S = "kubernetes.io/docs/concepts"

NODES = {
    "a system taint that evicts": Row(
        put("NodeGroup", "taints[0].effect", "NO_EXECUTE"),
        "restarts: node group system-group gets taint CriticalAddonsOnly=true:NoExecute: pods that "
        "do not tolerate it are evicted",
        source=f"{_K8S}/scheduling-eviction/taint-and-toleration/",
    ),
    "a taint more that evicts": Row(
        put("NodeGroup", "taints[1]", {"key": "a", "value": "b", "effect": "NO_EXECUTE"}),
        "ends-jobs: node group system-group gets taint a=b:NoExecute: pods that do not tolerate",
        "jobs-affected: on node group system-group: pods that do not tolerate a=b:NoExecute",
        source=f"{_K8S}/scheduling-eviction/taint-and-toleration/",
    ),
    "a taint more that keeps new pods off": Row(
        put("NodeGroup", "taints[1]", {"key": "a", "value": "b", "effect": "NO_SCHEDULE"}),
        "jobs-affected: new executors that do not tolerate a=b:NoSchedule no longer start on",
        "new-pods: node group system-group gets taint a=b:NoSchedule: new pods need a toleration",
        source=f"{_K8S}/scheduling-eviction/taint-and-toleration/",
    ),
    "a taint that no longer keeps pods off": Row(
        put("NodeGroup", "taints[0].effect", "PREFER_NO_SCHEDULE"),
        "guard: taint CriticalAddonsOnly=true:NoSchedule of node group system-group no longer",
        source=f"{_K8S}/scheduling-eviction/taint-and-toleration/",
    ),
    "a taint less": Row(
        put("NodeGroup", "taints", []),
        "guard: node group system-group loses taint CriticalAddonsOnly=true:NoSchedule",
        source=f"{_EKS}/APIReference/API_UpdateNodegroupConfig.html",
    ),
    "a label less": Row(
        put("NodeGroup", "labels.spark-on-eks/pool", GONE),
        "jobs-affected: new pods that select spark-on-eks/pool=system no longer start",
        "new-pods: node group system-group loses label spark-on-eks/pool=system",
        source=f"{_K8S}/scheduling-eviction/assign-pod-node/",
    ),
    "a label more": Row(
        put("NodeGroup", "labels.more", "x"),
        source=f"{_EKS}/APIReference/API_UpdateNodegroupConfig.html",
    ),
    "a minimum above the desired size": Row(
        put("NodeGroup", "scalingConfig.minSize", 3),
        "fails: EKS refuses node group system-group: minimum size 3 is above desired size 2; way "
        "out: set the desired size to 3 or more in the same update",
        "cost: node floor (managed groups' minimum) 2 -> 3",
        source="github.com/terraform-aws-modules/terraform-aws-eks/issues/3521",
    ),
    "a desired size above the maximum": Row(
        put("NodeGroup", "scalingConfig.desiredSize", 9),
        "fails: EKS refuses node group system-group: desired size 9 is above maximum size 4; way",
        source=f"{_EKS}/APIReference/API_NodegroupScalingConfig.html",
    ),
    "fewer nodes": Row(
        also(
            put("NodeGroup", "scalingConfig.minSize", 1),
            put("NodeGroup", "scalingConfig.desiredSize", 1),
        ),
        "removes-nodes: node group system-group shrinks from 2 to 1 nodes, whatever runs on them",
        "jobs-affected: on node group system-group: executors on the nodes that go end",
        "cost: node floor (managed groups' minimum) 2 -> 1",
        source=f"{_EKS}/APIReference/API_NodegroupScalingConfig.html",
    ),
    "a release of another minor": Row(
        put("NodeGroup", "releaseVersion", "1.34.9-20260724"),
        "fails: EKS refuses release 1.34.9-20260724 for node group system-group, which has "
        "Kubernetes 1.35; way out: a release that begins with 1.35, or none",
        "rolls-nodes: rolls managed node group system-group",
        source=f"{_EKS}/userguide/update-managed-node-group.html",
    ),
    "nodes newer than the control plane": Row(
        put("NodeGroup", "version", "1.36"),
        "fails: EKS refuses Kubernetes 1.36 for node group system-group: the control plane has",
        "rolls-nodes: rolls managed node group system-group",
        source=f"{_EKS}/APIReference/API_UpdateNodegroupVersion.html",
    ),
    "older nodes": Row(
        put("NodeGroup", "version", "1.34"),
        "fails: EKS does not take node group system-group from Kubernetes 1.35 back to 1.34; way",
        "rolls-nodes: rolls managed node group system-group",
        source=f"{_EKS}/APIReference/API_UpdateNodegroupVersion.html",
    ),
    "drivers' budget for drift opens": Row(
        put("NodePool", "spec.disruption.budgets", [{"nodes": "100%"}], "karpenter-drivers"),
        "drifts-nodes: NodePool drivers may disrupt more nodes at once that are drifted: 0 -> 100%",
        "jobs-affected: on nodes of NodePool drivers: executors there end and their tasks run "
        "again, a driver there ends its job",
        source="karpenter.sh/docs/concepts/disruption/#nodepool-disruption-budgets",
    ),
    "consolidation that waits less": Row(
        put("NodePool", "spec.disruption.consolidateAfter", "10s", "karpenter-default-arm-spot"),
        "drifts-nodes: NodePool default-arm-spot moves pods from nodes that are not full after 10s",
        "jobs-affected: on nodes of NodePool default-arm-spot",
        before="pools[0].consolidation={policy: WhenEmptyOrUnderutilized, after: 30s}",
        source="karpenter.sh/docs/concepts/disruption/#consolidation",
    ),
    "drivers' nodes expire": Row(
        put("NodePool", "spec.template.spec.expireAfter", "24h", "karpenter-drivers"),
        "drifts-nodes: drifts NodePool drivers (template.spec.expireAfter): its nodes stay until",
        "drifts-nodes: nodes of NodePool drivers end 24h after their start, not never: no budget",
        "jobs-affected: on nodes of NodePool drivers older than 24h",
        source="karpenter.sh/docs/concepts/disruption/#expiration",
    ),
    "nodes no longer expire": Row(
        put("NodePool", "spec.template.spec.expireAfter", "Never", "karpenter-drivers"),
        "drifts-nodes: drifts NodePool drivers (template.spec.expireAfter): its nodes stay until",
        before="drivers={expireAfter: 720h}",
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "a NodePool without limits": Row(
        put("NodePool", "spec.limits", GONE, "karpenter-drivers"),
        "quota: limit of cpu of NodePool drivers: 128 -> unlimited",
        "quota: limit of memory of NodePool drivers: 512Gi -> unlimited",
        "cost: NodePools' limit of vCPU 640 -> unlimited",
        "cost: NodePools' limit of memory in GiB 2560 -> unlimited",
        "stays: no drift: the nodes of NodePool drivers stay as they are",
        source="karpenter.sh/docs/concepts/nodepools/#speclimits",
    ),
    "a taint of a NodePool more": Row(
        put(
            "NodePool",
            "spec.template.spec.taints[1]",
            {"key": "a", "effect": "NoSchedule"},
            "karpenter-drivers",
        ),
        "drifts-nodes: drifts NodePool drivers (template.spec.taints): its nodes stay until",
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "another kind of node class": Row(
        put("NodePool", "spec.template.spec.nodeClassRef.kind", "Other", "karpenter-drivers"),
        "fails: the API server does not let spec.template.spec.nodeClassRef.kind of",
        "drifts-nodes: drifts NodePool drivers (template.spec.nodeClassRef)",
        source="karpenter.sh/docs/concepts/nodepools/#spectemplatespecnodeclassref",
    ),
    "a node class goes, its NodePool stays": Row(
        without("EC2NodeClass", "karpenter-drivers-class"),
        "fails: Karpenter keeps EC2NodeClass drivers until the last node of drivers is gone",
        "jobs-affected: new executors wait: NodePool drivers launches no node",
        source="karpenter.sh/docs/concepts/nodeclasses/",
    ),
    "the system nodes go": Row(
        without("NodeGroup"),
        "removes-nodes: removes managed node group system-group: its nodes are drained",
        "jobs-affected: the platform's own pods have no node: names do not resolve",
        "cost: node floor (managed groups' minimum) 2 -> 0",
        "cost: managed groups' maximum of nodes 4 -> 0",
        source=f"{_EKS}/userguide/delete-managed-node-group.html",
    ),
    "other nodes of a group": Row(
        put("NodeGroup", "capacityType", "SPOT"),
        "removes-nodes: replaces managed node group system-group: every node is drained",
        source="docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
        "aws-resource-eks-nodegroup.html",
    ),
    "more nodes of a group updated at once": Row(
        put("NodeGroup", "updateConfig.maxUnavailable", 2),
        source=f"{_EKS}/APIReference/API_NodegroupUpdateConfig.html",
    ),
    "a startup taint less": Row(
        put("NodePool", "spec.template.spec.startupTaints", [], "karpenter-drivers"),
        "drifts-nodes: drifts NodePool drivers (template.spec.startupTaints): its nodes stay until",
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "a NodePool goes": Row(
        without("NodePool", "karpenter-default-arm-spot"),
        "removes-nodes: removes NodePool default-arm-spot: its nodes are drained",
        "jobs-affected: on nodes of NodePool default-arm-spot: executors there end",
        "cost: NodePools' limit of vCPU 640 -> 512",
        "cost: NodePools' limit of memory in GiB 2560 -> 2048",
        source="karpenter.sh/docs/concepts/nodepools/",
    ),
}
