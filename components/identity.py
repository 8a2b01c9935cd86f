"""IAM: typed statements, policy documents, and roles for service accounts (IRSA)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.cloud import Cloud

Text = pulumi.Input[str]
Condition = Mapping[str, pulumi.Input[Mapping[str, Text | Sequence[Text]]]]


@dataclass(frozen=True)
class Statement:
    """One statement of an IAM policy: actions, resources and conditions."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[Text] = ()
    conditions: Condition = field(default_factory=dict)
    principals: Mapping[str, Text] | str | None = None
    effect: str = "Allow"
    why: str = ""
    """Why the statement needs a wildcard in an action or resource; `make check` rejects a wildcard
    without a reason."""

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


def wildcards(policies: Mapping[str, Sequence[Statement]]) -> dict[str, Any]:
    """The output `wildcards` of a component: resource with the policy, Sid, reason."""
    reasons = {
        resource: {one.sid: one.why for one in statements if one.why}
        for resource, statements in policies.items()
    }
    given = {resource: found for resource, found in reasons.items() if found}
    return {"wildcards": given} if given else {}


def service_trust(
    service: str, account: Text | None = None, *, source: Text | None = None
) -> pulumi.Output[str]:
    """Trust for an AWS service, for example `ec2.amazonaws.com`.

    `account` restricts it to requests on behalf of that account, `source` to resources whose ARN
    matches (confused deputy problem).
    """
    conditions: dict[str, pulumi.Input[Mapping[str, Text | Sequence[Text]]]] = {}
    if account:
        conditions["StringEquals"] = {"aws:SourceAccount": account}
    if source:
        conditions["ArnLike"] = {"aws:SourceArn": source}
    return policy_document(
        [
            Statement(
                "AssumeByService",
                ["sts:AssumeRole"],
                principals={"Service": service},
                conditions=conditions,
            )
        ]
    )


def own_account_manages_key(cloud: Cloud) -> Statement:
    """AWS' default key policy: IAM policies of the account control access to the key.

    Source: docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html.
    """
    root = pulumi.Output.format("arn:{0}:iam::{1}:root", cloud.partition, cloud.account)
    return Statement(
        "OwnAccountManagesKey",
        ["kms:*"],
        ["*"],
        principals={"AWS": root},
        why="Without it IAM policies cannot give access to the key, and the key can become "
        "unmanageable. In a key policy, `*` means the key itself.",
    )


@dataclass(frozen=True)
class OidcProvider:
    """The cluster's identity provider: its ARN, and its issuer without the scheme."""

    arn: pulumi.Output[str]
    issuer: pulumi.Output[str]

    def trust(self, namespace: str, *service_accounts: str) -> pulumi.Output[str]:
        """Trust policy for these service accounts. `aud` excludes tokens for another audience."""
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


class IamRole(pulumi.ComponentResource):
    """An IAM role with its policies, own and AWS'.

    `policies` maps a short name to the statements of one customer managed policy: several keep
    each below IAM's 6,144 characters. `managed_policies` are paths of AWS managed policies. A
    resource that uses the role depends on this component, and so on every attachment.

    Registers the ARN, and for each statement with a wildcard the reason (`why`), which
    `make check` reads.
    """

    def __init__(
        self,
        name: str,
        *,
        trust: pulumi.Input[str],
        cloud: Cloud,
        description: str | None = None,
        policies: Mapping[str, Sequence[Statement]] | None = None,
        managed_policies: Sequence[str] = (),
        kind: str = "Role",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"spark-on-eks:identity:{kind}", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role", assume_role_policy=trust, description=description, opts=own
        )
        policies = {f"{name}-{short}": found for short, found in (policies or {}).items()}
        arns: dict[str, pulumi.Input[str]] = {
            label: aws.iam.Policy(label, policy=policy_document(statements), opts=own).arn
            for label, statements in policies.items()
        }
        for path in managed_policies:
            arns[f"{name}-{path.rpartition('/')[2]}"] = cloud.managed_policy(path)
        for label, arn in arns.items():
            aws.iam.RolePolicyAttachment(label, role=role.name, policy_arn=arn, opts=own)
        self.arn: pulumi.Output[str] = role.arn
        self.role_name: pulumi.Output[str] = role.name
        self.register_outputs({"arn": self.arn, **wildcards(policies)})


class ServiceAccountRole(IamRole):
    """A role that one Kubernetes service account can assume, and those in `also`."""

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
        accounts = (service_account, *also)
        super().__init__(
            name,
            trust=oidc.trust(namespace, *accounts),
            description="Assumed by the service account "
            + " or ".join(f"{namespace}/{account}" for account in accounts),
            cloud=cloud,
            policies=policies,
            managed_policies=managed_policies,
            kind="ServiceAccountRole",
            opts=opts,
        )
