"""Kubernetes kinds, Helm releases, components and providers: what leaves running jobs alone, and
what a rule tells."""

from collections.abc import Mapping

from ops.diff.impact.known_row import Known

_EKS = "docs.aws.amazon.com/eks/latest"
_K8S = "kubernetes.io/docs"
_MONITORING = Known(
    "prometheus-operator.dev/docs/api-reference/api: Prometheus reads it, jobs do not; rule "
    "monitoring: alerts that are lost",
    "create delete replace spec metadata.labels",
)
_RIGHT = Known(
    "a right more takes nothing; what becomes narrower is not known, or rule permissions tells it",
    "create delete",
    "rules subjects roleRef",
)
_OWN_PODS = (
    "affinity nodeSelector podDisruptionBudget priorityClassName replicaCount replicas resources "
    "tolerations topologySpreadConstraints"
)
"""Keys of a chart's values that concern the chart's own pods."""

KUBERNETES: Mapping[str, Known] = {
    "ClusterRole": _RIGHT,
    "ClusterRoleBinding": _RIGHT,
    "ConfigMap": Known(
        "nothing mounts it yet; rules shuffle: Celeborn's, node_mounts: the JARs'",
        "create",
        "replace data",
    ),
    "DaemonSet": Known(
        "rule workloads: pods of the mount are replaced node by node, and jobs keep their mount; "
        "rule node_mounts",
        "create spec.updateStrategy",
        "spec.template.spec.containers[].env spec.template.spec.containers[].resources "
        "spec.template.spec.tolerations spec.template.spec.priorityClassName "
        "spec.template.metadata.annotations",
        "spec.template.spec.nodeSelector spec.template.spec.affinity spec.template.spec.volumes",
    ),
    "EC2NodeClass": Known("rules nodes, refusals and identities", "create", "delete spec"),
    "Job": Known(
        "components/storage/lustre/folders.py: a Job makes a folder that is not there yet, and "
        "none is deleted",
        "create delete replace",
        "spec",
    ),
    "LimitRange": Known(
        f"{_K8S}/concepts/policy/limit-range: defaults are set when a pod is created, and Spark "
        "sets its own requests",
        "",
        "",
        "create spec",
    ),
    "Namespace": Known(
        "rules data, limits, guards and teams: the number of executors is asked when a job is "
        "submitted, where it logs when its driver starts",
        'create metadata.annotations["spark-on-eks/max-executors"] '
        'metadata.annotations["spark-on-eks/event-logs"] '
        'metadata.annotations["spark-on-eks/shuffle"] '
        'metadata.annotations["spark-on-eks/shuffle-fallback"] '
        'metadata.labels["pod-security.kubernetes.io/warn"] '
        'metadata.labels["pod-security.kubernetes.io/audit"]',
        'delete replace metadata.labels["pod-security.kubernetes.io/enforce"]',
        'metadata.annotations["spark-on-eks/pool"] '
        'metadata.annotations["spark-on-eks/driver-pool"] '
        'metadata.annotations["spark-on-eks/queue"]',
    ),
    "NodePool": Known(
        "rules nodes, disruption and limits; karpenter.sh/docs/concepts/nodepools: weights of new "
        "nodes",
        "create spec.weight metadata.annotations",
        "delete replace spec.template spec.disruption spec.limits",
    ),
    "PersistentVolume": Known(
        f"rule data; {_K8S}/concepts/storage/persistent-volumes: a mount is not changed",
        "create",
        "spec.mountOptions spec.persistentVolumeReclaimPolicy spec.capacity spec.nodeAffinity",
    ),
    "PersistentVolumeClaim": Known(
        f"rule data; {_K8S}/concepts/storage/persistent-volumes: in use, it stays",
        "create metadata.annotations",
        "delete replace",
    ),
    "PodDisruptionBudget": Known(
        f"{_K8S}/tasks/run-application/configure-pdb: fewer evictions at once", "create"
    ),
    "PodMonitor": _MONITORING,
    "PrometheusRule": _MONITORING,
    "ServiceMonitor": _MONITORING,
    "VerticalPodAutoscaler": Known(
        "components/monitoring/vertical.py: of Prometheus alone", "create delete replace spec"
    ),
    "PriorityClass": Known(
        f"{_K8S}/concepts/scheduling-eviction/pod-priority-preemption: a class more; rule limits",
        "create description",
        "delete replace",
    ),
    "ResourceQuota": Known(
        f"{_K8S}/concepts/policy/resource-quotas: checked when a pod is created",
        "delete",
        "create spec.hard",
    ),
    "Role": _RIGHT,
    "RoleBinding": _RIGHT,
    "Service": Known("a service more", "create"),
    "ServiceAccount": Known(
        "an account more; rule identities: its role and its token",
        "create",
        "delete replace",
        'metadata.annotations["eks.amazonaws.com/role-arn"] automountServiceAccountToken',
    ),
    "StatefulSet": Known(
        "rule shuffle: Celeborn's pods, and the files that they hold",
        "create",
        "delete replace spec.template spec.replicas",
    ),
    "StorageClass": Known(
        f"{_K8S}/concepts/storage/storage-classes: read when a claim is made; rule volumes",
        "create",
        "delete replace parameters provisioner",
    ),
    "ValidatingAdmissionPolicy": Known(
        "nothing more is refused; rule limits: a drained cluster refuses applications, not pods",
        "delete",
        "create",
        "spec.validations spec.matchConditions",
    ),
    "ValidatingAdmissionPolicyBinding": Known("nothing more is refused", "delete", "create"),
}

OTHER: Mapping[str, Known] = {
    "eks:index:Cluster": Known(
        f"rules cluster and access; {_EKS}/userguide/enable-kms.html: in the background",
        "create enabledClusterLogTypes upgradePolicy deletionProtection",
        "delete replace version publicAccessCidrs endpointPublicAccess endpointPrivateAccess",
        grows="encryptionConfigKeyArn",
    ),
    "kubernetes:core/v1:PersistentVolumePatch": Known(
        "the uid of a claim that is bound", "create delete spec metadata.name"
    ),
    "kubernetes:helm.sh/v3:Release": Known(
        "rule workloads: the chart's controllers restart; drivers and executors are not theirs",
        "skipCrds compat values.hook values.expanderPriorities values.controller.workers",
        " ".join(f"values.*.{key}" for key in _OWN_PODS.split())
        + " create delete replace values.autoscalingGroups[].maxSize",
        'values.*.annotations["eks.amazonaws.com/role-arn"] values.settings.interruptionQueue '
        "values.spark.jobNamespaces values.yunikornDefaults.queues",
        "values.spark.jobNamespaces",
    ),
    "pulumi:providers:aws": Known(
        "rule cluster: tags; the accounts are those of who runs `up`",
        "create allowedAccountIds skipCredentialsValidation skipRegionValidation",
        "defaultTags",
    ),
}

BESIDE_JOBS: Mapping[str, Known] = {
    "kube-prometheus-stack": Known(
        "its values of 88.5.3: agents without a priority wait on a full node, no webhook",
        "create delete version values.prometheus values.alertmanager values.grafana "
        "values.prometheusOperator.resources values.kube-state-metrics values.defaultRules "
        "values.kubelet values.kubeApiServer values.coreDns "
        "values.prometheus-node-exporter.resources",
    ),
    "prometheus-operator-crds": Known(
        "prometheus-operator.dev: kinds that jobs do not have", "create delete version"
    ),
    "vertical-pod-autoscaler": Known(
        "its webhook and its objects are of the namespace monitoring",
        "create delete version values.recommender values.updater "
        "values.admissionController.resources",
    ),
}
"""Charts that serve no job, by name."""
