"""The account and region of the fake resources."""

from dataclasses import dataclass

DEFAULT_ACCOUNT = "111122223333"  # the account of AWS's own documentation
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Cloud:
    """Account and region of the fake resources."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION

    @property
    def partition(self) -> str:
        """The AWS partition of the region."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def suffix(self) -> str:
        """The DNS suffix of the partition."""
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
