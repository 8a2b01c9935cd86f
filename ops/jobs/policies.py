"""The stack's own admission policies, evaluated over an application and over its pods."""

import json
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from components.names import TEAM_LABEL
from ops.jobs.cel import compiled
from ops.jobs.cel_functions import CelError
from ops.plan.model import Plan, Resource
from ops.plan.values import at, mapping, mappings, sequence
from ops.plan.workloads import team_namespaces

POLICY = "ValidatingAdmissionPolicy"
NOT_EVALUATED = "cannot be evaluated, and the API server refuses what it cannot evaluate"


class Refusal(tuple[str, str]):
    """Name of a policy, and what it says."""

    __slots__ = ()

    @property
    def policy(self) -> str:
        return self[0]

    @property
    def message(self) -> str:
        return self[1]


def refusals(
    plan: Plan, resource: str, target: Mapping[str, Any], namespace: str, user: str
) -> Iterator[Refusal]:
    """What the policies refuse when `user` creates the object in a team's namespace.

    Raises ValueError for a policy that cannot be read.
    """
    group, _, version = str(target["apiVersion"]).rpartition("/")
    spaces = {one.object_name: one for one in team_namespaces(plan)}
    scope: dict[str, Any] = {
        "object": _plain(target),
        "oldObject": None,
        "namespaceObject": _namespace(spaces[namespace]),
        "request": {
            "operation": "CREATE",
            "namespace": namespace,
            "resource": {"group": group, "version": version, "resource": resource},
            "userInfo": {"username": user},
        },
    }
    for policy in plan.of_kind(POLICY):
        spec = mapping(policy.inputs, "spec")
        if _matches(spec, group, version, resource) and _is_bound(plan, policy):
            yield from _violations(policy.object_name, spec, scope)


def _plain(value: Any) -> Any:
    """The object as the API server has it: amounts as text."""
    return json.loads(json.dumps(value, default=_amount))


def _amount(value: Any) -> Any:
    if isinstance(value, Fraction):
        return f"{int(value * 1000)}m"
    raise TypeError(type(value))


def _matches(spec: Mapping[str, Any], group: str, version: str, resource: str) -> bool:
    return any(
        group in sequence(rule.get("apiGroups"))
        and {version, "*"} & {*sequence(rule.get("apiVersions"))}
        and "CREATE" in sequence(rule.get("operations"))
        and {resource, "*"} & {*sequence(rule.get("resources"))}
        for rule in mappings(at(spec, "matchConstraints.resourceRules"))
    )


def _is_bound(plan: Plan, policy: Resource) -> bool:
    """Whether a binding denies by this policy in the teams' namespaces."""
    for one in plan.of_kind(f"{POLICY}Binding"):
        spec = mapping(one.inputs, "spec")
        selectors = mappings(at(spec, "matchResources.namespaceSelector.matchExpressions"))
        if spec.get("policyName") == policy.object_name and "Deny" in sequence(
            spec.get("validationActions")
        ):
            return all(each.get("key") == TEAM_LABEL for each in selectors)
    return False


def _namespace(resource: Resource) -> dict[str, Any]:
    metadata = mapping(resource.inputs, "metadata")
    return {"metadata": {"labels": {}, "annotations": {}, **_plain(dict(metadata))}}


class _Variables(Mapping[str, Any]):
    """Variables of a policy, each evaluated when an expression asks for it."""

    def __init__(self, expressions: Mapping[str, str], scope: Mapping[str, Any]) -> None:
        self._expressions = expressions
        self._scope = {**scope, "variables": self}
        self._found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            self._found[name] = compiled(self._expressions[name])(self._scope)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._expressions)

    def __len__(self) -> int:
        return len(self._expressions)


def _violations(name: str, spec: Mapping[str, Any], scope: Mapping[str, Any]) -> Iterator[Refusal]:
    expressions = (
        {str(one["name"]): str(one["expression"]) for one in mappings(spec["variables"])}
        if "variables" in spec
        else {}
    )
    inside = {**scope, "variables": _Variables(expressions, scope)}
    conditions = mappings(spec.get("matchConditions"))
    if not all(compiled(str(one["expression"]))(inside) for one in conditions):
        return
    for rule in mappings(spec.get("validations")):
        message = str(rule.get("message"))
        try:
            if compiled(str(rule["expression"]))(inside) is True:
                continue
            if "messageExpression" in rule:
                message = compiled(str(rule["messageExpression"]))(inside)
        except CelError as failure:
            message = f"{message} ({failure}: it {NOT_EVALUATED})"
        yield Refusal((name, re.sub(r"\s+", " ", message)))
