"""IAM: typed statements, policy documents, and roles for service accounts (IRSA)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base import child
from components.cloud import Cloud

Text = pulumi.Input[str]
Condition = Mapping[str, pulumi.Input[Mapping[str, Text | Sequence[Text]]]]


@dataclass(frozen=True)
class Statement:
    """One statement of an IAM policy: what may be done, to what, and under which conditions."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[Text] = ()
    conditions: Condition = field(default_factory=dict)
    principals: Mapping[str, Text] | str | None = None
    effect: str = "Allow"

    def render(self) -> dict[str, Any]:
        """The statement in IAM's own keys; a resource policy's names its principals."""
        document: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals is not None:
            document["Principal"] = self.principals
        document["Action"] = list(self.actions)
        if self.resources:
            document["Resource"] = list(self.resources)
        if self.conditions:
            document["Condition"] = dict(self.conditions)
        return document


def policy_document(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """A policy as JSON; the same statements give the same text, so previews stay quiet."""
    return pulumi.Output.json_dumps(
        {"Version": "2012-10-17", "Statement": [statement.render() for statement in statements]}
    )


def service_trust(service: str, account: Text | None = None) -> pulumi.Output[str]:
    """Trust for an AWS service, for example `ec2.amazonaws.com`.

    With `account` only while the service works for that account: without it somebody else's
    resource could have the service use the role (confused deputy).
    """
    return policy_document(
        [
            Statement(
                "AssumeByService",
                ["sts:AssumeRole"],
                principals={"Service": service},
                conditions={"StringEquals": {"aws:SourceAccount": account}} if account else {},
            )
        ]
    )


def own_account_manages_key(cloud: Cloud) -> Statement:
    """The key policy by which IAM policies of the own account decide about a key.

    Source: docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html. `*` stands for
    the key that the policy is on.
    """
    root = pulumi.Output.format("arn:{0}:iam::{1}:root", cloud.partition, cloud.account)
    return Statement("OwnAccountManagesKey", ["kms:*"], ["*"], principals={"AWS": root})


@dataclass(frozen=True)
class OidcProvider:
    """The cluster's identity provider: its ARN, and its issuer without the scheme."""

    arn: pulumi.Output[str]
    issuer: pulumi.Output[str]

    def trust(self, namespace: str, *service_accounts: str) -> pulumi.Output[str]:
        """Trust for exactly these service accounts, by `sub` and by `aud`.

        Without `aud` a token made for another audience would do as well.
        """
        names = [f"system:serviceaccount:{namespace}:{account}" for account in service_accounts]
        claims = self.issuer.apply(
            lambda issuer: {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": names[0] if len(names) == 1 else names,
            }
        )
        return policy_document(
            [
                Statement(
                    "AssumeByServiceAccount",
                    ["sts:AssumeRoleWithWebIdentity"],
                    principals={"Federated": self.arn},
                    conditions={"StringEquals": claims},
                )
            ]
        )


class ServiceAccountRole(pulumi.ComponentResource):
    """A role that one Kubernetes service account assumes, and only that one and those in `also`.

    `policies` maps a short name to the statements of one managed policy. More than one keeps
    each below IAM's 6,144 characters. `managed_policies` are paths of AWS's own policies.
    """

    def __init__(
        self,
        name: str,
        *,
        namespace: str,
        service_account: str,
        also: Sequence[str] = (),
        oidc: OidcProvider,
        cloud: Cloud,
        policies: Mapping[str, Sequence[Statement]] | None = None,
        managed_policies: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:identity:ServiceAccountRole", name, None, opts)
        self.namespace = namespace
        self.service_account = service_account
        self.role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=oidc.trust(namespace, service_account, *also),
            description="Assumed by the service account "
            + " or ".join(f"{namespace}/{account}" for account in (service_account, *also)),
            opts=child(self),
        )
        self.grants: list[pulumi.Resource] = attach(
            name,
            self.role,
            parent=self,
            cloud=cloud,
            policies=policies or {},
            managed_policies=managed_policies,
        )
        self.arn: pulumi.Output[str] = self.role.arn
        self.register_outputs({"arn": self.arn})


def attach(
    name: str,
    role: aws.iam.Role,
    *,
    parent: pulumi.Resource,
    cloud: Cloud,
    policies: Mapping[str, Sequence[Statement]],
    managed_policies: Sequence[str] = (),
) -> list[pulumi.Resource]:
    """Attaches own and AWS's policies to a role; returns the attachments.

    Whoever uses the role depends on the attachments: a role without its rights fails later, and
    in less obvious places.
    """
    grants: list[pulumi.Resource] = []
    for short, statements in policies.items():
        policy = aws.iam.Policy(
            f"{name}-{short}", policy=policy_document(statements), opts=child(parent)
        )
        grants.append(
            aws.iam.RolePolicyAttachment(
                f"{name}-{short}", role=role.name, policy_arn=policy.arn, opts=child(parent)
            )
        )
    for path in managed_policies:
        grants.append(
            aws.iam.RolePolicyAttachment(
                f"{name}-{path.rpartition('/')[2]}",
                role=role.name,
                policy_arn=cloud.managed_policy(path),
                opts=child(parent),
            )
        )
    return grants
