"""Kubernetes kinds, Helm releases, components and providers: what a changed input does.

`diff.go` is provider/pkg/provider/diff.go of github.com/pulumi/pulumi-kubernetes: its `forceNew`
table is complete, so all other changes are sent to the API server as an update. "Observed" rows
were also seen with the real provider and a real API server (docs/testing-engine.md).
"""

from collections.abc import Mapping

from ops.diff.replace_rules import Row

ALWAYS = Row(
    "diff.go: metadataForceNewProperties",
    replaces="metadata.name metadata.namespace",
    updates="metadata",
)

_VOLUME_SOURCES = "csi hostPath nfs local awsElasticBlockStore fc iscsi"
_STORED = "diff.go: IsConfigMap, IsSecret: immutable unless the provider says otherwise"
_CRD = "diff.go has no kinds of other groups; updates observed"

KINDS: Mapping[str, Row] = {
    "ClusterRole": Row("diff.go: not in forceNew", "", "rules aggregationRule"),
    "ClusterRoleBinding": Row("diff.go: roleBinding", "roleRef", "subjects"),
    "ConfigMap": Row(_STORED, "data binaryData"),
    "CronJob": Row("diff.go: not in forceNew", "", "spec"),
    "DaemonSet": Row("diff.go: daemonset; observed", "spec.selector", "spec"),
    "Deployment": Row("diff.go: deployment", "spec.selector", "spec"),
    "EC2NodeClass": Row(_CRD, "", "spec"),
    "Job": Row(
        "diff.go: job", "spec.completions spec.parallelism spec.selector spec.template", "spec"
    ),
    "LimitRange": Row("diff.go: not in forceNew", "", "spec"),
    "Namespace": Row("diff.go: not in forceNew; observed", "", "spec"),
    "NetworkPolicy": Row("diff.go: not in forceNew", "", "spec"),
    # The CRD's CEL rules keep the kind of node class.
    "NodePool": Row(
        f"{_CRD}; karpenter.sh_nodepools.yaml",
        "",
        "spec",
        refused="spec.template.spec.nodeClassRef.group spec.template.spec.nodeClassRef.kind",
    ),
    "PersistentVolume": Row(
        "diff.go: core/v1; observed",
        " ".join(f"spec.{source}" for source in _VOLUME_SOURCES.split()),
        "spec",
        refused="spec.nodeAffinity",
    ),
    # The rest of a claim's spec cannot change, and forceNew does not name it: unknown.
    "PersistentVolumeClaim": Row(
        "diff.go: core/v1; observed",
        "spec.accessModes spec.selector spec.storageClassName spec.volumeName",
        refused="spec.resources",
    ),
    "PodDisruptionBudget": Row("diff.go: forceNew names v1beta1 only", "", "spec"),
    "PodMonitor": Row(_CRD, "", "spec"),
    "PrometheusRule": Row(_CRD, "", "spec"),
    "PriorityClass": Row(
        "diff.go: not in forceNew; observed",
        "",
        "description globalDefault",
        refused="value preemptionPolicy",
    ),
    "ResourceQuota": Row("diff.go: core/v1", "spec.scopes", "spec"),
    "Role": Row("diff.go: not in forceNew; observed", "", "rules"),
    "RoleBinding": Row("diff.go: roleBinding; observed", "roleRef", "subjects"),
    "Secret": Row(_STORED, "type data stringData"),
    "Service": Row("diff.go: core/v1", "spec.clusterIP", "spec"),
    "ServiceAccount": Row(
        "diff.go: not in forceNew", "", "automountServiceAccountToken imagePullSecrets secrets"
    ),
    "ServiceMonitor": Row(_CRD, "", "spec"),
    "StatefulSet": Row(
        "diff.go: statefulSet",
        "spec.selector spec.serviceName spec.podManagementPolicy spec.volumeClaimTemplates "
        "spec.revisionHistoryLimit",
        "spec",
    ),
    "ValidatingAdmissionPolicy": Row("diff.go: not in forceNew", "", "spec"),
    "VerticalPodAutoscaler": Row(_CRD, "", "spec"),
    "ValidatingAdmissionPolicyBinding": Row("diff.go: not in forceNew", "", "spec"),
    "StorageClass": Row(
        "diff.go: storage.k8s.io/v1; observed",
        "parameters provisioner",
        "allowVolumeExpansion mountOptions",
        refused="reclaimPolicy volumeBindingMode",
    ),
}

OTHER: Mapping[str, Row] = {
    # The component passes these to its aws:eks:Cluster; its add-on options create children.
    "eks:index:Cluster": Row(
        "github.com/pulumi/pulumi-eks, nodejs/eks/cluster.ts, and the row of aws:eks:Cluster",
        "name serviceRole kubernetesServiceIpAddressRange ipFamily bootstrapSelfManagedAddons",
        "version enabledClusterLogTypes endpointPrivateAccess endpointPublicAccess "
        "publicAccessCidrs upgradePolicy deletionProtection subnetIds authenticationMode tags "
        "clusterTags corednsAddonOptions kubeProxyAddonOptions useDefaultVpcCni "
        "createOidcProvider skipDefaultNodeGroup skipDefaultSecurityGroups",
        removal_replaces="encryptionConfigKeyArn",
        sets="enabledClusterLogTypes publicAccessCidrs subnetIds",
        # UpdateClusterConfig takes subnets of the cluster's own VPC only.
        refused="vpcId",
    ),
    "kubernetes:core/v1:PersistentVolumePatch": Row(
        "provider.go: a Patch resource is updated in place", "metadata.name", "spec metadata"
    ),
    "kubernetes:helm.sh/v3:Release": Row(
        "helm_release.go beside diff.go: forceNewFields",
        "name namespace",
        "chart version values repositoryOpts skipCrds compat timeout atomic skipAwait "
        "cleanupOnFail createNamespace maxHistory description",
    ),
    # Another region is another set of resources: how the provider handles it is not known.
    "pulumi:providers:aws": Row(
        "observed: account and tags update the provider in place",
        "",
        "allowedAccountIds defaultTags skipCredentialsValidation skipRegionValidation",
    ),
    # With an identifier the kubeconfig may change (github.com/pulumi/pulumi-kubernetes/pull/3068).
    "pulumi:providers:kubernetes": Row(
        "pulumi-kubernetes: clusterIdentifier steers the provider's replacement",
        "clusterIdentifier",
        "kubeconfig enableServerSideApply",
    ),
}
