"""Packages, objects, roles and the control plane, changed by hand in a recorded plan."""

from tests.ops.diff.changes import OPERATOR, Row
from tests.ops.rules.changes import put, without

_EKS = "docs.aws.amazon.com/eks/latest"
_K8S = "kubernetes.io/docs/concepts"
_HELM = "restarts: restarts the controller of Helm release"

CLUSTER = {
    "an older Karpenter": Row(
        put("Release", "version", "1.13.0", "karpenter-release"),
        "jobs-unknown: karpenter-release: version",
        f"{_HELM} karpenter: it is downgraded from 1.14.1 to 1.13.0",
        source="helm.sh/docs/helm/helm_upgrade/",
    ),
    "a newer Karpenter": Row(
        put("Release", "version", "1.15.0", "karpenter-release"),
        "jobs-unknown: karpenter-release: version",
        f"{_HELM} karpenter: it is upgraded from 1.14.1 to 1.15.0",
        source="karpenter.sh/docs/upgrading/upgrade-guide/",
    ),
    "newer definitions": Row(
        put("Release", "version", "1.15.0", "karpenter-crds"),
        "jobs-unknown: karpenter-crds: version",
        "restarts: changes the definitions of Helm release karpenter-crd, which has no controller: "
        "it is upgraded from 1.14.1 to 1.15.0",
        source="karpenter.sh/docs/upgrading/upgrade-guide/",
    ),
    "the definitions go": Row(
        without("Release", "karpenter-crds"),
        "ends-jobs: the definitions of Karpenter go, and with them every NodePool and its nodes",
        "jobs-affected: on nodes of Karpenter: all pods end",
        "removes: removes Helm release karpenter-crd",
        source="karpenter.sh/docs/troubleshooting/",
    ),
    "CoreDNS goes": Row(
        without("Addon", "cluster-addons-coredns"),
        "jobs-affected: names no longer resolve",
        "restarts: none of the pods of coredns runs from now on",
        "removes: removes add-on coredns",
        source=f"{_EKS}/userguide/managing-coredns.html",
    ),
    "the CNI goes": Row(
        without("Addon", "node-addons-vpc-cni"),
        "jobs-affected: new executors get no address and do not start",
        "restarts: none of the pods of vpc-cni runs from now on",
        "removes: removes add-on vpc-cni",
        source=f"{_EKS}/userguide/managing-vpc-cni.html",
    ),
    "metrics-server goes": Row(
        without("Addon", "cluster-addons-metrics-server"),
        "restarts: none of the pods of metrics-server runs from now on",
        "removes: removes add-on metrics-server",
        source=f"{_EKS}/userguide/metrics-server.html",
    ),
    "back to an older Kubernetes": Row(
        put("Cluster", "version", "1.34"),
        "refused: EKS does not downgrade from Kubernetes 1.35 to 1.34",
        source=f"{_EKS}/userguide/update-cluster.html",
    ),
    "two versions of Kubernetes at once": Row(
        put("Cluster", "version", "1.37"),
        "refused: EKS upgrades one minor version at a time, not from 1.35 to 1.37",
        source=f"{_EKS}/userguide/update-cluster.html",
    ),
    "an access mode of before": Row(
        put("Cluster", "authenticationMode", "API_AND_CONFIG_MAP"),
        "fails: EKS does not take cluster-eks from access mode API back to API_AND_CONFIG_MAP; way",
        "jobs-unknown: cluster-eks: authenticationMode",
        source=f"{_EKS}/userguide/setting-up-access-entries.html",
    ),
    "a PriorityClass of another value": Row(
        put("PriorityClass", "value", 5, "spark-priorities-spark-driver"),
        "jobs-affected: executors that name PriorityClass spark-driver meanwhile are refused",
        "new-pods: PriorityClass spark-driver is replaced",
        source=f"{_K8S}/scheduling-eviction/pod-priority-preemption/",
    ),
    "a claim of another size": Row(
        put(
            "PersistentVolumeClaim",
            "spec.resources.requests.storage",
            "2Gi",
            "team-team-a-jars-claim",
        ),
        "fails: the API server does not let spec.resources of team-team-a-jars-claim",
        "jobs-unknown: team-team-a-jars-claim: spec.resources.requests.storage",
        source=f"{_K8S}/storage/persistent-volumes/#expanding-persistent-volumes-claims",
    ),
    "a volume deleted with its claim": Row(
        put(
            "PersistentVolume",
            "spec.persistentVolumeReclaimPolicy",
            "Delete",
            "team-team-a-jars-pod",
        ),
        "guard: the data of volume spark-jars-team-a.jars-pod is deleted with its claim",
        source=f"{_K8S}/storage/persistent-volumes/#reclaiming",
    ),
    "a volume of another affinity": Row(
        put(
            "PersistentVolume",
            "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]",
            "other",
            "team-team-a-jars-node",
        ),
        "fails: the API server does not let spec.nodeAffinity of team-team-a-jars-node",
        stack="staging",
        source=f"{_K8S}/storage/persistent-volumes/#node-affinity",
    ),
    "a quota less": Row(
        without("ResourceQuota", "team-team-a-quota"),
        "guard: quota team-a/team is deleted: what it limited has no limit",
        source=f"{_K8S}/policy/resource-quotas/",
    ),
    "a service account of another role": Row(
        put(
            "ServiceAccount",
            'metadata.annotations["eks.amazonaws.com/role-arn"]',
            "arn:aws:iam::111122223333:role/team-team-b-access-role",
            "team-team-a-access-spark-executor",
        ),
        "jobs-affected: ServiceAccount team-a/spark-executor cannot assume role "
        "team-team-b-access-role: its AWS requests fail within the hour",
        "narrower-permission: ServiceAccount team-a/spark-executor: role "
        "team-team-a-access-role -> team-team-b-access-role, which does not trust it",
        source=f"{_EKS}/userguide/associate-service-account-role.html",
    ),
    "an add-on of another role": Row(
        put(
            "Addon",
            "serviceAccountRoleArn",
            "arn:aws:iam::111122223333:role/node-addons-vpc-cni-role",
            "jar-mount-aws-mountpoint-s3-csi-driver",
        ),
        "jobs-affected: requests of add-on aws-mountpoint-s3-csi-driver that role "
        "node-addons-vpc-cni-role may not make fail",
        "restarts: restarts the pods of add-on aws-mountpoint-s3-csi-driver",
        "narrower-permission: add-on aws-mountpoint-s3-csi-driver: role jar-mount-driver-role -> "
        "node-addons-vpc-cni-role",
        source=f"{_EKS}/userguide/s3-csi.html",
    ),
    "nodes without the policy of workers": Row(
        without("RolePolicyAttachment", "karpenter-default-node-AmazonEKSWorkerNodePolicy"),
        "jobs-affected: new nodes of role karpenter-default-node-role do not join",
        "narrower-permission: role karpenter-default-node-role (may no longer)",
        source=f"{_EKS}/userguide/create-node-role.html",
    ),
    "Karpenter without a right": Row(
        without("RolePolicyAttachment", "karpenter-controller-nodes"),
        "jobs-affected: new executors wait where the autoscaler needs what role "
        "karpenter-controller-role may no longer do",
        "narrower-permission: role karpenter-controller-role (may no longer)",
        source="karpenter.sh/docs/reference/cloudformation/",
    ),
    "drivers that may not make executors": Row(
        put("Role", "rules", [], "team-team-a-access-driver"),
        "jobs-affected: jobs of team team-a fail at the next request that ServiceAccount "
        "team-a/spark-driver may no longer make",
        "narrower-permission: ServiceAccount team-a/spark-driver (may no longer)",
        source="spark.apache.org/docs/latest/running-on-kubernetes.html#rbac",
    ),
    "drivers without their binding": Row(
        without("RoleBinding", "team-team-a-access-driver"),
        "jobs-affected: jobs of team team-a fail at the next request that ServiceAccount "
        "team-a/spark-driver may no longer make",
        "narrower-permission: ServiceAccount team-a/spark-driver (deleted)",
        source="spark.apache.org/docs/latest/running-on-kubernetes.html#rbac",
    ),
    "the drivers' account goes": Row(
        without("ServiceAccount", "team-team-a-access-spark-driver"),
        "jobs-affected: pods of ServiceAccount team-a/spark-driver: requests to the API server",
        "narrower-permission: ServiceAccount team-a/spark-driver is deleted: tokens of its pods",
        source=f"{_K8S}/security/service-accounts/",
    ),
    "a claim goes": Row(
        without("PersistentVolumeClaim", "team-team-a-jars-claim"),
        "jobs-affected: a driver that asks for a new executor gets none: claim team-a/spark-jars",
        "claims-wait: removes claims: team-a/spark-jars; the update waits until no pod uses them",
        source=f"{_K8S}/storage/persistent-volumes/#storage-object-in-use-protection",
    ),
    "the operator goes": Row(
        without("Release", "spark-operator-release"),
        "jobs-affected: executors that start from now on lack what the operator's webhook adds",
        "restarts: none of the pods of spark-operator runs from now on",
        "removes: removes Helm release spark-operator",
        source="www.kubeflow.org/docs/components/spark-operator/overview/",
    ),
    "the operator watches a namespace less": Row(
        put("Release", "values.spark.jobNamespaces", ["team-a"], "spark-operator-release"),
        "jobs-affected: jobs in namespace team-b: their state is not updated",
        OPERATOR,
        "guard: the Spark operator no longer watches namespace team-b",
        source="www.kubeflow.org/docs/components/spark-operator/overview/",
    ),
    "a key that nobody may use": Row(
        put("Key", "policy!Statement", [], "jars-key"),
        "jobs-affected: requests that need KMS key jars-key and that its policy no longer allows",
        "narrower-permission: KMS key jars-key (may no longer)",
        stack="prod",
        source="docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
    ),
    "JARs that expire": Row(
        put("BucketLifecycleConfiguration", "rules[0].expiration", {"days": 7}, "jars-lifecycle"),
        "loses-data: jars-lifecycle deletes objects after 7 days (old-versions, expiration)",
        "jobs-affected: objects below spark/ older than 7 days are gone",
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations"
        ".html",
    ),
    "objects with a key that the mount may not use": Row(
        put(
            "BucketServerSideEncryptionConfiguration",
            "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId",
            "arn:aws:kms:us-west-2:111122223333:key/other",
            "jars-encryption",
        ),
        "jobs-affected: reads and writes of objects that are new in bucket spark-dev-jars",
        "narrower-permission: role jar-mount-driver-role cannot use arn:aws:kms",
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    ),
    "a History Server without its right": Row(
        without("RolePolicyAttachment", "spark-history-analytics-read"),
        "narrower-permission: role spark-history-analytics-role (may no longer)",
        stack="prod",
        source="spark.apache.org/docs/latest/monitoring.html",
    ),
}
