"""What AWS enforces beyond a resource's own schema, type by type."""

import ipaddress
import json
from collections.abc import Mapping

from . import aws_references as refs
from . import eks_rules, iam
from .cloud import Cloud, Refused, Rule, Thing, aws_type

NOT_FOUND = {
    refs.VPC: "InvalidVpcID.NotFound",
    refs.SUBNET: "InvalidSubnetID.NotFound",
    refs.TABLE: "InvalidRouteTableID.NotFound",
    refs.GROUP: "InvalidGroup.NotFound",
    refs.ROLE: "NoSuchEntity",
    refs.BUCKET: "NoSuchBucket",
    refs.CLUSTER: "ResourceNotFoundException",
}
_UNIQUE = {
    # Keys by which a resource is unique, and AWS' error code for a duplicate.
    refs.LOGS: ("ResourceAlreadyExistsException", ["name"]),
    refs.RULE: ("ResourceAlreadyExistsException", ["name"]),
    refs.TEMPLATE: ("AlreadyExistsException", ["name"]),
    refs.ROUTE: ("RouteAlreadyExists", ["routeTableId", "destinationCidrBlock"]),
    refs.ASSOCIATION: ("Resource.AlreadyAssociated", ["subnetId"]),
    refs.GROUP: ("InvalidGroup.Duplicate", ["vpcId", "name"]),
    refs.ROLE: ("EntityAlreadyExists", ["name"]),
    refs.POLICY: ("EntityAlreadyExists", ["name"]),
    refs.OIDC: ("EntityAlreadyExists", ["url"]),
    refs.BUCKET: ("BucketAlreadyOwnedByYou", ["bucket"]),
    refs.CLUSTER: ("ResourceInUseException", ["name"]),
    refs.QUEUE: ("QueueAlreadyExists", ["name"]),
}
_POLICY_LIMITS = {
    refs.POLICY: 6144,
    refs.INLINE: 10240,
    aws_type("s3.BucketPolicy"): 262144,
    aws_type("sqs.QueuePolicy"): 262144,
}
"""Characters that the document of a policy may have."""


def create(cloud: Cloud, thing: Thing) -> None:
    """Puts a resource in the account, with those that AWS creates with it. Raises Refused where
    AWS would not create it."""
    _check(cloud, thing)
    code, keys = _UNIQUE.get(thing.type, ("AlreadyExists", []))
    same = {key: thing.text(key) for key in keys}
    if cloud.get(thing.type, thing.id) or (keys and cloud.first(thing.type, **same)):
        raise Refused(f"{code}: {', '.join(same.values()) or thing.id} exists already")
    cloud.apply(_CREATE, thing)
    cloud.add(thing)
    if thing.type == refs.CLUSTER:
        network = thing.state["vpcConfig"]
        (vpc,) = eks_rules.vpcs_of(cloud, network)
        state = {"vpcId": vpc, "cluster": thing.id}
        cloud.add(Thing(refs.GROUP, network["clusterSecurityGroupId"], "", state, state))
        eks_rules.write_log(cloud, thing)


def update(cloud: Cloud, thing: Thing) -> None:
    """Changes a resource in place. Raises Refused where AWS would not."""
    _check(cloud, thing)
    cloud.add(thing)


def delete(cloud: Cloud, thing: Thing) -> None:
    """Takes a resource out, with those that AWS deletes with it; AWS makes some anew. Raises
    Refused where AWS would not delete it."""
    users = [f"{user.type.rsplit(':', 1)[-1]} {user.id}" for user in refs.users(cloud, thing)]
    if users:
        code = "DeleteConflict" if ":iam/" in thing.type else "DependencyViolation"
        raise Refused(f"{code}: {thing.id} is in use by {', '.join(sorted(users))}")
    cloud.apply(_DELETE, thing)
    cloud.remove(thing)
    if thing.type == refs.CLUSTER:
        group = cloud.get(refs.GROUP, thing.state["vpcConfig"]["clusterSecurityGroupId"])
        if group is not None and not list(refs.users(cloud, group)):
            cloud.remove(group)
    if thing.type == refs.LOGS:
        for cluster in cloud.all(refs.CLUSTER):
            if thing.id == f"/aws/eks/{cluster.id}/cluster":
                eks_rules.write_log(cloud, cluster)


def _check(cloud: Cloud, thing: Thing) -> None:
    """Raises Refused if a reference is dangling or a document is malformed."""
    for reference, value in refs.missing(cloud, thing.type, thing.inputs):
        code = NOT_FOUND.get(reference.target, "NotFound")
        raise Refused(f"{code}: {reference.path} {value!r} does not exist")
    if thing.type in _POLICY_LIMITS:
        _document(thing.text("policy"), _POLICY_LIMITS[thing.type])
    cloud.apply(_CHANGE, thing)


def _subnet_create(cloud: Cloud, thing: Thing) -> None:
    block = ipaddress.ip_network(thing.text("cidrBlock"))
    vpc = cloud.things[refs.VPC, thing.text("vpcId")]
    if not block.subnet_of(ipaddress.ip_network(vpc.text("cidrBlock"))):
        raise Refused(f"InvalidSubnet.Range: {block} is not in the VPC's block")
    for other in cloud.all(refs.SUBNET, vpcId=vpc.id):
        if block.overlaps(ipaddress.ip_network(other.text("cidrBlock"))):
            raise Refused(f"InvalidSubnet.Conflict: {block} overlaps with {other.id}")
    if not thing.text("availabilityZone").startswith(cloud.region):
        raise Refused(f"InvalidParameterValue: no zone {thing.text('availabilityZone')}")


def _nat_create(cloud: Cloud, thing: Thing) -> None:
    if not refs.is_public(cloud, thing.text("subnetId")):
        raise Refused("Gateway.NotAttached: the subnet has no way to an internet gateway")


def _gateway_delete(cloud: Cloud, thing: Thing) -> None:
    for nat in cloud.all(refs.NAT):
        subnet = cloud.get(refs.SUBNET, nat.text("subnetId"))
        if subnet and subnet.text("vpcId") == thing.text("vpcId"):
            raise Refused(f"DependencyViolation: the VPC has a mapped public address ({nat.id})")


def _route_change(cloud: Cloud, thing: Thing) -> None:
    targets = [key for key in ("gatewayId", "natGatewayId") if thing.inputs.get(key)]
    if len(targets) != 1:
        raise Refused("MissingParameter: a route has exactly one target")


def _role_change(cloud: Cloud, thing: Thing) -> None:
    for statement in _document(thing.text("assumeRolePolicy"), limit=2048):
        if "Principal" not in statement:
            raise Refused("MalformedPolicyDocument: a trust names its principals")


def _document(text: str, limit: int) -> list[Mapping[str, object]]:
    try:
        document = json.loads(text)
        statements = document["Statement"]
    except (ValueError, KeyError, TypeError):
        raise Refused(f"MalformedPolicyDocument: {text[:80]}") from None
    size = len("".join(text.split()))
    if size > limit:
        raise Refused(f"LimitExceeded: a policy of {size} characters, {limit} are allowed")
    sids = [one["Sid"] for one in statements if "Sid" in one]
    if len(set(sids)) != len(sids):
        raise Refused(f"MalformedPolicyDocument: a Sid twice in {sids}")
    return statements


def _attachment_create(cloud: Cloud, thing: Thing) -> None:
    arn = thing.text("policyArn")
    if iam.managed_policy(arn) is None and cloud.first(refs.POLICY, arn=arn) is None:
        raise Refused(f"NoSuchEntity: there is no policy {arn}")


def _policy_delete(cloud: Cloud, thing: Thing) -> None:
    for attachment in cloud.all(refs.ATTACHMENT, policyArn=thing.text("arn")):
        raise Refused(f"DeleteConflict: {thing.id} is attached to {attachment.text('role')}")


def _key_change(cloud: Cloud, thing: Thing) -> None:
    root = f"arn:aws:iam::{cloud.account}:root"
    document = thing.text("policy")
    if document and not iam.document_allows(document, "kms:PutKeyPolicy", "*", root):
        raise Refused("MalformedPolicyDocumentException: the policy could not be changed later")


def _bucket_delete(cloud: Cloud, thing: Thing) -> None:
    objects = list(cloud.all(refs.OBJECT, bucket=thing.id))
    if objects and not thing.inputs.get("forceDestroy"):
        raise Refused(f"BucketNotEmpty: {thing.id} holds {objects[0].text('key')}")
    for one in objects:
        cloud.remove(one)


_CHANGE: Mapping[str, Rule] = {
    refs.ROUTE: _route_change,
    refs.ROLE: _role_change,
    refs.CLUSTER: eks_rules.cluster_change,
    refs.NODE_GROUP: eks_rules.group_change,
    refs.KEY: _key_change,
}
_CREATE: Mapping[str, Rule] = {
    refs.SUBNET: _subnet_create,
    refs.NAT: _nat_create,
    refs.ATTACHMENT: _attachment_create,
    refs.OIDC: eks_rules.provider_create,
    refs.CLUSTER: eks_rules.cluster_create,
    refs.NODE_GROUP: eks_rules.group_create,
    refs.ADDON: eks_rules.addon_create,
    refs.ENTRY: eks_rules.entry_create,
}
_DELETE: Mapping[str, Rule] = {
    refs.GATEWAY: _gateway_delete,
    refs.POLICY: _policy_delete,
    refs.CLUSTER: eks_rules.cluster_delete,
    refs.BUCKET: _bucket_delete,
}
