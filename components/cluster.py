"""The EKS cluster: control plane, log group, key, admins, identity provider; or an existing one."""

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as k8s
from pydantic import Field

from components.base import Problems, Settings
from components.cloud import Cloud
from components.cluster_formats import (
    ClusterName,
    KubernetesVersion,
    OidcProviderArn,
    Principal,
    PublicCidr,
)
from components.formats import RetentionDays, Zones, entries
from components.identity import (
    OidcProvider,
    own_account_manages_key,
    policy_document,
    wildcards,
)
from components.network import Network
from versions import KUBERNETES_DEFAULT

LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]


class EndpointSettings(Settings):
    public: bool = True
    """Reachable from the internet, from `publicCidrs` only. Nodes use the private endpoint."""
    public_cidrs: Annotated[list[PublicCidr], entries(most=40)] = []
    """CIDR blocks that reach the public endpoint; required while `public` is true."""

    def problems(self) -> Problems:
        if self.public and not self.public_cidrs:
            yield (
                "",
                "publicCidrs must list the CIDR blocks that may call the public endpoint "
                "(for example 203.0.113.0/24), or set public: false",
            )
        if not self.public and self.public_cidrs:
            yield "publicCidrs", "has no effect with public: false; remove one of them"


class ClusterSettings(Settings):
    """`cluster`: the control plane."""

    name: Annotated[ClusterName, Field(json_schema_extra={"default": "spark-<stack>"})]
    """Name of the cluster, new or existing. A new name replaces the cluster."""
    existing: bool = False
    """The cluster exists: it is looked up by name and not changed."""
    oidc_provider_arn: OidcProviderArn | None = None
    """ARN of an existing cluster's IAM OIDC provider; without it, it is looked up by issuer."""
    version: KubernetesVersion = KUBERNETES_DEFAULT
    """Kubernetes version. Upgrade one minor version at a time."""
    zones: Zones | None = None
    """Zones of the control plane's network interfaces; nodes may be in more. EKS never gives a
    cluster other zones. Default: the first two of the network's, by letter."""
    endpoint: EndpointSettings | None = None
    """Access to the API server. Default: the private endpoint only."""
    log_types: Annotated[list[LogType], entries()] = ["api", "audit", "authenticator"]
    """Control-plane logs that EKS sends to CloudWatch Logs."""
    log_retention_days: RetentionDays = 30
    """Retention of control-plane logs, in days."""
    encrypt_secrets: bool = True
    """Envelope encryption of Kubernetes secrets with a KMS key of the stack. Cannot be undone."""
    admins: Annotated[list[Principal], entries()] = []
    """IAM principals with the cluster admin policy, besides the principal that creates the
    cluster."""
    deletion_protection: bool = False
    """EKS refuses to delete the cluster, and Pulumi protects it."""
    support: Literal["STANDARD", "EXTENDED"] = "STANDARD"
    """At the end of standard support AWS upgrades the cluster (STANDARD), or keeps it for a fee
    (EXTENDED)."""

    def zones_in(self, network: Iterable[str]) -> list[str]:
        """Zones of the control plane in a network with these zones, set or default; sorted."""
        return list(self.zones or sorted(network)[:2])

    def problems(self) -> Problems:
        if self.existing:
            allowed = ("name", "existing", "oidc_provider_arn")
            yield from self.without_effect("on an existing cluster", but=allowed)
            return
        if self.oidc_provider_arn is not None:
            yield "oidcProviderArn", "is for an existing cluster only (cluster.existing: true)"
        labels: dict[str, str] = {}
        for index, principal in enumerate(self.admins):
            other = labels.setdefault(_label(principal), principal)
            if other != principal:
                text = f"'{principal}' and '{other}' would be one resource of the stack"
                yield f"admins[{index}]", f"{text}: a path is written with hyphens there"


class Cluster(pulumi.ComponentResource):
    """The control plane, created or existing, and the Kubernetes provider of all objects in it."""

    name: str
    arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    """The security group that EKS creates for traffic between control plane and nodes."""
    oidc: OidcProvider
    kubernetes: k8s.Provider
    created: bool
    """False for an existing cluster, whose pod networking may use the nodes' roles."""

    def __init__(
        self,
        name: str,
        settings: ClusterSettings,
        *,
        cloud: Cloud,
        network: Network,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:cluster:Cluster", name, None, opts)
        self._name, self._settings, self._cloud = name, settings, cloud
        self._own = pulumi.ResourceOptions(parent=self)
        self.created = not settings.existing
        self.name = settings.name
        self.version: pulumi.Input[str] = settings.version
        self._wildcards: dict[str, Any] = {}
        self.arn = cloud.arn("eks", f"cluster/{settings.name}")
        kubeconfig = self._look_up() if settings.existing else self._create(network)
        self.kubernetes = k8s.Provider(
            f"{name}-kubernetes",
            kubeconfig=kubeconfig,
            # Without a stable identifier a changed kubeconfig replaces every object:
            # github.com/pulumi/pulumi-kubernetes/issues/2745.
            cluster_identifier=settings.name,
            opts=self._own,
        )
        self.register_outputs({"name": self.name, **self._wildcards})

    def _create(self, network: Network) -> pulumi.Output[str]:
        settings = self._settings
        # Create the log group first: the one that EKS creates never expires.
        logs = aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=f"/aws/eks/{settings.name}/cluster",
            retention_in_days=settings.log_retention_days,
            opts=self._own,
        )
        endpoint = settings.endpoint or EndpointSettings(public=False)
        # The control plane only: add-ons, node groups and the OIDC provider are separate resources,
        # with versions and an order that a preview shows.
        cluster = eks.Cluster(
            f"{self._name}-eks",
            name=settings.name,
            version=settings.version,
            vpc_id=network.vpc_id,
            subnet_ids=[
                network.private_subnets[zone] for zone in settings.zones_in(network.private_subnets)
            ],
            authentication_mode=eks.AuthenticationMode.API,
            endpoint_private_access=True,
            endpoint_public_access=endpoint.public,
            public_access_cidrs=endpoint.public_cidrs or None,
            enabled_cluster_log_types=list(settings.log_types),
            encryption_config_key_arn=self._create_key() if settings.encrypt_secrets else None,
            deletion_protection=settings.deletion_protection,
            upgrade_policy={"support_type": settings.support},
            bootstrap_self_managed_addons=False,
            create_oidc_provider=False,
            skip_default_node_group=True,
            skip_default_security_groups=True,
            use_default_vpc_cni=True,
            kube_proxy_addon_options={"enabled": False},
            coredns_addon_options={"enabled": False},
            opts=pulumi.ResourceOptions(
                parent=self,
                # The control plane's interfaces, and their deletion, need the routes.
                depends_on=[logs, network],
                protect=settings.deletion_protection or None,
                providers=[self._cloud.provider],
            ),
        )
        self.security_group_id = cluster.cluster_security_group_id
        issuer = aws.iam.OpenIdConnectProvider(
            f"{self._name}-oidc",
            url=cluster.oidc_provider_url,
            client_id_lists=["sts.amazonaws.com"],
            opts=self._own,
        )
        self.oidc = OidcProvider(arn=issuer.arn, issuer=cluster.oidc_issuer)
        self._create_admins(cluster)
        return cluster.kubeconfig_json

    def _create_key(self) -> pulumi.Output[str]:
        policy = [own_account_manages_key(self._cloud)]
        self._wildcards = wildcards({f"{self._name}-secrets": policy})
        key = aws.kms.Key(
            f"{self._name}-secrets",
            description=f"Kubernetes secrets of {self.name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=policy_document(policy),
            # Without the key the cluster's secrets cannot be decrypted.
            opts=pulumi.ResourceOptions(
                parent=self, protect=self._settings.deletion_protection or None
            ),
        )
        return key.arn

    def _create_admins(self, cluster: eks.Cluster) -> None:
        for principal in self._settings.admins:
            label = _label(principal)
            entry = aws.eks.AccessEntry(
                f"{self._name}-admin-{label}",
                cluster_name=self.name,
                principal_arn=principal,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[cluster]),
            )
            aws.eks.AccessPolicyAssociation(
                f"{self._name}-admin-{label}",
                cluster_name=self.name,
                principal_arn=principal,
                policy_arn=self._cloud.access_policy("AmazonEKSClusterAdminPolicy"),
                access_scope={"type": "cluster"},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[entry]),
            )

    def _look_up(self) -> pulumi.Output[str]:
        options = pulumi.InvokeOptions(provider=self._cloud.provider)
        found = aws.eks.get_cluster_output(name=self.name, opts=options)
        self.version = found.version
        self.security_group_id = found.vpc_config.cluster_security_group_id
        url = found.identities[0].oidcs[0].issuer
        given = self._settings.oidc_provider_arn
        self.oidc = OidcProvider(
            arn=pulumi.Output.from_input(given)
            if given
            else aws.iam.get_open_id_connect_provider_output(url=url, opts=options).arn,
            issuer=url.apply(lambda text: text.removeprefix("https://")),
        )
        return pulumi.Output.all(found.endpoint, found.certificate_authorities[0].data).apply(
            lambda found: kubeconfig(self.name, self._cloud.region, *found)
        )


def _label(principal: str) -> str:
    """Part of the names of a principal's resources."""
    return principal.partition(":iam::")[2].replace(":", "-").replace("/", "-")


def kubeconfig(cluster: str, region: str, endpoint: str, authority: str) -> str:
    """A kubeconfig that gets tokens from the AWS CLI and contains no credential."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": cluster,
                    "cluster": {"server": endpoint, "certificate-authority-data": authority},
                }
            ],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
            "current-context": cluster,
            "users": [
                {
                    "name": cluster,
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1beta1",
                            "command": "aws",
                            "args": [
                                *("--region", region, "eks", "get-token"),
                                *("--cluster-name", cluster, "--output", "json"),
                            ],
                        }
                    },
                }
            ],
        }
    )


def check_cluster(settings: ClusterSettings, *, network_given: bool) -> Problems:
    """An existing cluster needs an existing network."""
    if settings.existing and not network_given:
        yield (
            "cluster.existing",
            "true needs network.existing: the existing cluster already has a VPC",
        )


def check_cluster_zones(settings: ClusterSettings, zones: Sequence[str]) -> Problems:
    """A new cluster's zones are among the network's."""
    for zone in sorted(set(settings.zones or ()) - set(zones)):
        yield "cluster.zones", f"'{zone}' is not one of the network's zones {', '.join(zones)}"
