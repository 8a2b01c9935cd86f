"""Evaluates a role's policies as IAM does.

An unsupported condition operator raises KeyError: it must not count as a fulfilled condition.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ops.diff.impact.cluster_grants import in_cluster
from ops.plan.model import Plan
from tests.plans import named, of_type

Context = Mapping[str, str | list[str]]
Statement = Mapping[str, Any]

_OPERATORS = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": lambda value, wanted: like(wanted, value),
    "ArnEquals": lambda value, wanted: like(wanted, value),
    "ArnLike": lambda value, wanted: like(wanted, value),
    "Bool": lambda value, wanted: str(value).lower() == str(wanted).lower(),
    "StringNotEquals": lambda value, wanted: value != wanted,
}


def may(plan: Plan, role: str, action: str, resource: str, **conditions: str) -> bool:
    """Whether a role may do the action to the resource; conditions as `s3_prefix="x/"`."""
    context = {key.replace("_", ":", 1): value for key, value in conditions.items()}
    return allowed(_statements(plan, role), action, resource, context)


def in_words(plan: Plan) -> dict[str, set[str]]:
    """Rights in the cluster by subject, and connections by namespace, as a diff words them."""
    return {
        holder: {
            f"{one.principal} {'may' if one.effect == 'Allow' else 'may not'} {one.action} "
            f"{one.resource}".strip()
            for one in grants
        }
        for holder, grants in in_cluster(plan).items()
    }


def buckets_of(plan: Plan, role: str) -> set[str]:
    """Names of the buckets in a role's policies."""
    return {
        resource.split(":::", 1)[1].split("/", 1)[0]
        for statement in _statements(plan, role)
        for resource in statement["Resource"]
        if ":s3:::" in resource
    }


def allowed(statements: Iterable[Statement], action: str, resource: str, context: Context) -> bool:
    """Whether the statements allow the action, and none denies it."""
    effects = {
        statement["Effect"]
        for statement in statements
        if matches(statement.get("Action", []), action)
        and matches(statement.get("Resource", []), resource)
        and conditions_hold(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def conditions_hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether all conditions of a statement hold for a request."""
    return all(
        _condition_holds(operator, key, many(wanted), context)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def matches(patterns: Any, text: str) -> bool:
    """Whether one of the patterns matches."""
    return any(like(pattern, text) for pattern in many(patterns))


def like(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` and `?` matches a text."""
    # Names of actions ignore case; nothing else that is compared here differs by case alone.
    return fnmatchcase(text.lower(), pattern.lower().replace("[", "[[]"))


def many(value: Any) -> list[Any]:
    """A list; IAM also accepts a single value."""
    return value if isinstance(value, list) else [value]


def _condition_holds(operator: str, key: str, wanted: list[Any], context: Context) -> bool:
    for_all = operator.startswith("ForAllValues:")
    operator = operator.removeprefix("ForAllValues:").removeprefix("ForAnyValue:")
    if_exists = operator.endswith("IfExists")
    compare = _OPERATORS[operator.removesuffix("IfExists")]
    names = {name.lower(): name for name in context}
    if key.lower() not in names:
        return if_exists or for_all or operator.startswith("StringNot")
    hits = [
        any(compare(value, one) for one in wanted) for value in many(context[names[key.lower()]])
    ]
    return all(hits) if for_all else any(hits)


def _statements(plan: Plan, role: str) -> Iterator[Statement]:
    physical = named(plan, "iam/role:Role", role).name
    for attachment in of_type(plan, "RolePolicyAttachment"):
        # Not the policies that AWS manages, whose text is not in the plan.
        own = ":iam::aws:policy/" not in attachment.inputs["policyArn"]
        if own and attachment.inputs["role"] == physical:
            policy = named(plan, "iam/policy:Policy", attachment.name)
            yield from json.loads(policy.inputs["policy"])["Statement"]
