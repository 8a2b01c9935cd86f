"""Kubernetes RBAC in a plan: roles, their rules, and the subjects they are bound to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.plan.model import Plan, Resource
from ops.plan.values import at, each, mapping


@dataclass(frozen=True)
class Role:
    """A Role, or a ClusterRole, whose namespace is empty."""

    resource: Resource
    kind: str
    namespace: str
    rules: tuple[Mapping[str, Any], ...]
    """As Kubernetes writes them: `verbs` on `resources` of `apiGroups`, or on `nonResourceURLs`."""

    @property
    def name(self) -> str:
        return self.resource.object_name

    @property
    def is_aggregated(self) -> bool:
        return bool(at(self.resource.inputs, "aggregationRule"))


@dataclass(frozen=True)
class Binding:
    """A RoleBinding, or a ClusterRoleBinding, whose namespace is empty."""

    resource: Resource
    namespace: str
    role_kind: str
    role_name: str
    subjects: tuple[str, ...]
    """Kind and name of users, groups and service accounts, the last with their namespace."""

    def binds(self, role: Role) -> bool:
        """Whether it binds this role: a RoleBinding may bind a ClusterRole, for its namespace."""
        return (role.kind, role.name) == (self.role_kind, self.role_name) and role.namespace in (
            "",
            self.namespace,
        )


def roles(plan: Plan) -> list[Role]:
    """Returns the Roles and ClusterRoles of the plan."""
    return [
        Role(
            one,
            str(one.inputs["kind"]),
            _namespace(one) if one.inputs["kind"] == "Role" else "",
            tuple(mapping(rule) for rule in each(one.inputs, "rules")),
        )
        for one in (*plan.of_kind("Role"), *plan.of_kind("ClusterRole"))
    ]


def bindings(plan: Plan) -> list[Binding]:
    """Returns the RoleBindings and ClusterRoleBindings of the plan."""
    return [
        Binding(
            one,
            _namespace(one) if one.inputs["kind"] == "RoleBinding" else "",
            str(at(one.inputs, "roleRef.kind")),
            str(at(one.inputs, "roleRef.name")),
            tuple(_subject(mapping(subject)) for subject in each(one.inputs, "subjects")),
        )
        for one in (*plan.of_kind("RoleBinding"), *plan.of_kind("ClusterRoleBinding"))
    ]


def role_of(plan: Plan, binding: Binding) -> Role | None:
    """Returns the role of a binding, None if the plan does not create it."""
    return next((role for role in roles(plan) if binding.binds(role)), None)


def _namespace(one: Resource) -> str:
    return str(at(one.inputs, "metadata.namespace") or "")


def _subject(raw: Mapping[str, Any]) -> str:
    namespace = f"{raw['namespace']}/" if raw.get("namespace") else ""
    return f"{raw.get('kind')} {namespace}{raw.get('name')}"
