"""Ids and computed outputs of AWS resources, shaped as AWS shapes them."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from . import sdk, wire
from .cloud import Cloud

Inputs = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]


def _ec2(prefix: str, kind: str = "") -> Callable[[Cloud, Inputs], Made]:
    def make(cloud: Cloud, inputs: Inputs) -> Made:
        id_ = cloud.fresh_id(f"{prefix}-")
        return id_, {"arn": cloud.arn("ec2", f"{kind}/{id_}")} if kind else {}

    return make


def _vpc(cloud: Cloud, inputs: Inputs) -> Made:
    id_ = cloud.fresh_id("vpc-")
    return id_, {
        "arn": cloud.arn("ec2", f"vpc/{id_}"),
        "defaultNetworkAclId": cloud.fresh_id("acl-"),
        "defaultRouteTableId": (table := cloud.fresh_id("rtb-")),
        "defaultSecurityGroupId": cloud.fresh_id("sg-"),
        "dhcpOptionsId": cloud.fresh_id("dopt-"),
        "instanceTenancy": "default",
        "mainRouteTableId": table,
        "ownerId": cloud.account,
    }


def _eip(cloud: Cloud, inputs: Inputs) -> Made:
    id_ = cloud.fresh_id("eipalloc-")
    # 203.0.113.0/24 is for documentation (RFC 5737).
    last = int(hashlib.sha256(id_.encode()).hexdigest(), 16) % 254 + 1
    return id_, {
        "allocationId": id_,
        "arn": cloud.arn("ec2", f"elastic-ip/{id_}"),
        "publicIp": f"203.0.113.{last}",
    }


def _launch_template(cloud: Cloud, inputs: Inputs) -> Made:
    id_ = cloud.fresh_id("lt-")
    arn = cloud.arn("ec2", f"launch-template/{id_}")
    return id_, {"arn": arn, "latestVersion": 1, "defaultVersion": 1}


def _endpoint(cloud: Cloud, inputs: Inputs) -> Made:
    id_ = cloud.fresh_id("vpce-")
    made: dict[str, Any] = {"arn": cloud.arn("ec2", f"vpc-endpoint/{id_}"), "state": "available"}
    if inputs.get("vpcEndpointType") == "Gateway":
        made["prefixListId"] = cloud.fresh_id("pl-")
    else:
        made["networkInterfaceIds"] = [
            cloud.fresh_id("eni-") for _ in inputs.get("subnetIds") or []
        ]
    return id_, made


def _iam(kind: str) -> Callable[[Cloud, Inputs], Made]:
    def make(cloud: Cloud, inputs: Inputs) -> Made:
        name = str(inputs["name"])
        arn = cloud.arn("iam", f"{kind}{inputs.get('path') or '/'}{name}", region=False)
        unique = cloud.fresh_id("AROA" if kind == "role" else "ANPA").upper()
        if kind == "policy":
            return arn, {"arn": arn, "policyId": unique, "attachmentCount": 0}
        return name, {"arn": arn, "uniqueId": unique, "createDate": "2026-01-01T00:00:00Z"}

    return make


def _oidc(cloud: Cloud, inputs: Inputs) -> Made:
    host = str(inputs["url"]).removeprefix("https://")
    arn = cloud.arn("iam", f"oidc-provider/{host}", region=False)
    # IAM keeps and returns the address without its scheme.
    return arn, {"arn": arn, "url": host, "thumbprintLists": []}


def _cluster(cloud: Cloud, inputs: Inputs) -> Made:
    name = str(inputs["name"])
    host = f"oidc.eks.{cloud.region}.amazonaws.com/id/{cloud.fresh_id(digits=32).upper()}"
    network = dict(inputs.get("vpcConfig") or {})
    return name, {
        "arn": cloud.arn("eks", f"cluster/{name}"),
        "clusterId": "",
        "endpoint": f"https://{cloud.fresh_id(digits=32).upper()}.gr7.{cloud.region}.eks.amazonaws.com",
        "certificateAuthority": {"data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"},
        "identities": [{"oidcs": [{"issuer": f"https://{host}"}]}],
        "platformVersion": "eks.1",
        "status": "ACTIVE",
        "createdAt": "2026-01-01T00:00:00Z",
        "vpcConfig": {**network, "clusterSecurityGroupId": cloud.fresh_id("sg-")},
    }


def _of_cluster(kind: str, key: str) -> Callable[[Cloud, Inputs], Made]:
    def make(cloud: Cloud, inputs: Inputs) -> Made:
        cluster, name = str(inputs["clusterName"]), str(inputs[key])
        arn = cloud.arn("eks", f"{kind}/{cluster}/{name}/{cloud.fresh_id(digits=8)}")
        return f"{cluster}:{name}", {"arn": arn}

    return make


def _entry(cloud: Cloud, inputs: Inputs) -> Made:
    id_, made = _of_cluster("access-entry", "principalArn")(cloud, inputs)
    name = str(inputs["principalArn"]).rsplit("/", 1)[-1]
    return id_, {
        "accessEntryArn": made["arn"],
        "type": inputs.get("type") or "STANDARD",
        "userName": inputs.get("userName") or f"arn:aws:sts::{cloud.account}:assumed-role/{name}",
    }


def _entry_policy(cloud: Cloud, inputs: Inputs) -> Made:
    id_ = f"{inputs['clusterName']}#{inputs['principalArn']}#{inputs['policyArn']}"
    return id_, {"associatedAt": "2026-01-01T00:00:00Z"}


def _addon(cloud: Cloud, inputs: Inputs) -> Made:
    id_, made = _of_cluster("addon", "addonName")(cloud, inputs)
    return id_, {**made, "createdAt": "2026-01-01T00:00:00Z"}


def _node_group(cloud: Cloud, inputs: Inputs) -> Made:
    id_, made = _of_cluster("nodegroup", "nodeGroupName")(cloud, inputs)
    version = inputs.get("version")
    release = inputs.get("releaseVersion") or f"{version}.2-20260724"
    return id_, {**made, "status": "ACTIVE", "releaseVersion": release, "diskSize": 0}


def _bucket(cloud: Cloud, inputs: Inputs) -> Made:
    name = str(inputs["bucket"])
    return name, {
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{cloud.region}.amazonaws.com",
        "bucketRegion": cloud.region,
        "hostedZoneId": "Z3BJ6K6RIION7M",
    }


def _in_bucket(cloud: Cloud, inputs: Inputs) -> Made:
    return str(inputs["bucket"]), {}


def _object(cloud: Cloud, inputs: Inputs) -> Made:
    bucket, key = str(inputs["bucket"]), str(inputs["key"])
    content = str(inputs.get("content") or "")
    return f"{bucket}/{key}", {
        "arn": f"arn:aws:s3:::{bucket}/{key}",
        "etag": hashlib.md5(content.encode(), usedforsecurity=False).hexdigest(),
        "versionId": cloud.fresh_id(),
    }


def _queue(cloud: Cloud, inputs: Inputs) -> Made:
    name = str(inputs["name"])
    url = f"https://sqs.{cloud.region}.amazonaws.com/{cloud.account}/{name}"
    return url, {"arn": cloud.arn("sqs", name), "url": url}


def _key(cloud: Cloud, inputs: Inputs) -> Made:
    id_ = cloud.fresh_id("key-", 12)
    return id_, {"arn": cloud.arn("kms", f"key/{id_}"), "keyId": id_}


def _log_group(cloud: Cloud, inputs: Inputs) -> Made:
    name = str(inputs["name"])
    return name, {"arn": cloud.arn("logs", f"log-group:{name}")}


def _rule(cloud: Cloud, inputs: Inputs) -> Made:
    return str(inputs["name"]), {"arn": cloud.arn("events", f"rule/{inputs['name']}")}


def _target(cloud: Cloud, inputs: Inputs) -> Made:
    target = str(inputs.get("targetId") or cloud.fresh_id("terraform-"))
    return f"{inputs['rule']}-{target}", {"targetId": target}


_MAKERS: Mapping[str, Callable[[Cloud, Inputs], Made]] = {
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:cloudwatch/eventTarget:EventTarget": _target,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _ec2("sg", "security-group"),
    "aws:ec2/eip:Eip": _eip,
    "aws:ec2/flowLog:FlowLog": _ec2("fl", "vpc-flow-log"),
    "aws:ec2/internetGateway:InternetGateway": _ec2("igw", "internet-gateway"),
    "aws:ec2/launchTemplate:LaunchTemplate": _launch_template,
    "aws:ec2/natGateway:NatGateway": _ec2("nat"),
    "aws:ec2/route:Route": _ec2("r"),
    "aws:ec2/routeTable:RouteTable": _ec2("rtb", "route-table"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _ec2("rtbassoc"),
    "aws:ec2/securityGroup:SecurityGroup": _ec2("sg", "security-group"),
    "aws:ec2/subnet:Subnet": _ec2("subnet", "subnet"),
    "aws:ec2/vpc:Vpc": _vpc,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:eks/accessEntry:AccessEntry": _entry,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _entry_policy,
    "aws:eks/addon:Addon": _addon,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _oidc,
    "aws:iam/policy:Policy": _iam("policy"),
    "aws:iam/role:Role": _iam("role"),
    "aws:iam/rolePolicy:RolePolicy": lambda cloud, inputs: (
        f"{inputs['role']}:{inputs['name']}",
        {},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda cloud, inputs: (
        f"{inputs['role']}/{inputs['policyArn']}",
        {},
    ),
    "aws:kms/key:Key": _key,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketObjectv2:BucketObjectv2": _object,
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": lambda cloud, inputs: (str(inputs["queueUrl"]), {}),
}
"""Types without a row are in a bucket, with its name as id."""


def make(cloud: Cloud, token: str, inputs: Inputs, default_tags: Inputs) -> Made:
    """The id and all outputs of a new resource."""
    id_, made = _MAKERS.get(token, _in_bucket)(cloud, inputs)
    return id_, {**common(cloud, token, inputs, default_tags), **inputs, **made}


def common(cloud: Cloud, token: str, inputs: Inputs, default_tags: Inputs) -> dict[str, Any]:
    """Outputs that every type has: its region, and its tags with the provider's own."""
    known = sdk.output_names(token)
    found: dict[str, Any] = {}
    if "region" in known:
        found["region"] = cloud.region
    if "tagsAll" in known:
        found["tagsAll"] = {**default_tags, **(inputs.get("tags") or {})}
    return found


def computed(token: str, inputs: Inputs) -> list[str]:
    """Outputs that only the service knows: those of a creation that are no input."""
    scratch = Cloud()
    # Names and references may be unknown themselves: any text does.
    given = {key: "unknown" if value == wire.UNKNOWN else value for key, value in inputs.items()}
    _, outputs = make(scratch, token, given, {})
    told = {"region", "tagsAll", *(key for key in inputs if key in outputs)}
    return [
        key for key in outputs if key not in told or outputs[key] != given.get(key, outputs[key])
    ]
