"""The control plane: who reaches it, who is let in, what it records."""

import ipaddress
from collections.abc import Iterator

from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource, parent_types
from ops.plan.nodes import GROUP
from ops.plan.values import UNKNOWN, at, each, is_false, is_true, known
from ops.rules.rule import Broken, Severity, rule

_CLUSTER_TYPES = ("eks:index:Cluster", "aws:eks/cluster:Cluster")
"""The component that the program asks for, and the cluster inside it, which an engine shows."""
_USERGUIDE = "https://docs.aws.amazon.com/eks/latest/userguide"
_BARE = {
    "bootstrapSelfManagedAddons": False,
    "createOidcProvider": False,
    "skipDefaultNodeGroup": True,
    "skipDefaultSecurityGroups": True,
    "useDefaultVpcCni": True,
    "kubeProxyAddonOptions.enabled": False,
    "corednsAddonOptions.enabled": False,
}
"""What keeps the eks component from making more than a control plane."""
_WIDEST = {4: 8, 6: 16}
"""Prefix length by IP version below which a block is no office or VPN."""


def clusters(plan: Plan) -> Iterator[Resource]:
    """The clusters that the stack makes, as the component or as what is inside."""
    for type_ in _CLUSTER_TYPES:
        for one in plan.by_type(type_):
            # The engine knows the component's outputs only: the cluster inside has the inputs.
            if "version" in one.inputs and not one.external:
                yield one


def _of(cluster: Resource, component: str, inside: str) -> object:
    found = cluster.inputs.get(component)
    return found if found is not None else at(cluster.inputs, inside)


@rule(
    "endpoint-allow-list",
    Severity.error,
    reason="An API server that answers everybody is one stolen token or one flaw away from anyone.",
    source=f"{_USERGUIDE}/cluster-endpoint.html",
)
def endpoint(plan: Plan) -> Iterator[Broken]:
    """A public endpoint names its callers; nodes have a private one."""
    for one in clusters(plan):
        public = _of(one, "endpointPublicAccess", "vpcConfig.endpointPublicAccess")
        if public is None:
            yield Broken(one, "public", "leaves the public endpoint at EKS' default, which is open")
        if not is_true(_of(one, "endpointPrivateAccess", "vpcConfig.endpointPrivateAccess")):
            yield Broken(one, "private", "has no private endpoint: nodes go out to reach it")
        allowed = _of(one, "publicAccessCidrs", "vpcConfig.publicAccessCidrs")
        if public in (True, "true") and allowed != UNKNOWN:
            blocks = list(allowed) if isinstance(allowed, list | tuple) else []
            if not blocks:
                yield Broken(one, "0.0.0.0/0", "answers the whole internet")
            for block in _wide(blocks):
                yield Broken(one, block, f"answers callers from {block}")


@rule(
    "secrets-own-key",
    Severity.warning,
    reason="EKS encrypts all API data with a key of AWS' since Kubernetes 1.28; with a key of the "
    "stack, its use shows in CloudTrail and can be taken away.",
    source=f"{_USERGUIDE}/envelope-encryption.html",
)
def secrets(plan: Plan) -> Iterator[Broken]:
    """Kubernetes secrets are encrypted with the stack's own key."""
    for one in clusters(plan):
        if not _of(one, "encryptionConfigKeyArn", "encryptionConfig.provider.keyArn"):
            yield Broken(one, "secrets", "encrypts Kubernetes secrets with a key of AWS'")


@rule(
    "control-plane-logs",
    Severity.error,
    reason="Who did what in the cluster is known only if it was recorded.",
    source=f"{_USERGUIDE}/control-plane-logs.html",
)
def logs(plan: Plan) -> Iterator[Broken]:
    """Audit and authenticator logs are on, and their group is made before EKS makes it."""
    groups = {str(one.inputs.get("name")): one for one in plan.by_type(_LOG_GROUP)}
    for one in clusters(plan):
        if one.inputs.get("enabledClusterLogTypes") == UNKNOWN:
            continue
        for kind in ("audit", "authenticator"):
            if kind not in each(one.inputs, "enabledClusterLogTypes"):
                yield Broken(one, kind, f"records no {kind} log")
        wanted = f"/aws/eks/{one.inputs.get('name')}/cluster"
        if wanted not in groups:
            yield Broken(one, "log group", f"leaves {wanted} to EKS, which keeps it for ever")


@rule(
    "kubernetes-version",
    Severity.error,
    reason="Without a version a new cluster is the newest, and a node group the cluster's of the "
    "day; at the end of support AWS upgrades or charges, as the stack says.",
    source=f"{_USERGUIDE}/kubernetes-versions.html",
)
def version(plan: Plan) -> Iterator[Broken]:
    """Cluster and node groups name their Kubernetes version, the cluster its support."""
    for one in plan.by_type("eks:index:Cluster"):
        if "name" in one.inputs and not one.inputs.get("version"):
            yield Broken(one, "version", "is made at the newest version")
    for one in plan.by_type(GROUP):
        if not one.inputs.get("version"):
            yield Broken(one, "version", "follows the cluster's version unsaid")
    for one in clusters(plan):
        if not at(one.inputs, "upgradePolicy.supportType"):
            yield Broken(one, "support", "does not say what happens at the end of support")


@rule(
    "access-by-entries",
    Severity.error,
    reason="The aws-auth ConfigMap is edited without a record; entries are AWS resources.",
    source=f"{_USERGUIDE}/access-entries.html",
)
def access(plan: Plan) -> Iterator[Broken]:
    """Access is by entries only, and each gives rights."""
    for one in clusters(plan):
        mode = _of(one, "authenticationMode", "accessConfig.authenticationMode")
        if mode not in ("API", UNKNOWN):
            yield Broken(one, "authenticationMode", f"lets people in by {mode or 'aws-auth'}")
    entitled = {
        one.inputs.get("principalArn")
        for one in plan.by_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    }
    for one in plan.by_type("aws:eks/accessEntry:AccessEntry"):
        nodes = str(one.inputs.get("type", "")).startswith("EC2")
        may = nodes or each(one.inputs, "kubernetesGroups")
        if not may and one.inputs.get("principalArn") not in entitled:
            yield Broken(one, "rights", "lets somebody in who may do nothing")


@rule(
    "cluster-bare",
    Severity.error,
    reason="What the eks component adds by itself has no version in the program and no place in "
    "the order of a destroy.",
    source="https://www.pulumi.com/registry/packages/eks/api-docs/cluster/",
)
def bare(plan: Plan) -> Iterator[Broken]:
    """The eks component makes the control plane and nothing else."""
    for one in plan.by_type("eks:index:Cluster"):
        # An engine shows the component without its inputs.
        for key, wanted in _BARE.items() if "name" in one.inputs else ():
            if at(one.inputs, key) is not wanted:
                yield Broken(one, key, f"{key} is not {str(wanted).lower()}")


@rule(
    "provider-identity",
    Severity.error,
    reason="Without a name of the cluster, a changed kubeconfig is a changed cluster: every object "
    "in it shows as replaced (github.com/pulumi/pulumi-kubernetes/issues/2745).",
    source="https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider/",
)
def identity(plan: Plan) -> Iterator[Broken]:
    """The Kubernetes provider knows its cluster by name."""
    for one in plan.by_type("pulumi:providers:kubernetes"):
        # The eks component makes one for itself, which nothing of the stack uses.
        inside = "eks:index:Cluster" in parent_types(one.urn)
        if not inside and not one.inputs.get("clusterIdentifier"):
            yield Broken(one, "clusterIdentifier", "knows its cluster by kubeconfig only")


@rule(
    "no-open-ingress",
    Severity.error,
    reason="What listens behind an open port is found within minutes.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
)
def ingress(plan: Plan) -> Iterator[Broken]:
    """No security group lets the internet in; a VPC's default group lets nothing in or out."""
    for one in plan.by_type("aws:ec2/securityGroup:SecurityGroup"):
        for item in each(one.inputs, "ingress"):
            blocks = [*each(item, "cidrBlocks"), *each(item, "ipv6CidrBlocks")]
            for block in _wide([block for block in blocks if known(block)]):
                yield Broken(one, block, f"lets in {block}")
        if not is_false(one.inputs.get("egress") or None):
            yield Broken(one, "egress", "lets what is behind it call out")
    closed = {
        vpc.urn
        for one in plan.by_type("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
        if not one.inputs.get("ingress") and not one.inputs.get("egress")
        for vpc in inputs_from(one, "vpcId", plan)
    }
    for one in plan.by_type("aws:ec2/vpc:Vpc"):
        if one.urn not in closed:
            yield Broken(one, "default group", "leaves its default security group open")


_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def _wide(blocks: list[str]) -> list[str]:
    """The blocks that are too wide, alone or with their neighbours."""
    given = [ipaddress.ip_network(block) for block in blocks if known(block)]
    v4 = [one for one in given if isinstance(one, ipaddress.IPv4Network)]
    v6 = [one for one in given if isinstance(one, ipaddress.IPv6Network)]
    merged = (*ipaddress.collapse_addresses(v4), *ipaddress.collapse_addresses(v6))
    return [
        str(one) for one in merged if one.prefixlen < _WIDEST[one.version] and not one.is_private
    ]
