"""What EKS enforces: clusters, their node groups, add-ons, access entries and identity provider."""

from collections.abc import Mapping
from typing import Any

from . import aws_references as refs
from . import iam
from .cloud import Cloud, Refused, Thing


def issuer_of(cluster: Thing) -> str:
    """The host of a cluster's identity provider."""
    return cluster.state["identities"][0]["oidcs"][0]["issuer"].removeprefix("https://")


def vpcs_of(cloud: Cloud, network: Mapping[str, Any]) -> set[str]:
    """The VPCs of a cluster's subnets."""
    return {cloud.things[refs.SUBNET, one].text("vpcId") for one in network["subnetIds"]}


def write_log(cloud: Cloud, cluster: Thing) -> None:
    """EKS creates the log group that it writes to, and never deletes it."""
    name = f"/aws/eks/{cluster.id}/cluster"
    if cluster.inputs.get("enabledClusterLogTypes") and not cloud.get(refs.LOGS, name):
        cloud.add(Thing(refs.LOGS, name, "", {"name": name}, {"name": name}))


def cluster_create(cloud: Cloud, thing: Thing) -> None:
    role = iam.role_by_arn(cloud, thing.text("roleArn"))
    assert role is not None  # the reference was checked
    arns = [one.text("policyArn") for one in cloud.all(refs.ATTACHMENT, role=role.id)]
    if "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy" not in arns:
        raise Refused("InvalidParameterException: the cluster's role has no AmazonEKSClusterPolicy")
    if not iam.may_assume_by_service(role, "eks.amazonaws.com"):
        raise Refused("InvalidParameterException: EKS may not assume the cluster's role")
    subnets = [cloud.things[refs.SUBNET, one] for one in thing.inputs["vpcConfig"]["subnetIds"]]
    if len({one.text("availabilityZone") for one in subnets}) < 2:
        raise Refused("InvalidParameterException: subnets in two zones at least")


def cluster_change(cloud: Cloud, thing: Thing) -> None:
    vpcs = vpcs_of(cloud, thing.inputs["vpcConfig"])
    group = cloud.get(refs.GROUP, str(thing.state["vpcConfig"].get("clusterSecurityGroupId")))
    if len(vpcs | ({group.text("vpcId")} if group else set())) > 1:
        raise Refused("InvalidParameterException: a cluster stays in the VPC that it was made in")
    old = cloud.get(refs.CLUSTER, thing.id)
    if old is None:
        return
    if zones_of(cloud, thing) != zones_of(cloud, old):
        raise Refused("InvalidParameterException: subnets must be in the zones of the cluster")
    before, after = (int(one.text("version").partition(".")[2]) for one in (old, thing))
    if not before <= after <= before + 1:
        raise Refused(f"InvalidParameterException: no update from 1.{before} to 1.{after}")


def zones_of(cloud: Cloud, cluster: Thing) -> set[str]:
    """The zones of a cluster's subnets."""
    subnets = cluster.inputs["vpcConfig"]["subnetIds"]
    return {cloud.things[refs.SUBNET, one].text("availabilityZone") for one in subnets}


def properties(cluster: Thing) -> dict[str, Any]:
    """A cluster as Cloud Control has it, as far as it is read."""
    key = (cluster.inputs.get("encryptionConfig") or {}).get("provider", {}).get("keyArn")
    return {
        "Name": cluster.id,
        "Version": cluster.text("version"),
        "ResourcesVpcConfig": {"SubnetIds": cluster.inputs["vpcConfig"]["subnetIds"]},
        **({"EncryptionConfigKeyArn": key} if key else {}),
    }


def cluster_delete(cloud: Cloud, thing: Thing) -> None:
    if thing.inputs.get("deletionProtection"):
        raise Refused(f"InvalidRequestException: {thing.id} has deletion protection")


def group_change(cloud: Cloud, thing: Thing) -> None:
    sizes = thing.inputs["scalingConfig"]
    if not sizes["minSize"] <= sizes["desiredSize"] <= sizes["maxSize"]:
        raise Refused(
            f"InvalidParameterException: Minimum capacity {sizes['minSize']} can't be greater than "
            f"desired size {sizes['desiredSize']}, nor that than the maximum {sizes['maxSize']}"
        )


def group_create(cloud: Cloud, thing: Thing) -> None:
    role = iam.role_by_arn(cloud, thing.text("nodeRoleArn"))
    assert role is not None  # the reference was checked
    trouble = join_trouble(cloud, thing.text("clusterName"), role, thing.inputs["subnetIds"])
    # EKS gives the role of a managed group its access entry itself.
    if trouble:
        raise Refused(f"NodeCreationFailure: instances failed to join: {trouble}")


def join_trouble(cloud: Cloud, cluster: str, role: Thing, subnets: list[str]) -> str:
    """Why an instance with this role never becomes a Ready node; empty if it does."""
    if not iam.may_assume_by_service(role, "ec2.amazonaws.com"):
        return f"EC2 may not assume {role.id}"
    for action in ("ec2:DescribeInstances", "ecr:BatchGetImage", "ecr:GetAuthorizationToken"):
        if not iam.may(cloud, role.id, action, "*"):
            return f"{role.id} may not {action}"
    for subnet in subnets:
        if not refs.reaches_internet(cloud, subnet):
            return f"{subnet} has no way to the registries"
    return networking_trouble(cloud, cluster, role)


def networking_trouble(cloud: Cloud, cluster: str, node_role: Thing) -> str:
    """Why pods of a node get no address; empty if they do."""
    owner = cloud.get(refs.CLUSTER, cluster)
    if owner is None:
        return f"there is no cluster {cluster}"
    if owner.inputs.get("bootstrapSelfManagedAddons") is not False:
        return ""
    addons = {one.text("addonName"): one for one in cloud.all(refs.ADDON, clusterName=cluster)}
    for name in ("vpc-cni", "kube-proxy"):
        if name not in addons:
            return f"the add-on {name} is not there"
    own = iam.role_by_arn(cloud, addons["vpc-cni"].text("serviceAccountRoleArn"))
    subject = "system:serviceaccount:kube-system:aws-node"
    if own and not iam.may_assume_by_account(cloud, own, issuer_of(owner), subject):
        return f"aws-node may not assume {own.id}"
    role = own or node_role
    if not iam.may(cloud, role.id, "ec2:AssignPrivateIpAddresses", "*"):
        return f"{role.id} may not ec2:AssignPrivateIpAddresses"
    return ""


def addon_create(cloud: Cloud, thing: Thing) -> None:
    # Deployments among the add-ons stay DEGRADED without a node, and the provider waits for them.
    on_every_node = ("vpc-cni", "kube-proxy", "aws-mountpoint-s3-csi-driver")
    name = thing.text("addonName")
    if name not in on_every_node and not has_nodes(cloud, thing.text("clusterName")):
        raise Refused(f"timeout while waiting for ACTIVE: {name} is DEGRADED")


def has_nodes(cloud: Cloud, cluster: str) -> bool:
    """Whether a managed group gives the cluster nodes, or it has been there with some."""
    owner = cloud.get(refs.CLUSTER, cluster)
    seeded = owner is not None and bool(owner.state.get("hasNodes"))
    return seeded or cloud.first(refs.NODE_GROUP, clusterName=cluster) is not None


def provider_create(cloud: Cloud, thing: Thing) -> None:
    if thing.text("url") not in map(issuer_of, cloud.all(refs.CLUSTER)):
        raise Refused(f"InvalidInput: nothing answers at {thing.text('url')}")


def entry_create(cloud: Cloud, thing: Thing) -> None:
    if not thing.text("principalArn").startswith(f"arn:aws:iam::{cloud.account}:"):
        raise Refused("InvalidParameterException: the principal is of another account")
