"""What a role may do: its policies evaluated as IAM does, for calls made by stand-ins.

The documents of policies that AWS manages come with moto. A condition operator that is not known
here raises: a condition that nobody understood must not pass for one that holds.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from .world import Thing, World

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
INLINE = "aws:iam/rolePolicy:RolePolicy"
OIDC = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"

Context = Mapping[str, str | list[str]]
Statement = Mapping[str, Any]


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


def role_by_arn(world: World, arn: str) -> Thing | None:
    """The role with this ARN."""
    return world.first(ROLE, arn=arn)


def may(
    world: World, role: str, action: str, resource: str, context: Context | None = None
) -> bool:
    """Whether the role of this name may do the action to the resource."""
    known = {"aws:RequestedRegion": world.region, **(context or {})}
    allowed = False
    for statement in _statements(world, role):
        if _applies(statement, action, resource, known):
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def may_assume_by_service(role: Thing, service: str) -> bool:
    """Whether the role's trust lets a service in."""
    return any(
        statement["Effect"] == "Allow"
        and service in _many(statement["Principal"].get("Service", []))
        and "sts:AssumeRole" in _many(statement["Action"])
        for statement in _many(json.loads(role.text("assumeRolePolicy"))["Statement"])
    )


def may_assume_by_account(world: World, role: Thing, issuer: str, subject: str) -> bool:
    """Whether the role's trust lets a service account in, and its identity provider exists."""
    claims = {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}
    provider = world.first(OIDC, url=issuer)
    return provider is not None and any(
        statement["Effect"] == "Allow"
        and provider.text("arn") in _many(statement["Principal"].get("Federated", []))
        and "sts:AssumeRoleWithWebIdentity" in _many(statement["Action"])
        and _conditions_hold(statement.get("Condition", {}), claims)
        for statement in _many(json.loads(role.text("assumeRolePolicy"))["Statement"])
    )


def document_allows(document: str, action: str, resource: str, principal: str) -> bool:
    """Whether a resource's own policy lets a principal do the action."""
    return any(
        statement["Effect"] == "Allow"
        and _names(statement.get("Principal"), principal)
        and _matches_any(statement["Action"], action)
        and _matches_any(statement["Resource"], resource)
        for statement in _many(json.loads(document)["Statement"])
    )


def _names(given: Any, principal: str) -> bool:
    if given == "*":
        return True
    return isinstance(given, Mapping) and any(principal in _many(one) for one in given.values())


def _statements(world: World, role: str) -> Iterator[Statement]:
    for attachment in world.all(ATTACHMENT, role=role):
        arn = attachment.text("policyArn")
        document = managed_policy(arn)
        if document is None:
            own = world.first(POLICY, arn=arn)
            document = json.loads(own.text("policy")) if own else {"Statement": []}
        yield from _many(document["Statement"])
    for inline in world.all(INLINE, role=role):
        yield from _many(json.loads(inline.text("policy"))["Statement"])


def _applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    return (
        _matches_any(statement.get("Action", []), action)
        and _matches_any(statement.get("Resource", []), resource)
        and _conditions_hold(statement.get("Condition", {}), context)
    )


def _conditions_hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    return all(
        _condition_holds(operator, key, _many(wanted), context)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition_holds(operator: str, key: str, wanted: list[Any], context: Context) -> bool:
    for_all = operator.startswith("ForAllValues:")
    operator = operator.removeprefix("ForAllValues:").removeprefix("ForAnyValue:")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    names = {name.lower(): name for name in context}
    if key.lower() not in names:
        return if_exists or for_all or operator.startswith("StringNot")
    values = _many(context[names[key.lower()]])
    compare = {
        "StringEquals": lambda value, one: value == one,
        "StringLike": lambda value, one: _like(one, value),
        "ArnEquals": lambda value, one: _like(one, value),
        "ArnLike": lambda value, one: _like(one, value),
        "Bool": lambda value, one: str(value).lower() == str(one).lower(),
        "StringNotEquals": lambda value, one: value != one,
    }[operator]
    hits = [any(compare(value, one) for one in wanted) for value in values]
    return all(hits) if for_all else any(hits)


def _matches_any(patterns: Any, text: str) -> bool:
    return any(_like(pattern, text) for pattern in _many(patterns))


def _like(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    # Action names know no case; nothing that is compared here differs by case alone.
    return re.compile(parts, re.IGNORECASE | re.DOTALL)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
