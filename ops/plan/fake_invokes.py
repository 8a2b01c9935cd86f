"""Fake results of the AWS provider functions that a program calls."""

from collections.abc import Callable, Mapping
from typing import Any

from ops.plan.cloud import Cloud, cluster_facts, cluster_state
from ops.plan.errors import PlanError


def invoke(token: str, args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    """Returns the result of a provider function. Raises PlanError for a function without a row."""
    row = _INVOKES.get(token)
    if row is None:
        raise PlanError([f"the program calls {token}, for which the preview has no result"])
    return row(args, cloud)


def _get_cluster(args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    name = str(args["name"])
    group = cluster_facts(name, cloud)["security_group"]
    network = {
        "clusterSecurityGroupId": group,
        "endpointPrivateAccess": True,
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["0.0.0.0/0"],
        "securityGroupIds": [],
        "subnetIds": [f"subnet-{name}-0", f"subnet-{name}-1"],
        "vpcId": f"vpc-{name}",
    }
    state = cluster_state(name, "1.35", cloud)
    authorities = [state.pop("certificateAuthority")]
    return {
        **state,
        "certificateAuthorities": authorities,
        "vpcConfig": network,
        "accessConfigs": [{"authenticationMode": "API"}],
        "roleArn": cloud.arn("iam", f"role/{name}", region=""),
        "region": cloud.region,
        "tags": {},
    }


def _get_addon_version(args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    version = f"v0.0.0-default.{args['addonName']}"
    return {"id": args["addonName"], "version": version, **args}


def _get_oidc_provider(args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    url = str(args.get("url") or "")
    host = url.removeprefix("https://")
    arn = args.get("arn") or cloud.arn("iam", f"oidc-provider/{host}", region="")
    return {"id": arn, "arn": arn, "url": host, "clientIdLists": ["sts.amazonaws.com"]}


def _get_subnet(args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    identifier = str(args.get("id") or "subnet-found")
    return {
        "id": identifier,
        "arn": cloud.arn("ec2", f"subnet/{identifier}"),
        "availabilityZone": f"{cloud.region}a",
        "cidrBlock": "10.0.0.0/20",
        "availableIpAddressCount": 4091,
        "vpcId": "vpc-found",
        "tags": {},
    }


def _get_vpc(args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    identifier = str(args.get("id") or "vpc-found")
    arn = cloud.arn("ec2", f"vpc/{identifier}")
    return {"id": identifier, "arn": arn, "cidrBlock": "10.0.0.0/16", "tags": {}}


def _get_zones(args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    names = [f"{cloud.region}{letter}" for letter in "abc"]
    ids = [f"{cloud.region}-az{number}" for number in (1, 2, 3)]
    return {"id": cloud.region, "names": names, "zoneIds": ids, "groupNames": [cloud.region]}


_INVOKES: dict[str, Callable[[Mapping[str, Any], Cloud], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda args, cloud: {
        "id": cloud.account,
        "accountId": cloud.account,
        "arn": cloud.arn("iam", "role/preview", region=""),
        "userId": "AROAPREVIEW",
    },
    "aws:index/getPartition:getPartition": lambda args, cloud: {
        "id": cloud.partition,
        "partition": cloud.partition,
        "dnsSuffix": cloud.suffix,
        "reverseDnsPrefix": ".".join(reversed(cloud.suffix.split("."))),
    },
    "aws:index/getRegion:getRegion": lambda args, cloud: {
        "id": cloud.region,
        "name": cloud.region,
        "region": cloud.region,
        "endpoint": f"ec2.{cloud.region}.{cloud.suffix}",
        "description": cloud.region,
    },
    "aws:index/getAvailabilityZones:getAvailabilityZones": _get_zones,
    "aws:eks/getAddonVersion:getAddonVersion": _get_addon_version,
    "aws:eks/getCluster:getCluster": _get_cluster,
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": _get_oidc_provider,
    "aws:ec2/getSubnet:getSubnet": _get_subnet,
    "aws:ec2/getVpc:getVpc": _get_vpc,
}
