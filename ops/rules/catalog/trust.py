"""Trust policies of roles, and resource policies that allow AWS services."""

from collections.abc import Iterator

from ops.plan.iam import RESOURCE, TRUST, allowed, statements
from ops.plan.model import Plan
from ops.plan.values import known
from ops.rules.catalog.cluster import clusters
from ops.rules.catalog.iam import broken
from ops.rules.rule import Violation, rule

_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_WITHOUT_SOURCE = ("ec2.", "eks.")
"""Services that assume a role for one resource of the same account only, and pass no source."""


@rule(
    reason="Without a condition on sub any pod of the cluster may assume the role, without one on "
    "aud a token for another audience may.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html",
)
def trust_service_account(plan: Plan) -> Iterator[Violation]:
    """A federated trust policy names one service account and the audience of STS."""
    for document, one in statements(plan):
        if document.kind != TRUST or "Federated" not in one.principals:
            continue
        sub, aud = (one.condition("StringEquals", key) for key in (":sub", ":aud"))
        if sub is None or any("*" in name for name in sub.values):
            yield broken(document.resource, one, "sub", "trusts without one")
        if aud is None or aud.values != ("sts.amazonaws.com",):
            yield broken(document.resource, one, "aud", "trusts without sts.amazonaws.com as")


@rule(
    reason="A role is for one service or one service account; people and other accounts use "
    "access entries.",
    source=f"{_GUIDE}/id_roles_create_for-service.html",
)
def trust_named(plan: Plan) -> Iterator[Violation]:
    """A trust policy names a service or an identity provider as principal, nothing else."""
    for document, one in statements(plan):
        principals = one.principals or one.exclusions.get("NotPrincipal")
        if document.kind in (TRUST, RESOURCE) and not principals:
            yield broken(document.resource, one, "no principal", "has")
        if document.kind == TRUST and one.allows:
            for kind in sorted(set(one.principals) - {"Service", "Federated"}):
                yield broken(document.resource, one, f"{kind} principal", "trusts a")


@rule(
    reason="The identity provider accepts tokens for the listed audiences: list only STS.",
    source=f"{_GUIDE}/id_roles_providers_create_oidc.html",
)
def oidc_audience(plan: Plan) -> Iterator[Violation]:
    """The cluster's identity provider accepts tokens for STS only."""
    for one in plan.by_type(_PROVIDER):
        if one.inputs.get("clientIdLists") != ["sts.amazonaws.com"]:
            yield Violation(one, "audience", "accepts tokens for other audiences than STS")


@rule(
    reason="IAM refuses a token of an issuer that it does not know: pods have no rights in AWS.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html",
)
def oidc_provider_exists(plan: Plan) -> Iterator[Violation]:
    """Where the stack creates the cluster, roles of service accounts trust a provider that it
    creates, too."""
    urls = [one.inputs.get("url") for one in plan.by_type(_PROVIDER)]
    if not any(clusters(plan)) or not all(map(known, urls)):
        return
    issuers = {str(url).removeprefix("https://") for url in urls}
    for document, one in statements(plan):
        for arn in one.principals.get("Federated", ()) if document.kind == TRUST else ():
            issuer = arn.partition(":oidc-provider/")[2]
            if issuer and issuer not in issuers:
                yield Violation(document.resource, one.sid, f"trusts {issuer}, unknown to IAM")


@rule(
    reason="An AWS service acts for every account: without a condition on the source, another "
    "account's rule or log reaches this account's resource through it.",
    source=f"{_GUIDE}/confused-deputy.html#cross-service-confused-deputy-prevention",
)
def confused_deputy(plan: Plan) -> Iterator[Violation]:
    """A policy that allows a service has a condition on the source; EC2 and EKS send none."""
    for document, one in allowed(plan):
        services = [
            name
            for name in one.principals.get("Service", ())
            if not name.startswith(_WITHOUT_SOURCE)
        ]
        by_source = any(
            condition.key.lower() in ("aws:sourcearn", "aws:sourceaccount")
            and not condition.operator.endswith("IfExists")
            and "*" not in condition.values
            for condition in one.conditions
        )
        if services and not by_source and document.kind in (TRUST, RESOURCE):
            yield broken(document.resource, one, services[0], "allows, for any account,")
