"""The account and region of the fake resources, and fake results of the provider functions that a
program calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ops.plan.errors import PlanError

DEFAULT_ACCOUNT = "111122223333"  # the account of AWS's own documentation
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Cloud:
    """Account and region of the fake resources."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION

    @property
    def partition(self) -> str:
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """Returns an ARN; `region=""` for services without a region in their ARNs."""
        region = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"


def cluster_facts(name: str, cloud: Cloud) -> dict[str, str]:
    """Returns the values that EKS would generate for a cluster of this name."""
    return {
        "arn": cloud.arn("eks", f"cluster/{name}"),
        "endpoint": f"https://{name}.gr7.{cloud.region}.eks.{cloud.suffix}",
        "certificate": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",  # a PEM's first line in base64
        "security_group": f"sg-eks-cluster-sg-{name}",
        "issuer": f"oidc.eks.{cloud.region}.{cloud.suffix}/id/{name}",
    }


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
    # No cluster runs yet: a plan is compared with another plan, not with an account.
    "aws:eks/getClusters:getClusters": lambda args, cloud: {"id": cloud.region, "names": []},
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": _get_oidc_provider,
}
