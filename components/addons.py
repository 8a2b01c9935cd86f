"""EKS add-ons, each its own resource with its own version, role and place in the order."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pulumi
import pulumi_aws as aws
from pydantic import Field

from components.base import Settings, child
from components.cloud import Cloud
from components.cluster import Cluster
from components.identity import ServiceAccountRole
from components.node_groups import SYSTEM_LABELS, SYSTEM_TAINT_KEY

AddonVersion = Annotated[str, Field(pattern=r"^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$")]


class AddonVersions(Settings):
    """`addonVersions`: pins. Without one, the version that AWS marks as default for the
    cluster's Kubernetes version is looked up: never the latest."""

    vpc_cni: AddonVersion | None = Field(None, alias="vpc-cni")
    """Pod networking. A pin has the form `v2.3.0-eksbuild.1`."""
    kube_proxy: AddonVersion | None = Field(None, alias="kube-proxy")
    """Service addresses."""
    coredns: AddonVersion | None = None
    """DNS."""
    metrics_server: AddonVersion | None = Field(None, alias="metrics-server")
    """CPU and memory in use."""
    aws_ebs_csi_driver: AddonVersion | None = Field(None, alias="aws-ebs-csi-driver")
    """Block storage."""
    aws_mountpoint_s3_csi_driver: AddonVersion | None = Field(
        None, alias="aws-mountpoint-s3-csi-driver"
    )
    """JARs in pod level; v2.3.0-eksbuild.1 or newer, for its controller's tolerations."""

    def of(self, addon: str) -> str | None:
        """The pin of an add-on, by the name AWS gives it."""
        return self.model_dump(by_alias=True)[addon]


def on_system_nodes() -> dict[str, Any]:
    """Configuration by which a Deployment runs on the system nodes, and nowhere else."""
    return {
        "nodeSelector": dict(SYSTEM_LABELS),
        "tolerations": [{"key": SYSTEM_TAINT_KEY, "operator": "Exists"}],
    }


def addon(
    name: str,
    addon_name: str,
    *,
    cluster: Cluster,
    versions: AddonVersions,
    opts: pulumi.ResourceOptions,
    role: ServiceAccountRole | None = None,
    configuration: Mapping[str, Any] | None = None,
) -> aws.eks.Addon:
    """One add-on. What the cluster holds already under its name is overwritten on creation, and
    what somebody changed by hand later is kept from surprising: it is overwritten, too."""
    version: pulumi.Input[str] | None = versions.of(addon_name)
    if version is None:
        version = aws.eks.get_addon_version_output(
            addon_name=addon_name,
            kubernetes_version=cluster.version,
            most_recent=False,
            opts=pulumi.InvokeOptions(parent=opts.parent),
        ).version
    return aws.eks.Addon(
        name,
        addon_name=addon_name,
        addon_version=version,
        cluster_name=cluster.name,
        configuration_values=json.dumps(configuration, sort_keys=True) if configuration else None,
        service_account_role_arn=role.arn if role else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        opts=opts,
    )


class NodeAddons(pulumi.ComponentResource):
    """What a node needs to become Ready: pod networking and kube-proxy. Comes before any node."""

    def __init__(
        self,
        name: str,
        versions: AddonVersions,
        *,
        cloud: Cloud,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:addons:NodeAddons", name, None, opts)
        # A role of its own: the node role then need not hold the right to change interfaces.
        networking = ServiceAccountRole(
            f"{name}-vpc-cni",
            namespace="kube-system",
            service_account="aws-node",
            oidc=cluster.oidc,
            cloud=cloud,
            managed_policies=["AmazonEKS_CNI_Policy"],
            opts=child(self),
        )
        self.ready: Sequence[pulumi.Resource] = [
            addon(
                f"{name}-vpc-cni",
                "vpc-cni",
                cluster=cluster,
                versions=versions,
                role=networking,
                configuration={
                    "env": {
                        # 16 addresses at a time: many pods a node, few calls to EC2.
                        "ENABLE_PREFIX_DELEGATION": "true",
                        "WARM_PREFIX_TARGET": "1",
                    },
                    # Off by default, and a NetworkPolicy is then a wish.
                    "enableNetworkPolicy": "true",
                },
                opts=child(self, depends_on=[cluster, *networking.grants]),
            ),
            addon(
                f"{name}-kube-proxy",
                "kube-proxy",
                cluster=cluster,
                versions=versions,
                opts=child(self, depends_on=[cluster]),
            ),
        ]
        self.register_outputs({})


class ClusterAddons(pulumi.ComponentResource):
    """What the cluster needs once the system nodes are there: DNS, block storage, metrics."""

    def __init__(
        self,
        name: str,
        versions: AddonVersions,
        *,
        cloud: Cloud,
        cluster: Cluster,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:addons:ClusterAddons", name, None, opts)
        dns = addon(
            f"{name}-coredns",
            "coredns",
            cluster=cluster,
            versions=versions,
            configuration={
                **on_system_nodes(),
                # By nodes and cores, at least two; many executors ask at once when a job starts.
                "autoScaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 10},
                "topologySpreadConstraints": [
                    _spread("topology.kubernetes.io/zone"),
                    _spread("kubernetes.io/hostname"),
                ],
            },
            opts=child(self, depends_on=after),
        )
        # Not the managed policy of the same name without V2: that one may touch every volume.
        storage = ServiceAccountRole(
            f"{name}-ebs-csi",
            namespace="kube-system",
            service_account="ebs-csi-controller-sa",
            oidc=cluster.oidc,
            cloud=cloud,
            managed_policies=["AmazonEBSCSIDriverPolicyV2"],
            opts=child(self),
        )
        self.dns: pulumi.Resource = dns
        self.ready: Sequence[pulumi.Resource] = [
            dns,
            addon(
                f"{name}-aws-ebs-csi-driver",
                "aws-ebs-csi-driver",
                cluster=cluster,
                versions=versions,
                role=storage,
                configuration={
                    "controller": {"replicaCount": 2, **on_system_nodes()},
                    "node": {"tolerateAllTaints": True},
                    "defaultStorageClass": {"enabled": True},
                },
                opts=child(self, depends_on=[*after, *storage.grants]),
            ),
            addon(
                f"{name}-metrics-server",
                "metrics-server",
                cluster=cluster,
                versions=versions,
                configuration={"replicas": 2, **on_system_nodes()},
                opts=child(self, depends_on=after),
            ),
        ]
        self.register_outputs({})


def _spread(topology_key: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": topology_key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
