"""Permissions of a role in the shared cloud, for the calls of stand-ins.

The documents of the policies that AWS manages come with moto.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.rights import Context, Statement, allowed, conditions_hold, many, matches

from . import aws_references as refs
from .cloud import Cloud, Thing


@cache
def managed_policies() -> Mapping[str, Any]:
    """Name to document of the policies that AWS manages."""
    # Half a second and 5 MB: only where a policy is asked for.
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # noqa: PLC0415

    return json.loads(aws_managed_policies_data)


def managed_policy(arn: str) -> Statement | None:
    """The document behind `arn:aws:iam::aws:policy/...`, None where AWS has no such policy."""
    prefix, _, path = arn.partition(":policy/")
    if not prefix.endswith(":iam::aws"):
        return None
    found = managed_policies().get(path.rpartition("/")[2])
    if found is None or found.get("Path", "/").strip("/") != path.rpartition("/")[0]:
        return None
    return found["Document"]


def role_by_arn(cloud: Cloud, arn: str) -> Thing | None:
    """The role with this ARN."""
    return cloud.first(refs.ROLE, arn=arn)


def may(
    cloud: Cloud, role: str, action: str, resource: str, context: Context | None = None
) -> bool:
    """Whether the role of this name may do the action to the resource."""
    known = {"aws:RequestedRegion": cloud.region, **(context or {})}
    return allowed(_statements(cloud, role), action, resource, known)


def may_assume_by_service(role: Thing, service: str) -> bool:
    """Whether the role's trust policy allows a service."""
    return _trusts(role, "sts:AssumeRole", "Service", service)


def may_assume_by_account(cloud: Cloud, role: Thing, issuer: str, subject: str) -> bool:
    """Whether the role's trust lets a service account in, and its identity provider exists."""
    claims = {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}
    provider = cloud.first(refs.OIDC, url=issuer)
    action = "sts:AssumeRoleWithWebIdentity"
    return provider is not None and _trusts(role, action, "Federated", provider.text("arn"), claims)


def _trusts(
    role: Thing, action: str, kind: str, principal: str, claims: Context | None = None
) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and principal in many(statement["Principal"].get(kind, []))
        and action in many(statement["Action"])
        and (claims is None or conditions_hold(statement.get("Condition", {}), claims))
        for statement in many(json.loads(role.text("assumeRolePolicy"))["Statement"])
    )


def document_allows(document: str, action: str, resource: str, principal: str) -> bool:
    """Whether a resource's own policy lets a principal do the action."""
    return any(
        statement["Effect"] == "Allow"
        and _names(statement.get("Principal"), principal)
        and matches(statement["Action"], action)
        and matches(statement["Resource"], resource)
        for statement in many(json.loads(document)["Statement"])
    )


def _names(given: Any, principal: str) -> bool:
    if given == "*":
        return True
    return isinstance(given, Mapping) and any(principal in many(one) for one in given.values())


def _statements(cloud: Cloud, role: str) -> Iterator[Statement]:
    for attachment in cloud.all(refs.ATTACHMENT, role=role):
        arn = attachment.text("policyArn")
        document = managed_policy(arn)
        if document is None:
            own = cloud.first(refs.POLICY, arn=arn)
            document = json.loads(own.text("policy")) if own else {"Statement": []}
        yield from many(document["Statement"])
    for inline in cloud.all(refs.INLINE, role=role):
        yield from many(json.loads(inline.text("policy"))["Statement"])
