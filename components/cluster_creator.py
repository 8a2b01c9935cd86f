"""The principal that creates a cluster, which EKS makes an administrator itself."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.cloud import Cloud


def refuse_creator(admins: Sequence[str], cluster: str, cloud: Cloud) -> None:
    """Fails the program if `admins` lists the caller and the cluster does not exist yet.

    EKS refuses a second access entry, a quarter of an hour into the first `pulumi up`. The entry of
    a caller that did not create the cluster, for example of a CI's role, stays.
    """
    if not admins:
        return
    options = pulumi.InvokeOptions(provider=cloud.provider)
    caller = aws.get_caller_identity_output(opts=options).arn
    clusters = aws.eks.get_clusters_output(opts=options).names
    pulumi.Output.all(caller, clusters).apply(lambda found: _check(admins, cluster, *found))


def _check(admins: Sequence[str], cluster: str, caller: str, clusters: Sequence[str]) -> None:
    if cluster in clusters:
        return
    for index, admin in enumerate(admins):
        if is_same(admin, caller):
            raise pulumi.RunError(
                f"spark-on-eks:cluster.admins[{index}]: '{admin}' creates the cluster: EKS makes "
                "it an administrator without this entry, and refuses the entry. Remove it"
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
