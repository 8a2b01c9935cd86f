"""What a role of a plan may do in S3: its policies evaluated as IAM does."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from ops.plan.model import Plan
from tests.plans import named, of_type


def may(plan: Plan, role: str, action: str, resource: str, **conditions: str) -> bool:
    """Whether the role does the action to the resource; conditions as `s3_prefix="x/"`.

    Raises KeyError for a condition operator that is not known here.
    """
    context = {key.replace("_", ":", 1): value for key, value in conditions.items()}
    return any(
        statement["Effect"] == "Allow"
        and action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        and all(
            key in context and _OPERATORS[operator](context[key], wanted)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
        for statement in _statements(plan, role)
    )


def buckets_of(plan: Plan, role: str) -> set[str]:
    """Names of the buckets that a role's policies speak of."""
    return {
        resource.split(":::", 1)[1].split("/", 1)[0]
        for statement in _statements(plan, role)
        for resource in statement["Resource"]
        if ":s3:::" in resource
    }


_OPERATORS = {
    "StringLike": lambda value, wanted: any(fnmatchcase(value, one) for one in wanted),
    "StringEquals": lambda value, wanted: value in wanted,
}


def _statements(plan: Plan, role: str) -> Iterator[dict[str, Any]]:
    physical = named(plan, "iam/role:Role", role).name
    for attachment in of_type(plan, "RolePolicyAttachment"):
        if attachment.inputs["role"] == physical:
            policy = named(plan, "iam/policy:Policy", attachment.name)
            yield from json.loads(policy.inputs["policy"])["Statement"]
