"""Changes of system nodes, pools and drivers."""

from tests.ops.diff.changes import ANEW, EBS, EVICTED, ROLLED, RUNGS, STAY, Row, drifts, pool
from tests.plans import CLUSTER_AUTOSCALER

NODES = {
    "an add-on's version": Row(
        "addonVersions={coredns: v1.14.0-eksbuild.1}",
        "restarts: the pods of add-on coredns",
        source="docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html",
    ),
    "more system nodes at most": Row(
        "systemNodes.maxSize=6",
        "cost: managed groups' maximum of nodes 4 -> 6",
        source="docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html",
    ),
    "system nodes' floor": Row(
        "systemNodes.minSize=3",
        "cost: node floor",
        source="docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html",
    ),
    "system nodes' disk": Row(
        "systemNodes.diskGiB=80",
        ROLLED,
        source="docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html",
    ),
    "system nodes' types": Row(
        "systemNodes.instanceTypes=[m7i.large]",
        ANEW,
        knob="systemNodes.instanceTypes",
        source="docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-eks-nodegroup.html",
    ),
    "system nodes' image": Row(
        "systemNodes.amiRelease=1.35.2-20260724",
        ROLLED,
        source="docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html",
    ),
    "system nodes' operating system": Row(
        "systemNodes.os=bottlerocket",
        ANEW,
        EBS,
        source="docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-eks-nodegroup.html",
    ),
    "fewer families": Row(
        pool(families="[m7g, m7i]"),
        "drifts-nodes: NodePool default-arm-on-demand and default-arm-spot (requirement "
        "karpenter.k8s.aws/instance-family no longer allows m6g, r6g, r7g): its nodes that no "
        "longer fit are replaced, budget 10% at a time",
        "drifts-nodes: NodePool default-x86-on-demand and default-x86-spot (requirement "
        "karpenter.k8s.aws/instance-family no longer allows m6i, r6i, r7i)",
        "jobs-affected: on nodes of NodePool default-arm-on-demand and default-arm-spot",
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "more families": Row(
        (),
        STAY,
        before=pool(families="[m7g, m7i]"),
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "fewer sizes": Row(
        pool(sizes="[2xlarge]"),
        "drifts-nodes: karpenter.k8s.aws/instance-size no longer allows 4xlarge, 8xlarge",
        EVICTED,
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "Spot only": Row(
        pool(capacityTypes="[spot]"),
        "removes-nodes: NodePool default-arm-on-demand and default-x86-on-demand: its nodes",
        "jobs-affected: default-arm-on-demand and default-x86-on-demand",
        "restarts: restarts the controller of Helm release karpenter",
        "cost: NodePools' limit of vCPU 640 -> 384",
        "cost: NodePools' limit of memory in GiB 2560 -> 1536",
        source="karpenter.sh/docs/concepts/nodepools/",
    ),
    "executors' operating system": Row(
        pool(os="bottlerocket"),
        *drifts("spec.blockDeviceMappings and spec.amiSelectorTerms"),
        EBS,
        source="karpenter.sh/docs/concepts/nodeclasses/#specamiselectorterms",
    ),
    "executors' image": Row(
        pool(amiRelease="v20260801"),
        *drifts("spec.amiSelectorTerms"),
        source="karpenter.sh/docs/concepts/nodeclasses/#specamiselectorterms",
    ),
    "executors' disk": Row(
        pool(diskGiB="200"),
        *drifts("spec.blockDeviceMappings"),
        source="karpenter.sh/docs/concepts/nodeclasses/#specblockdevicemappings",
    ),
    "expiry": Row(
        pool(expireAfter="720h"),
        drifts("template.spec.expireAfter")[0],
        f"drifts-nodes: nodes of NodePool {RUNGS} end 720h after their start, not never: no budget",
        EVICTED,
        source="karpenter.sh/docs/concepts/disruption/#expiration",
    ),
    "grace period": Row(
        pool(terminationGracePeriod="30m"),
        *drifts("template.spec.terminationGracePeriod"),
        source="karpenter.sh/docs/concepts/disruption/#terminationgraceperiod",
    ),
    "consolidation": Row(
        pool(consolidation="{policy: WhenEmptyOrUnderutilized}"),
        f"drifts-nodes: NodePool {RUNGS} starts to move pods from nodes that are not full",
        f"jobs-affected: on nodes of NodePool {RUNGS}: executors there end",
        source="karpenter.sh/docs/concepts/disruption/#consolidation",
    ),
    "no consolidation of nodes with pods": Row(
        (),
        STAY,
        before=pool(consolidation="{policy: WhenEmptyOrUnderutilized}"),
        source="karpenter.sh/docs/concepts/disruption/#consolidation",
    ),
    "budgets": Row(
        pool(budgets="[{nodes: '5%'}]"),
        STAY,
        source="karpenter.sh/docs/concepts/disruption/#nodepool-disruption-budgets",
    ),
    "wider budgets": Row(
        pool(budgets="[{nodes: '100%'}]"),
        f"drifts-nodes: NodePool {RUNGS} may disrupt more nodes at once that are drifted: 10% -> "
        "100%; nodes that waited go now",
        f"jobs-affected: on nodes of NodePool {RUNGS}: executors there end",
        source="karpenter.sh/docs/concepts/disruption/#nodepool-disruption-budgets",
    ),
    "limits": Row(
        "pools=[{name: default, limits: {cpu: 64, memoryGiB: 256}}]",
        f"jobs-affected: jobs that run get no further node of NodePool {RUNGS} above the new limit",
        "restarts: restarts the controller of Helm release karpenter",
        f"quota: limit of cpu of NodePool {RUNGS}: 128 -> 64",
        f"quota: limit of memory of NodePool {RUNGS}: 512Gi -> 256Gi",
        "cost: NodePools' limit of vCPU 640 -> 384",
        "cost: 2560 -> 1536",
        STAY,
        source="karpenter.sh/docs/concepts/nodepools/#speclimits",
    ),
    "a bucket of its own": Row(
        "pools=[{name: default}, {name: etl, jarBucket: {}}]",
        "restarts: restarts the controller of Helm release karpenter",
        "wider-permission: role jar-mount-driver-role (may now) may s3:ListBucket on "
        "arn:aws:s3:::spark-dev-etl-jars-111122223333-us-west-2 when s3:prefix StringLike",
        "wider-permission: role karpenter-controller-role (may now) may iam:PassRole on "
        "arn:aws:iam::111122223333:role/karpenter-etl-drivers-node-role",
        "wider-permission: role karpenter-etl-drivers-node-role (new) may use arn:aws:iam",
        "wider-permission: role karpenter-etl-node-role (new) may use arn:aws:iam",
        "cost: NodePools' limit of vCPU 2176 -> 4352",
        "cost: NodePools' limit of memory in GiB 8704 -> 17408",
        before="pools=[{name: default}]",
        source="karpenter.sh/docs/concepts/nodeclasses/#specrole",
    ),
    "drivers' zone": Row(
        "drivers={zone: b}",
        "drifts-nodes: NodePool drivers (requirement topology.kubernetes.io/zone no longer "
        "allows us-west-2a): its nodes that no longer fit stay until they are empty, the "
        "budget for drifted nodes is 0",
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "drivers' limits": Row(
        "drivers={limits: {cpu: 256, memoryGiB: 512}}",
        "quota: limit of cpu of NodePool drivers: 128 -> 256",
        "cost: vCPU 640 -> 768",
        "stays: no drift: the nodes of NodePool drivers",
        source="karpenter.sh/docs/concepts/nodepools/#speclimits",
    ),
    "drivers' patience": Row(
        "drivers={emptyAfter: 10m}",
        "stays: NodePool drivers",
        source="karpenter.sh/docs/concepts/disruption/#consolidation",
    ),
    "Cluster Autoscaler": Row(
        CLUSTER_AUTOSCALER,
        "removes-nodes: removes NodePool default-arm-on-demand, default-arm-spot, "
        "default-x86-on-demand, default-x86-spot and drivers",
        "jobs-affected: a driver there ends its job",
        "removes: removes Helm release karpenter-crd:",
        "removes: removes Helm release karpenter:",
        "wider-permission: role cluster-autoscaler-controller-role (new)",
        "wider-permission: role cluster-autoscaler-default-node-role (new)",
        "wider-permission: role cluster-autoscaler-drivers-node-role (new)",
        "narrower-permission: queue spark-dev (deleted)",
        "narrower-permission: role karpenter-controller-role (deleted)",
        "narrower-permission: role karpenter-default-node-role (deleted)",
        "narrower-permission: role karpenter-drivers-node-role (deleted)",
        "cost: managed groups' maximum of nodes 4 -> 164",
        "cost: NodePools' limit of vCPU 640 -> 0",
        "cost: NodePools' limit of memory in GiB 2560 -> 0",
        source="karpenter.sh/docs/concepts/nodepools/",
    ),
    "the limits of a pool of node groups": Row(
        (*CLUSTER_AUTOSCALER, "pools[0].limits={cpu: 256, memoryGiB: 1024}"),
        "jobs-affected: jobs that run get no node of eks-cluster-autoscaler-default",
        "restarts: restarts the controller of Helm release cluster-autoscaler",
        "quota: 32 -> 16 nodes at most; those that run stay",
        "cost: managed groups' maximum of nodes 164 -> 100",
        before=CLUSTER_AUTOSCALER,
        source="github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md",
    ),
    "the disk of a rung that is a node group": Row(
        (*CLUSTER_AUTOSCALER, "pools[0].diskGiB=200"),
        "rolls-nodes: rolls managed node group cluster-autoscaler-default-arm-on-demand-group",
        "jobs-affected: on node group cluster-autoscaler-default-arm-on-demand-group",
        before=CLUSTER_AUTOSCALER,
        source="docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html",
    ),
}
