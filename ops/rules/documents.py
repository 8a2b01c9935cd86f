"""The policy documents of a plan, statement by statement."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops.plan.model import Plan, Resource
from ops.rules.values import UNKNOWN

TRUST, IDENTITY, RESOURCE = "trust", "identity", "resource"


@dataclass(frozen=True)
class Condition:
    """One condition: `StringEquals`, `aws:RequestedRegion`, its values."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operator} {self.key}={','.join(self.values)}"


@dataclass(frozen=True)
class Statement:
    """One statement; a principal of `*` is `{"*": ("*",)}`."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: dict[str, tuple[str, ...]]
    conditions: tuple[Condition, ...]
    inverted: tuple[str, ...]
    """Which of NotAction, NotResource and NotPrincipal it has."""

    def has(self, operator: str, key: str) -> Condition | None:
        """The condition with this operator whose key ends so, in any case of letters."""
        for one in self.conditions:
            if one.operator == operator and one.key.lower().endswith(key.lower()):
                return one
        return None


@dataclass(frozen=True)
class Document:
    """A policy document: of which resource, under which input, and of which kind."""

    resource: Resource
    field: str
    kind: str
    statements: tuple[Statement, ...]
    text: str


_FIELDS = {
    ("aws:iam/role:Role", "assumeRolePolicy"): TRUST,
    ("aws:iam/policy:Policy", "policy"): IDENTITY,
    ("aws:iam/rolePolicy:RolePolicy", "policy"): IDENTITY,
    ("aws:iam/userPolicy:UserPolicy", "policy"): IDENTITY,
    ("aws:iam/groupPolicy:GroupPolicy", "policy"): IDENTITY,
}


def documents(plan: Plan) -> Iterator[Document]:
    """Every policy document of the plan that is known. A text without statements is none."""
    for resource in plan.resources:
        if resource.package != "aws":
            continue
        for name, value in resource.inputs.items():
            kind = _FIELDS.get((resource.type, name), RESOURCE)
            yield from _document(resource, name, kind, value)
        for inline in resource.inputs.get("inlinePolicies") or []:
            if isinstance(inline, dict):
                yield from _document(resource, "inlinePolicies", IDENTITY, inline.get("policy"))


def statements(plan: Plan) -> Iterator[tuple[Document, Statement]]:
    """Every statement of every policy document, each with its document."""
    for document in documents(plan):
        for one in document.statements:
            yield document, one


def allowed(plan: Plan) -> Iterator[tuple[Document, Statement]]:
    """The statements that allow, each with its document."""
    return ((document, one) for document, one in statements(plan) if one.allows)


def _document(resource: Resource, field: str, kind: str, value: Any) -> Iterator[Document]:
    if not isinstance(value, str) or value == UNKNOWN or not value.lstrip().startswith("{"):
        return
    try:
        parsed = json.loads(value)
    except ValueError:
        return
    if isinstance(parsed, dict) and "Statement" in parsed:
        statements = tuple(_statement(one) for one in _many(parsed["Statement"]))
        yield Document(resource, field, kind, statements, value)


def _statement(raw: dict[str, Any]) -> Statement:
    principal = raw.get("Principal", {})
    by_kind = {"*": "*"} if principal == "*" else principal
    return Statement(
        sid=raw.get("Sid", ""),
        allows=raw.get("Effect") == "Allow",
        actions=_texts(raw.get("Action", [])),
        resources=_texts(raw.get("Resource", [])),
        principals={kind: _texts(values) for kind, values in by_kind.items()},
        conditions=tuple(
            Condition(operator, key, _texts(values))
            for operator, by_key in raw.get("Condition", {}).items()
            for key, values in by_key.items()
        ),
        inverted=tuple(key for key in ("NotAction", "NotResource", "NotPrincipal") if key in raw),
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in _many(value))
