"""EKS add-ons, each its own resource with its own version, role and place in the order."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.addon_pins import FLOORS, AddonVersions
from components.cloud import Cloud
from components.cluster import Cluster
from components.context import Context
from components.identity import ServiceAccountRole, Statement
from components.names import KUBE_SYSTEM, POOL_LABEL, SYSTEM_POOL, SYSTEM_TAINT
from components.storage import StorageSettings
from components.storage.ebs_csi import configuration as ebs_configuration
from components.storage.ebs_csi import key_policies
from components.workloads import Workload, package

_CHARTS = "https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/charts"
_COREDNS_BUDGET = "https://aws.amazon.com/blogs/containers/recent-changes-to-the-coredns-add-on"
_EBS_BUDGET = f"{_CHARTS}/aws-ebs-csi-driver/templates/poddisruptionbudget-controller.yaml"


def system_placement() -> dict[str, Any]:
    """Values by which a Deployment runs on the system nodes only."""
    return {
        "nodeSelector": {POOL_LABEL: SYSTEM_POOL},
        "tolerations": [{"key": SYSTEM_TAINT, "operator": "Exists"}],
    }


class EksAddons(pulumi.ComponentResource):
    """A component that creates EKS add-ons and registers their workloads."""

    def __init__(
        self,
        kind: str,
        name: str,
        versions: AddonVersions,
        *,
        cloud: Cloud,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"spark-on-eks:addons:{kind}", name, None, opts)
        self._name, self._versions, self._cloud, self._cluster = name, versions, cloud, cluster
        self._packages: dict[str, Mapping[str, Any]] = {}

    def create_addon(
        self,
        addon: str,
        workloads: Sequence[Workload],
        *,
        role: ServiceAccountRole | None = None,
        configuration: Mapping[str, Any] | None = None,
        provides: Sequence[str] = (),
        depends_on: Sequence[pulumi.Resource],
        aliases: Sequence[str] = (),
    ) -> aws.eks.Addon:
        """One add-on. Conflicts resolve to OVERWRITE, on create and on update: manual changes to
        its objects are lost."""
        name = f"{self._name}-{addon}"
        self._packages[name] = package(
            workloads, calls_aws=role is not None, provides=provides, versions=FLOORS[addon]
        )
        version: pulumi.Input[str] | None = self._versions.of(addon)
        if version is None:
            version = aws.eks.get_addon_version_output(
                addon_name=addon,
                kubernetes_version=self._cluster.version,
                most_recent=False,
                opts=pulumi.InvokeOptions(parent=self),
            ).version
        return aws.eks.Addon(
            name,
            addon_name=addon,
            addon_version=version,
            cluster_name=self._cluster.name,
            configuration_values=json.dumps(configuration, sort_keys=True)
            if configuration
            else None,
            service_account_role_arn=role.arn if role else None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*depends_on, *([role] if role else [])],
                aliases=list(aliases),
            ),
        )

    def create_role(
        self,
        short: str,
        account: str,
        policy: str,
        policies: Mapping[str, Sequence[Statement]] | None = None,
    ) -> ServiceAccountRole:
        """The role of an add-on's service account, with one AWS managed policy and `policies`."""
        return ServiceAccountRole(
            f"{self._name}-{short}",
            namespace=KUBE_SYSTEM,
            service_account=account,
            oidc=self._cluster.oidc,
            cloud=self._cloud,
            policies=policies,
            managed_policies=[policy],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def register(self) -> None:
        """Registers the add-ons' workloads. Call it last."""
        self.register_outputs({"packages": self._packages})


class NodeAddons(EksAddons):
    """Add-ons that a node needs to become Ready: pod networking and kube-proxy. Created before any
    node."""

    def __init__(
        self,
        name: str,
        versions: AddonVersions,
        *,
        cloud: Cloud,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("NodeAddons", name, versions, cloud=cloud, cluster=cluster, opts=opts)
        self.create_addon(
            "vpc-cni",
            # 25m for each container: config/master/aws-k8s-cni.yaml of amazon-vpc-cni-k8s.
            [Workload("aws-node", kind="DaemonSet", cpu="50m")],
            # A role of its own: the node role needs no permission to change network interfaces.
            role=self.create_role("vpc-cni", "aws-node", "AmazonEKS_CNI_Policy"),
            configuration={
                "env": {
                    # Prefixes of 16 addresses: more pods per node with fewer calls to EC2.
                    "ENABLE_PREFIX_DELEGATION": "true",
                    "WARM_PREFIX_TARGET": "1",
                },
                # Off by default; without it NetworkPolicies are accepted but not enforced.
                "enableNetworkPolicy": "true",
            },
            provides=["node-networking"],
            depends_on=[cluster],
        )
        self.create_addon(
            "kube-proxy",
            [Workload("kube-proxy", kind="DaemonSet", cpu="100m")],
            provides=["node-networking"],
            depends_on=[cluster],
        )
        self.register()


class ClusterAddons(EksAddons):
    """Add-ons that need system nodes: DNS, block storage, metrics."""

    def __init__(
        self,
        name: str,
        versions: AddonVersions,
        context: Context,
        *,
        storage: StorageSettings,
        metrics_key_arn: str | None,
        volumes: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`metrics_key_arn` is the KMS key of Prometheus' volume; `volumes` is the largest number
        of EBS volumes that a node has by itself."""
        super().__init__(
            "ClusterAddons",
            name,
            versions,
            cloud=context.cloud,
            cluster=context.cluster,
            opts=opts,
        )
        placement = system_placement()
        self.create_addon(
            "coredns",
            [
                Workload(
                    "coredns",
                    replicas="autoScaling.minReplicas",
                    # docs.aws.amazon.com/eks/latest/userguide/coredns-autoscaling.html
                    max_replicas="autoScaling.maxReplicas",
                    nodes_per_replica=16,
                    cores_per_replica=256,
                    cpu="100m",
                    memory="70Mi",
                    spread="topologySpreadConstraints",
                    brings_budget=_COREDNS_BUDGET,
                )
            ],
            configuration={
                **placement,
                # Scales with nodes and cores: many executors send DNS queries at once when a job
                # starts.
                "autoScaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 10},
                "topologySpreadConstraints": [
                    _spread("topology.kubernetes.io/zone"),
                    _spread("kubernetes.io/hostname"),
                ],
            },
            provides=["dns"],
            depends_on=context.after,
        )
        self.create_addon(
            "aws-ebs-csi-driver",
            [
                Workload(
                    "controller",
                    values="controller",
                    replicas="controller.replicaCount",
                    # Six containers of 10m and 40Mi (values.yaml of its chart).
                    cpu="60m",
                    memory="240Mi",
                    brings_budget=_EBS_BUDGET,
                ),
                Workload(
                    "node",
                    kind="DaemonSet",
                    cpu="30m",
                    memory="120Mi",
                    tolerate_all="node.tolerateAllTaints",
                    removes_taint="ebs.csi.aws.com/agent-not-ready",
                ),
            ],
            # The policy without V2 in its name gives access to every volume of the account.
            role=self.create_role(
                "ebs-csi",
                "ebs-csi-controller-sa",
                "AmazonEBSCSIDriverPolicyV2",
                key_policies(
                    {
                        "volumes-key": storage.shuffle_class.kms_key_arn,
                        "metrics-key": metrics_key_arn,
                    }
                ),
            ),
            configuration=ebs_configuration(
                storage.ebs_csi, tags=context.cloud.tags, volumes=volumes, placement=placement
            ),
            depends_on=context.after,
        )
        self.create_addon(
            "metrics-server",
            [
                Workload(
                    "metrics-server",
                    replicas="replicas",
                    cpu="100m",
                    memory="200Mi",
                    no_budget="An outage of a minute affects only `kubectl top` and scaling "
                    "by metrics; whether the add-on's configuration accepts a "
                    "budget is not verified.",
                )
            ],
            configuration={"replicas": 2, **placement},
            depends_on=context.after,
        )
        self.register()


def _spread(topology_key: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": topology_key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
