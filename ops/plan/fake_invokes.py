"""Fake results of the AWS provider functions that a program calls."""

from collections.abc import Callable, Mapping
from typing import Any

from ops.plan.cloud import Cloud, cluster_facts
from ops.plan.errors import PlanError


def invoke(token: str, args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    """Returns the result of a provider function. Raises PlanError for a function without a row."""
    row = _INVOKES.get(token)
    if row is None:
        raise PlanError([f"the program calls {token}, for which the preview has no result"])
    return row(args, cloud)


def _get_cluster(args: Mapping[str, Any], cloud: Cloud) -> dict[str, Any]:
    name = str(args["name"])
    facts = cluster_facts(name, cloud)
    network = {
        "clusterSecurityGroupId": facts["security_group"],
        "endpointPrivateAccess": True,
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["0.0.0.0/0"],
        "securityGroupIds": [],
        "subnetIds": [f"subnet-{name}-0", f"subnet-{name}-1"],
        "vpcId": f"vpc-{name}",
    }
    return {
        "id": name,
        "name": name,
        "arn": facts["arn"],
        "endpoint": facts["endpoint"],
        "identities": [{"oidcs": [{"issuer": f"https://{facts['issuer']}"}]}],
        "version": "1.35",
        "status": "ACTIVE",
        "certificateAuthorities": [{"data": facts["certificate"]}],
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


_INVOKES: dict[str, Callable[[Mapping[str, Any], Cloud], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda args, cloud: {
        "id": cloud.account,
        "accountId": cloud.account,
        "arn": cloud.arn("iam", "role/preview", region=""),
        "userId": "AROAPREVIEW",
    },
    "aws:eks/getAddonVersion:getAddonVersion": _get_addon_version,
    "aws:eks/getCluster:getCluster": _get_cluster,
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": _get_oidc_provider,
}
