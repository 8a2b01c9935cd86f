"""The control plane: its endpoint, access to it, and its logs."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource, parent_types
from ops.plan.nodes import GROUP
from ops.plan.values import UNKNOWN, at, each, is_false, is_true, known
from ops.rules.rule import Severity, Violation, rule

_CLUSTER_TYPES = ("eks:index:Cluster", "aws:eks/cluster:Cluster")
"""The eks component, and the cluster inside it, which only an engine has."""
_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
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
"""Inputs that keep the eks component from creating more than a control plane."""
_WIDEST = {4: 8, 6: 16}
"""Minimum prefix length of an allowed CIDR block, by IP version."""


def clusters(plan: Plan) -> Iterator[Resource]:
    """The clusters that the stack creates: the component, or the cluster inside it."""
    for type_ in _CLUSTER_TYPES:
        for one in plan.by_type(type_):
            # In an engine the component has outputs only; the cluster inside has the inputs.
            if "version" in one.inputs and not one.external:
                yield one


def input_of(cluster: Resource, component: str, inside: str) -> object:
    """An input of the component, or where the cluster inside it has the same."""
    found = cluster.inputs.get(component)
    return found if found is not None else at(cluster.inputs, inside)


@rule(
    reason="With an open endpoint, one stolen token or one flaw gives the internet access.",
    source=f"{_USERGUIDE}/cluster-endpoint.html",
)
def endpoint_allow_list(plan: Plan) -> Iterator[Violation]:
    """A public endpoint lists its CIDRs; nodes use the private endpoint."""
    for one in clusters(plan):
        public = input_of(one, "endpointPublicAccess", "vpcConfig.endpointPublicAccess")
        if public is None:
            yield Violation(
                one, "public", "leaves the public endpoint at EKS' default, which is open"
            )
        if not is_true(input_of(one, "endpointPrivateAccess", "vpcConfig.endpointPrivateAccess")):
            yield Violation(one, "private", "has no private endpoint: nodes use the public one")
        allowed = input_of(one, "publicAccessCidrs", "vpcConfig.publicAccessCidrs")
        if public in (True, "true") and allowed != UNKNOWN:
            blocks = list(allowed) if isinstance(allowed, list | tuple) else []
            if not blocks:
                yield Violation(one, "0.0.0.0/0", "is open to the whole internet")
            for block in _wide(blocks):
                yield Violation(one, block, f"is open to {block}")


@rule(
    severity=Severity.warning,
    reason="Since Kubernetes 1.28 EKS encrypts all API data with an AWS owned key; CloudTrail "
    "logs the use of a customer managed key, and you can revoke it.",
    source=f"{_USERGUIDE}/envelope-encryption.html",
)
def secrets_own_key(plan: Plan) -> Iterator[Violation]:
    """Kubernetes secrets are encrypted with a KMS key of the stack."""
    for one in clusters(plan):
        if not input_of(one, "encryptionConfigKeyArn", "encryptionConfig.provider.keyArn"):
            yield Violation(one, "secrets", "encrypts Kubernetes secrets with an AWS owned key")


@rule(
    reason="Only the audit log records which identity did what in the cluster.",
    source=f"{_USERGUIDE}/control-plane-logs.html",
)
def control_plane_logs(plan: Plan) -> Iterator[Violation]:
    """Audit and authenticator logs are on, and the stack creates their log group."""
    groups = {str(one.inputs.get("name")): one for one in plan.by_type(_LOG_GROUP)}
    for one in clusters(plan):
        if one.inputs.get("enabledClusterLogTypes") == UNKNOWN:
            continue
        for kind in ("audit", "authenticator"):
            if kind not in each(one.inputs, "enabledClusterLogTypes"):
                yield Violation(one, kind, f"does not enable the {kind} log")
        wanted = f"/aws/eks/{one.inputs.get('name')}/cluster"
        if wanted not in groups:
            yield Violation(one, "log group", f"leaves {wanted} to EKS, which sets no retention")


@rule(
    reason="Without a version a new cluster gets the newest one, and a node group the cluster's "
    "current one; the support type decides whether AWS upgrades or charges at the end of support.",
    source=f"{_USERGUIDE}/kubernetes-versions.html",
)
def kubernetes_version(plan: Plan) -> Iterator[Violation]:
    """Cluster and node groups set their Kubernetes version, the cluster its support type."""
    for one in plan.by_type("eks:index:Cluster"):
        if "name" in one.inputs and not one.inputs.get("version"):
            yield Violation(one, "version", "gets the newest version")
    for one in plan.by_type(GROUP):
        if not one.inputs.get("version"):
            yield Violation(one, "version", "sets no version and gets the cluster's")
    for one in clusters(plan):
        if not at(one.inputs, "upgradePolicy.supportType"):
            yield Violation(one, "support", "sets no support type")


@rule(
    reason="Changes of the aws-auth ConfigMap are not recorded; access entries are AWS resources.",
    source=f"{_USERGUIDE}/access-entries.html",
)
def access_by_entries(plan: Plan) -> Iterator[Violation]:
    """Access is by access entries only, and each grants permissions."""
    for one in clusters(plan):
        mode = input_of(one, "authenticationMode", "accessConfig.authenticationMode")
        if mode not in ("API", UNKNOWN):
            yield Violation(one, "authenticationMode", f"grants access by {mode or 'aws-auth'}")
    entitled = {
        one.inputs.get("principalArn")
        for one in plan.by_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    }
    for one in plan.by_type("aws:eks/accessEntry:AccessEntry"):
        nodes = str(one.inputs.get("type", "")).startswith("EC2")
        may = nodes or each(one.inputs, "kubernetesGroups")
        if not may and one.inputs.get("principalArn") not in entitled:
            yield Violation(one, "rights", "access entry grants no permissions")


@rule(
    reason="Resources that the eks component adds by itself have no pinned version and no "
    "defined order of destroy.",
    source="https://www.pulumi.com/registry/packages/eks/api-docs/cluster/",
)
def cluster_bare(plan: Plan) -> Iterator[Violation]:
    """The eks component creates the control plane only."""
    for one in plan.by_type("eks:index:Cluster"):
        # An engine shows the component without its inputs.
        for key, wanted in _BARE.items() if "name" in one.inputs else ():
            if at(one.inputs, key) is not wanted:
                yield Violation(one, key, f"{key} is not {str(wanted).lower()}")


@rule(
    reason="Without clusterIdentifier a changed kubeconfig counts as another cluster: every object "
    "in it shows as replaced (github.com/pulumi/pulumi-kubernetes/issues/2745).",
    source="https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider/",
)
def provider_identity(plan: Plan) -> Iterator[Violation]:
    """The Kubernetes provider has a cluster identifier."""
    for one in plan.by_type("pulumi:providers:kubernetes"):
        # The eks component creates one for itself, which no resource of the stack uses.
        inside = "eks:index:Cluster" in parent_types(one.urn)
        if not inside and not one.inputs.get("clusterIdentifier"):
            yield Violation(one, "clusterIdentifier", "identifies its cluster by kubeconfig only")


@rule(
    reason="EKS refuses a control plane whose subnets are in one zone.",
    source=f"{_USERGUIDE}/network-reqs.html",
)
def cluster_in_two_zones(plan: Plan) -> Iterator[Violation]:
    """A control plane has subnets in two zones."""
    for one in clusters(plan):
        subnets = input_of(one, "subnetIds", "vpcConfig.subnetIds")
        if isinstance(subnets, list) and UNKNOWN not in subnets and len(set(subnets)) < 2:
            yield Violation(one, "subnets", "has subnets in one zone only")


def _to_groups(item: Mapping[str, Any]) -> bool:
    """Whether an egress rule leads to security groups only."""
    others = any(item.get(key) for key in ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds"))
    return not others and bool(item.get("self") or item.get("securityGroups"))


@rule(
    reason="Scanners find an open port within minutes.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
)
def no_open_ingress(plan: Plan) -> Iterator[Violation]:
    """No security group is open to the internet; a VPC's default group has no rules."""
    for one in plan.by_type("aws:ec2/securityGroup:SecurityGroup"):
        for item in each(one.inputs, "ingress"):
            blocks = [*each(item, "cidrBlocks"), *each(item, "ipv6CidrBlocks")]
            for block in _wide(blocks):
                yield Violation(one, block, f"lets in {block}")
        egress = one.inputs.get("egress") or None
        to_groups = isinstance(egress, list) and all(map(_to_groups, egress))
        if not is_false(egress) and not to_groups:
            yield Violation(one, "egress", "allows egress")
    closed = {
        vpc.urn
        for one in plan.by_type("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
        if not one.inputs.get("ingress") and not one.inputs.get("egress")
        for vpc in inputs_from(one, "vpcId", plan)
    }
    for one in plan.by_type("aws:ec2/vpc:Vpc"):
        if one.urn not in closed:
            yield Violation(one, "default group", "does not close its default security group")


def _wide(blocks: list[str]) -> list[str]:
    """The blocks that are too wide, alone or merged with adjacent ones."""
    given = [ipaddress.ip_network(block) for block in blocks if known(block)]
    v4 = [one for one in given if isinstance(one, ipaddress.IPv4Network)]
    v6 = [one for one in given if isinstance(one, ipaddress.IPv6Network)]
    merged = (*ipaddress.collapse_addresses(v4), *ipaddress.collapse_addresses(v6))
    return [
        str(one) for one in merged if one.prefixlen < _WIDEST[one.version] and not one.is_private
    ]
