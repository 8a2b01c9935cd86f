"""Account, region and partition of a stack, and the AWS provider of all components."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws


class Cloud:
    """The AWS account and region of a stack.

    One explicit provider for all resources: it sets the default tags, and rejects any other account
    if the stack names one. The eks component then needs no second provider plugin.
    """

    def __init__(self, *, region: str, account: str | None, tags: Mapping[str, str]) -> None:
        self.region = region
        self.provider = aws.Provider(
            "aws",
            region=region,
            allowed_account_ids=[account] if account else None,
            default_tags={"tags": dict(tags)},
        )
        self.tags = dict(tags)
        """Tags for instances and volumes that EKS or Karpenter launch: default tags do not."""
        self.account: pulumi.Input[str] = account or self._look_up_account()
        """The account's id; looked up if the stack does not name it."""

    def _look_up_account(self) -> pulumi.Output[str]:
        identity = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=self.provider))
        return identity.account_id

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return partition_of(self.region)

    @property
    def dns_suffix(self) -> str:
        """The domain of service principals and endpoints in this partition."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def managed_policy(self, path: str) -> str:
        """ARN of a policy that AWS manages, by its path, for example `AmazonEKS_CNI_Policy`."""
        return f"arn:{self.partition}:iam::aws:policy/{path}"

    def access_policy(self, name: str) -> str:
        """ARN of an EKS access policy, for example `AmazonEKSClusterAdminPolicy`."""
        return f"arn:{self.partition}:eks::aws:cluster-access-policy/{name}"

    def arn(self, service: str, resource: str) -> pulumi.Output[str]:
        """ARN of a resource in this account and region."""
        prefix = f"arn:{self.partition}:{service}:{self.region}"
        return pulumi.Output.format("{0}:{1}:{2}", prefix, self.account, resource)

    def anywhere_arn(self, service: str, resource: str) -> str:
        """ARN pattern in this region without an account, as EC2 has it for images and fleets."""
        return f"arn:{self.partition}:{service}:{self.region}:*:{resource}"


def partition_of(region: str) -> str:
    """The partition of a region: `aws`, `aws-cn` or `aws-us-gov`."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
