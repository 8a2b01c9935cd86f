"""The principal that creates a cluster, which EKS makes an administrator itself."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.base import Problems
from components.cloud import Cloud


def find_creator(cloud: Cloud) -> str:
    """ARN of the caller, who creates a cluster that does not exist yet; empty if AWS does not
    answer: EKS then refuses what this would have refused."""
    options = pulumi.InvokeOptions(provider=cloud.provider)
    try:
        return aws.get_caller_identity(opts=options).arn
    except Exception:
        return ""


def check_creator(admins: Sequence[str], creator: str) -> Problems:
    """The creator is no entry of `admins`: EKS refuses a second access entry, a quarter of an hour
    into the first `pulumi up`. A caller that did not create the cluster, for example the role of a
    CI, has an entry."""
    for index, admin in enumerate(admins):
        if creator and is_same(admin, creator):
            yield (
                f"cluster.admins[{index}]",
                f"'{admin}' creates the cluster: EKS makes it an administrator without this entry, "
                "and refuses the entry; remove it",
            )


def is_same(admin: str, caller: str) -> bool:
    """Whether the caller's ARN is of this role or user. A session's ARN lacks the role's path."""
    *_, account, resource = caller.split(":")
    kind, _, name = resource.partition("/")
    if kind != "assumed-role":
        return admin == caller
    *_, of, principal = admin.split(":")
    role = principal.rpartition("/")[2]
    return (of, principal.partition("/")[0], role) == (account, "role", name.partition("/")[0])
