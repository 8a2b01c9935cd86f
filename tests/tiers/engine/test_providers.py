"""The stand-ins reject what the real providers reject, for the same reasons."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ops.plan.paths import leaves
from ops.plan.protobuf import UNKNOWN
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, DRILL, NODE, REPLICA, STACKS, plan_of
from tests.tiers.engine.providers import aws_references as refs
from tests.tiers.engine.providers import iam
from tests.tiers.engine.providers.aws import Aws, schema_path
from tests.tiers.engine.providers.aws_types import ROWS
from tests.tiers.engine.providers.cloud import Cloud, Refused, Thing
from tests.tiers.engine.providers.kubernetes import Kubernetes
from tests.tiers.engine.seeds import account

VARIANTS = (
    *((stack,) for stack in STACKS),
    ("dev", *NODE),
    ("dev", *DAEMONSET),
    ("dev", *CLUSTER_AUTOSCALER),
    ("dev", *DRILL),
    ("dev", *REPLICA),
    ("dev", "jarBucket.accessLogBucket=access-logs", "network.interfaceEndpoints=[sts]"),
)
URN = "urn:pulumi:dev::spark-on-eks::aws:ec2/vpc:Vpc::thing"


def test_every_type_and_input_of_every_stack_has_a_schema_that_judges_it():
    used = {
        # Indexes are left out.
        (one.type, schema_path(path))
        for stack, *overrides in VARIANTS
        for one in plan_of(stack, *overrides).resources
        if one.type.startswith("aws:")
        for path, _ in leaves(one.inputs)
        if path[0] != "tags"
    }
    assert [one for one in sorted(used) if not _is_judged(*one)] == []


def _is_judged(token: str, path: str) -> bool:
    row = ROWS.get(token)
    return row is not None and (
        row.cfn_path(path) is None or not row.cfn or row.node(path) is not None
    )


def check(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """What the aws stand-in says of inputs."""
    return Aws(account()).check(token, URN, {}, dict(inputs), b"seed-seed")[1]


SUBNET = {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"}
SIZES = {"minSize": 1, "maxSize": 0, "desiredSize": 1}
GROUP = {
    "clusterName": "c",
    "nodeRoleArn": "arn:aws:iam::111122223333:role/r",
    "subnetIds": ["subnet-1"],
    "scalingConfig": {**SIZES, "maxSize": 2},
}


@pytest.mark.parametrize(
    ("token", "inputs", "said"),
    [
        (refs.SUBNET, SUBNET | {"cidr": "x"}, "cidr: unknown key"),
        (refs.SUBNET, {"cidrBlock": "10.0.0.0/24"}, "vpcId: is required"),
        (refs.SUBNET, SUBNET | {"mapPublicIpOnLaunch": "no"}, "mapPublicIpOnLaunch: is 'no', and"),
        (refs.NODE_GROUP, GROUP | {"capacityType": "ONDEMAND"}, "capacityType: 'ONDEMAND' is not"),
        (refs.NODE_GROUP, GROUP | {"scalingConfig": SIZES}, "scalingConfig.maxSize: 0 is less"),
        (refs.OBJECT, {"bucket": "b", "key": ""}, "key: '' should be non-empty"),
        (refs.VPC, {"tags": {"aws:x": "y"}}, 'tags["aws:x"]: not a tag that AWS takes'),
        ("aws:ec2/keyPair:KeyPair", {}, ": aws:ec2/keyPair:KeyPair has no row"),
    ],
)
def test_check_names_the_wrong_input(token, inputs, said):
    assert any(line.startswith(said) for line in check(token, inputs)), check(token, inputs)


def test_check_passes_what_a_preview_does_not_know():
    assert check(refs.SUBNET, {"vpcId": UNKNOWN, "cidrBlock": UNKNOWN}) == []


def test_an_autonamed_resource_keeps_its_name_and_is_replaced_create_first():
    aws, token = Aws(account()), refs.ROLE
    trust = '{"Version": "2012-10-17", "Statement": []}'
    first, _ = aws.check(token, URN, {}, {"assumeRolePolicy": trust}, b"1234567")
    again, _ = aws.check(token, URN, first, {"assumeRolePolicy": trust, "path": "/x/"}, b"7654321")
    assert again["name"] == first["name"]
    changes = aws.diff(token, first, again)
    assert (changes.replaces, changes.delete_before_replace) == (["path"], False)


def test_a_resource_named_by_hand_is_deleted_before_it_is_replaced():
    queue = {"name": "q", "fifoQueue": False}
    changes = Aws(account()).diff(refs.QUEUE, queue, {**queue, "fifoQueue": True})
    assert (changes.replaces, changes.delete_before_replace) == (["fifoQueue"], True)


META = {"kind": "Thing", "metadata": {"name": "x", "namespace": "y"}}


def kubernetes(kind: str, old: dict[str, Any], new: dict[str, Any]) -> Any:
    """The kubernetes stand-in's diff of two objects of one name."""
    return Kubernetes(Cloud()).diff(f"kubernetes:x/v1:{kind}", {**META, **old}, {**META, **new})


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("PersistentVolume", {"spec": {"csi": {"a": 1}}}, {"spec": {"csi": {"a": 2}}}),
        ("PersistentVolumeClaim", {"spec": {"volumeName": "a"}}, {"spec": {"volumeName": "b"}}),
        ("RoleBinding", {"roleRef": {"name": "a"}}, {"roleRef": {"name": "b"}}),
    ],
)
def test_immutable_fields_of_a_named_object_replace_it_after_its_deletion(kind, old, new):
    changes = kubernetes(kind, old, new)
    assert changes.replaces
    assert changes.delete_before_replace


def requesting(storage: str) -> dict[str, Any]:
    return {"spec": {"resources": {"requests": {"storage": storage}}}}


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("PriorityClass", {"value": 1}, {"value": 2}),
        ("PersistentVolumeClaim", requesting("1Gi"), requesting("2Gi")),
    ],
)
def test_what_the_api_server_never_changes_fails_the_preview(kind, old, new):
    assert not kubernetes(kind, old, new).replaces
    with pytest.raises(Refused, match="may not be changed"):
        Kubernetes(Cloud()).dry_run(f"kubernetes:x/v1:{kind}", {**META, **old}, {**META, **new})


def role_with(**statement: Any) -> Cloud:
    """A cloud with the role `r` that has one inline statement."""
    cloud = Cloud()
    document = json.dumps({"Statement": [{"Effect": "Allow", **statement}]})
    inline = {"role": "r", "policy": document}
    cloud.add(Thing(refs.INLINE, "r:p", "", inline, inline))
    return cloud


def test_rights_end_at_their_action_resource_and_conditions():
    cloud = role_with(
        Action="s3:Get*",
        Resource="arn:aws:s3:::b/*",
        Condition={"StringLike": {"s3:prefix": ["x/*"]}},
    )
    inside = {"s3:prefix": "x/1"}
    assert iam.may(cloud, "r", "s3:GetObject", "arn:aws:s3:::b/k", inside)
    assert not iam.may(cloud, "r", "s3:PutObject", "arn:aws:s3:::b/k", inside)
    assert not iam.may(cloud, "r", "s3:GetObject", "arn:aws:s3:::c/k", inside)
    assert not iam.may(cloud, "r", "s3:GetObject", "arn:aws:s3:::b/k", {"s3:prefix": "y"})
    assert not iam.may(cloud, "r", "s3:GetObject", "arn:aws:s3:::b/k")


def test_a_condition_of_an_unknown_operator_does_not_pass():
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    cloud = role_with(Action="*", Resource="*", Condition=condition)
    with pytest.raises(KeyError):
        iam.may(cloud, "r", "s3:GetObject", "x", {"aws:SourceIp": "10.0.0.1"})


def test_a_resource_in_use_cannot_be_deleted():
    cloud = account()
    with pytest.raises(Refused, match=r"DependencyViolation.*in use by Cluster analytics"):
        Aws(cloud).delete(cloud.things[refs.SUBNET, "subnet-0a1b2c3d4e5f60711"])


def test_a_resource_with_missing_dependencies_cannot_be_created():
    with pytest.raises(Refused, match=r"InvalidVpcID\.NotFound"):
        Aws(account()).create(refs.SUBNET, URN, {"vpcId": "vpc-9", "cidrBlock": "x"})


def test_another_account_than_the_stack_s_is_refused():
    with pytest.raises(Refused, match="not allowed"):
        Aws(account()).configure({"region": "us-west-2", "allowedAccountIds": '["999988887777"]'})
