"""What EKS enforces: clusters, their node groups, add-ons, access entries and identity provider."""

from . import aws_references as refs
from . import iam
from .cloud import Cloud, Refused, Thing
from .routes import reaches_internet

LOGS = "aws:cloudwatch/logGroup:LogGroup"
ADDON = "aws:eks/addon:Addon"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"


def write_log(cloud: Cloud, cluster: Thing) -> None:
    """EKS creates the log group that it writes to, and never deletes it."""
    name = f"/aws/eks/{cluster.id}/cluster"
    if cluster.inputs.get("enabledClusterLogTypes") and not cloud.get(LOGS, name):
        cloud.add(Thing(LOGS, name, "", {"name": name}, {"name": name}))


def cluster_create(cloud: Cloud, thing: Thing) -> None:
    role = iam.role_by_arn(cloud, thing.text("roleArn"))
    arns = (
        [one.text("policyArn") for one in cloud.all(iam.ATTACHMENT, role=role.id)] if role else []
    )
    if "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy" not in arns:
        raise Refused("InvalidParameterException: the cluster's role has no AmazonEKSClusterPolicy")
    assert role is not None
    if not iam.may_assume_by_service(role, "eks.amazonaws.com"):
        raise Refused("InvalidParameterException: EKS may not assume the cluster's role")
    subnets = [cloud.things[refs.SUBNET, one] for one in thing.inputs["vpcConfig"]["subnetIds"]]
    if len({one.text("availabilityZone") for one in subnets}) < 2:
        raise Refused("InvalidParameterException: subnets in two zones at least")


def cluster_change(cloud: Cloud, thing: Thing) -> None:
    ids = thing.inputs["vpcConfig"]["subnetIds"]
    vpcs = {cloud.things[refs.SUBNET, one].text("vpcId") for one in ids}
    group = cloud.get(refs.GROUP, str(thing.state["vpcConfig"].get("clusterSecurityGroupId")))
    if group is not None:
        vpcs.add(group.text("vpcId"))
    if len(vpcs) > 1:
        raise Refused("InvalidParameterException: a cluster stays in the VPC that it was made in")


def cluster_delete(cloud: Cloud, thing: Thing) -> None:
    if thing.inputs.get("deletionProtection"):
        raise Refused(f"InvalidRequestException: {thing.id} has deletion protection")


def group_create(cloud: Cloud, thing: Thing) -> None:
    role = iam.role_by_arn(cloud, thing.text("nodeRoleArn"))
    assert role is not None
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
        if not reaches_internet(cloud, subnet):
            return f"{subnet} has no way to the registries"
    return networking_trouble(cloud, cluster, role)


def networking_trouble(cloud: Cloud, cluster: str, node_role: Thing) -> str:
    """Why pods of a node get no address; empty if they do."""
    owner = cloud.get(refs.CLUSTER, cluster)
    if owner is None:
        return f"there is no cluster {cluster}"
    if owner.inputs.get("bootstrapSelfManagedAddons") is not False:
        return ""
    addons = {one.text("addonName"): one for one in cloud.all(ADDON, clusterName=cluster)}
    for name in ("vpc-cni", "kube-proxy"):
        if name not in addons:
            return f"the add-on {name} is not there"
    own = iam.role_by_arn(cloud, addons["vpc-cni"].text("serviceAccountRoleArn"))
    role = own or node_role
    issuer = owner.state["identities"][0]["oidcs"][0]["issuer"].removeprefix("https://")
    if own and not iam.may_assume_by_account(
        cloud, own, issuer, "system:serviceaccount:kube-system:aws-node"
    ):
        return f"aws-node may not assume {own.id}"
    if not iam.may(cloud, role.id, "ec2:AssignPrivateIpAddresses", "*"):
        return f"{role.id} may not ec2:AssignPrivateIpAddresses"
    return ""


def addon_create(cloud: Cloud, thing: Thing) -> None:
    # Deployments among the add-ons stay DEGRADED without a node, and the provider waits for them.
    on_every_node = ("vpc-cni", "kube-proxy", "aws-mountpoint-s3-csi-driver")
    cluster = thing.text("clusterName")
    if thing.text("addonName") not in on_every_node and not has_nodes(cloud, cluster):
        raise Refused(f"timeout while waiting for ACTIVE: {thing.text('addonName')} is DEGRADED")


def has_nodes(cloud: Cloud, cluster: str) -> bool:
    """Whether a managed group gives the cluster nodes, or it has been there with some."""
    owner = cloud.get(refs.CLUSTER, cluster)
    seeded = owner is not None and bool(owner.state.get("hasNodes"))
    return seeded or cloud.first(NODE_GROUP, clusterName=cluster) is not None


def provider_create(cloud: Cloud, thing: Thing) -> None:
    urls = [
        one.state["identities"][0]["oidcs"][0]["issuer"].removeprefix("https://")
        for one in cloud.all(refs.CLUSTER)
    ]
    if thing.text("url") not in urls:
        raise Refused(f"InvalidInput: nothing answers at {thing.text('url')}")


def entry_create(cloud: Cloud, thing: Thing) -> None:
    if not thing.text("principalArn").startswith(f"arn:aws:iam::{cloud.account}:"):
        raise Refused("InvalidParameterException: the principal is of another account")
