"""The IAM policy documents of a plan, statement by statement: in one form.

Grammar: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ops.plan.model import Plan, Resource
from ops.plan.values import each, mapping

TRUST, IDENTITY, RESOURCE = "trust", "identity", "resource"
"""Kinds of documents: trust policy, permissions policy, resource policy."""

_KINDS = {
    ("aws:iam/role:Role", "assumeRolePolicy"): TRUST,
    ("aws:iam/policy:Policy", "policy"): IDENTITY,
    ("aws:iam/rolePolicy:RolePolicy", "policy"): IDENTITY,
    ("aws:iam/userPolicy:UserPolicy", "policy"): IDENTITY,
    ("aws:iam/groupPolicy:GroupPolicy", "policy"): IDENTITY,
}
_EXCLUSIONS = ("NotAction", "NotResource", "NotPrincipal")


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
    """One statement of a policy document."""

    sid: str
    effect: str
    """`Allow` or `Deny`; empty if missing, which AWS rejects."""
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: Mapping[str, tuple[str, ...]]
    """By kind (`AWS`, `Service`); a principal of `*` is `{"*": ("*",)}`."""
    exclusions: Mapping[str, tuple[str, ...]]
    """NotAction, NotResource and NotPrincipal, if the statement has them."""
    conditions: tuple[Condition, ...]

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    @property
    def denies(self) -> bool:
        return self.effect == "Deny"

    @property
    def for_everyone(self) -> bool:
        """Whether it is for every principal: `"*"` and `{"AWS": "*"}` are the same to IAM
        (reference_policies_elements_principal.html)."""
        return any("*" in self.principals.get(kind, ()) for kind in ("*", "AWS"))

    def names_action(self, action: str) -> bool:
        """Whether one of the actions, wildcards included, is this one."""
        return any(action_matches(pattern, action) for pattern in self.actions)

    def condition(self, operator: str, key: str) -> Condition | None:
        """Returns the condition with this operator and key; a key such as `:sub` matches by suffix,
        because the provider's URL precedes it."""
        key = key.lower()
        for one in self.conditions:
            found = one.key.lower()
            if one.operator == operator and (
                found == key or (key.startswith(":") and found.endswith(key))
            ):
                return one
        return None


@dataclass(frozen=True)
class Document:
    """A policy document with the resource that contains it, and its kind."""

    resource: Resource
    kind: str
    statements: tuple[Statement, ...]
    text: str


def action_matches(pattern: str, action: str) -> bool:
    """Returns whether a pattern of actions includes an action; IAM ignores their case."""
    return fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


def documents(plan: Plan) -> Iterator[Document]:
    """Yields every policy document of the plan that is known."""
    for resource in plan.resources:
        if resource.package != "aws":
            continue
        for name, value in resource.inputs.items():
            kind = _KINDS.get((resource.type, name), RESOURCE)
            yield from _document(resource, kind, value)
        for inline in each(resource.inputs, "inlinePolicies"):
            policy = mapping(inline).get("policy")
            yield from _document(resource, IDENTITY, policy)


def statements(plan: Plan) -> Iterator[tuple[Document, Statement]]:
    """Yields every statement of every policy document, each with its document."""
    for document in documents(plan):
        for one in document.statements:
            yield document, one


def allowed(plan: Plan) -> Iterator[tuple[Document, Statement]]:
    """Yields the statements that allow, each with its document."""
    return ((document, one) for document, one in statements(plan) if one.allows)


def statements_of(policy: Any) -> tuple[Statement, ...]:
    """Returns the statements of a policy document, JSON text or parsed; none of another value."""
    parsed = _parsed(policy)
    found = parsed.get("Statement") if parsed else None
    return tuple(_statement(one) for one in _list(found) if isinstance(one, Mapping))


def _document(resource: Resource, kind: str, value: Any) -> Iterator[Document]:
    if (parsed := _parsed(value)) and "Statement" in parsed:
        text = value if isinstance(value, str) else json.dumps(value)
        yield Document(resource, kind, statements_of(parsed), text)


def _parsed(policy: Any) -> Mapping[str, Any] | None:
    if isinstance(policy, str) and policy.lstrip().startswith("{"):
        try:
            policy = json.loads(policy)
        except ValueError:
            return None
    return policy if isinstance(policy, Mapping) else None


def _statement(raw: Mapping[str, Any]) -> Statement:
    return Statement(
        sid=str(raw.get("Sid", "")),
        effect=str(raw.get("Effect", "")),
        actions=_texts(raw.get("Action")),
        resources=_texts(raw.get("Resource")),
        principals=_principals(raw.get("Principal")),
        exclusions={key: _excluded(raw[key]) for key in _EXCLUSIONS if key in raw},
        conditions=tuple(
            Condition(operator, key, _texts(values))
            for operator, by_key in mapping(raw.get("Condition")).items()
            for key, values in mapping(by_key).items()
        ),
    )


def _principals(value: Any) -> Mapping[str, tuple[str, ...]]:
    if isinstance(value, Mapping):
        return {kind: _texts(value[kind]) for kind in sorted(value)}
    return {"*": _texts(value)} if value else {}


def _excluded(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        return named_principals(_principals(value))
    return _texts(value)


def named_principals(principals: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Returns principals as text; rare kinds with a prefix (`CanonicalUser:...`)."""
    plain = ("*", "AWS", "Service", "Federated")
    return tuple(
        one if kind in plain else f"{kind}:{one}"
        for kind, names in principals.items()
        for one in names
    )


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> tuple[str, ...]:
    # IAM reads the boolean true and the text "true" as the same.
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in _list(value))
