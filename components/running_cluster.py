"""What EKS never changes on a cluster that runs: compared with it before anything is registered."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws

from components.base import Problems
from components.cloud import Cloud
from components.cluster import ClusterSettings
from components.network import NetworkSettings

_UPDATES = "docs.aws.amazon.com/eks/latest/userguide"


class RunningCluster(NamedTuple):
    """The cluster of a stack as it runs now."""

    version: str
    secrets_key: str
    """ARN of the KMS key of its secrets; empty for AWS's own."""
    zones: tuple[str, ...]
    """Letters of the zones that it was created in."""
    vpc_id: str
    cidr: str


def is_there(name: str, cloud: Cloud) -> bool | None:
    """Whether the stack's account and region have a cluster of this name.

    None, with a warning, if AWS does not answer: EKS then refuses what this would have refused.
    """
    options = pulumi.InvokeOptions(provider=cloud.provider)
    try:
        return name in aws.eks.get_clusters(opts=options).names
    except Exception as error:
        _warn(name, error)
        return None


def read_running_cluster(name: str, cloud: Cloud) -> RunningCluster | None:
    """The cluster of this name, which exists; None, with a warning, if it cannot be read."""
    options = pulumi.InvokeOptions(provider=cloud.provider)
    try:
        # Of all ways to read a cluster, the only one that shows the key of its secrets.
        found = aws.cloudcontrol.get_resource(
            type_name="AWS::EKS::Cluster", identifier=name, opts=options
        )
        cluster: Mapping[str, Any] = json.loads(found.properties)
        subnets = [
            aws.ec2.get_subnet(id=subnet, opts=options)
            for subnet in cluster["ResourcesVpcConfig"]["SubnetIds"]
        ]
        vpc = aws.ec2.get_vpc(id=subnets[0].vpc_id, opts=options)
    except Exception as error:
        _warn(name, error)
        return None
    return RunningCluster(
        version=cluster["Version"],
        secrets_key=cluster.get("EncryptionConfigKeyArn") or "",
        zones=tuple(sorted({subnet.availability_zone[-1] for subnet in subnets})),
        vpc_id=subnets[0].vpc_id,
        cidr=vpc.cidr_block,
    )


def _warn(name: str, error: Exception) -> None:
    pulumi.log.warn(
        f"the cluster {name} cannot be read: whether EKS allows the changes of cluster and "
        f"network was not checked ({error})"
    )


def check_changes(
    running: RunningCluster, cluster: ClusterSettings, network: NetworkSettings
) -> Problems:
    """Changes that EKS refuses, or that would replace a running cluster with all that is in it."""
    yield from _check_version(running.version, cluster.version)
    if running.secrets_key and not cluster.encrypt_secrets:
        yield (
            "cluster.encryptSecrets",
            f"false: the secrets of {cluster.name} are encrypted with {running.secrets_key}, which "
            f"EKS never undoes; set it to true ({_UPDATES}/enable-kms.html)",
        )
    existing = network.existing
    if existing and existing.vpc_id != running.vpc_id:
        yield (
            "network.existing.vpcId",
            f"'{existing.vpc_id}': {cluster.name} runs in {running.vpc_id} and stays there",
        )
    elif existing is None and network.cidr != running.cidr:
        yield (
            "network.cidr",
            f"'{network.cidr}': {cluster.name} runs in a VPC of {running.cidr} and stays there; "
            "another block needs a new stack",
        )
    else:
        zones = cluster.zones_in(network.zone_letters)
        if tuple(zones) != running.zones:
            fixed = ", ".join(running.zones)
            yield (
                "cluster.zones",
                f"[{', '.join(zones)}]: the control plane of {cluster.name} was created in "
                f"[{fixed}], and EKS gives a cluster no other zones; set cluster.zones: [{fixed}] "
                f"and keep them in the network ({_UPDATES}/network-reqs.html)",
            )


def _check_version(runs: str, wanted: str) -> Problems:
    before, after = (tuple(map(int, one.split("."))) for one in (runs, wanted))
    source = f"{_UPDATES}/update-cluster.html"
    if after < before:
        yield (
            "cluster.version",
            f"'{wanted}': the cluster runs {runs}, and EKS does not go back to an older version "
            f"({source})",
        )
    elif after > (before[0], before[1] + 1):
        yield (
            "cluster.version",
            f"'{wanted}': the cluster runs {runs}, and EKS upgrades one minor version at a time; "
            f"set {before[0]}.{before[1] + 1} first ({source})",
        )
