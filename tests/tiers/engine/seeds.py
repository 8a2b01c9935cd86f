"""Resources of the account before a stack: the admins of prod, the cluster of existing, a bucket
for access logs."""

import json
from typing import Any

from .providers import aws_outputs
from .providers import aws_references as refs
from .providers.cloud import SEEDED, Cloud, Thing


def account(region: str = "us-west-2") -> Cloud:
    """A fresh account with the existing resources that the stacks of this project need."""
    cloud = Cloud(region=region)
    _role(cloud, "platform-admin", {"AWS": "arn:aws:iam::111122223333:root"})
    for role in ("analytics-spark-nodes", "other-nodes"):
        _role(cloud, role, {"Service": "ec2.amazonaws.com"})
    _seed(cloud, refs.BUCKET, {"bucket": "access-logs"})
    vpc, group = "vpc-0a1b2c3d4e5f60718", "sg-0a1b2c3d4e5f60713"
    _seed(cloud, refs.VPC, {"cidrBlock": "10.1.0.0/16"}, vpc)
    subnets = {
        "subnet-0a1b2c3d4e5f60711": (f"{region}a", "10.1.0.0/18"),
        "subnet-0a1b2c3d4e5f60712": (f"{region}b", "10.1.64.0/18"),
    }
    for id_, (zone, block) in subnets.items():
        inputs = {"vpcId": vpc, "availabilityZone": zone, "cidrBlock": block}
        _seed(cloud, refs.SUBNET, inputs, id_)
    network = {"subnetIds": list(subnets), "clusterSecurityGroupId": group}
    inputs = {"name": "analytics", "version": "1.35", "vpcConfig": network, "hasNodes": True}
    cluster = _seed(cloud, refs.CLUSTER, inputs)
    _seed(cloud, refs.OIDC, {"url": cluster.state["identities"][0]["oidcs"][0]["issuer"]})
    return cloud


def _role(cloud: Cloud, name: str, principal: dict[str, str]) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    _seed(cloud, refs.ROLE, {"name": name, "assumeRolePolicy": trust})


def _seed(cloud: Cloud, type_: str, inputs: dict[str, Any], id_: str = "") -> Thing:
    made, state = aws_outputs.make(cloud, type_, inputs, {})
    return cloud.add(Thing(type_, id_ or made, SEEDED, state, state))


def published_jar(cloud: Cloud) -> Thing:
    """A release that a team published to the bucket of dev."""
    bucket = f"spark-dev-jars-{cloud.account}-{cloud.region}"
    key = "spark/jars/2026-11/etl.jar"
    state = {"bucket": bucket, "key": key}
    return Thing(refs.OBJECT, f"{bucket}/{key}", "", state, state)
