"""Kubernetes RBAC: verbs, resources and bindings."""

from collections.abc import Iterator

from components.names import EXECUTOR_ACCOUNT
from ops.plan import rbac
from ops.plan.model import Plan
from ops.plan.packages import RELEASE, packages
from ops.plan.values import UNKNOWN, each
from ops.plan.workloads import namespace_of, pods, team_namespaces
from ops.rules.catalog.roles import roles_of
from ops.rules.rule import Violation, rule

_PRACTICE = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
_ALL_USERS = (
    "system:masters", "system:authenticated", "system:unauthenticated", "system:anonymous",
)  # fmt: skip
_WHOLE_KUBELET = {"proxy", "exec", "*"}
_ESCALATES = {"escalate", "bind", "impersonate"}


@rule(
    reason="A wildcard among verbs or resources also grants what Kubernetes and CRDs add later.",
    source=f"{_PRACTICE}#least-privilege",
)
def rbac_wildcard(plan: Plan) -> Iterator[Violation]:
    """Roles name verbs and resources, and contain no verb that escalates privileges."""
    for role in rbac.roles(plan):
        for item in role.rules:
            for key in ("apiGroups", "resources", "verbs"):
                values = each(item, key)
                if not values and not each(item, "nonResourceURLs"):
                    yield Violation(role.resource, f"no {key}", f"names no {key}")
                if "*" in values:
                    yield Violation(role.resource, key, f"has a wildcard among its {key}")
            for verb in sorted(_ESCALATES & set(each(item, "verbs"))):
                yield Violation(role.resource, verb, f"may {verb}")


@rule(
    reason="A subject that reads the secrets of every namespace, or creates pods in any, is "
    "effectively an administrator.",
    source=f"{_PRACTICE}#kubernetes-rbac-privilege-escalation-risks",
)
def rbac_cluster_secrets(plan: Plan) -> Iterator[Violation]:
    """No cluster role and no role in a team's namespace reads secrets; no cluster role creates
    pods, or equals cluster-admin."""
    teams = {one.object_name for one in team_namespaces(plan)}
    for role in rbac.roles(plan):
        if role.kind == "Role" and namespace_of(role.resource) in teams:
            for item in role.rules:
                if "secrets" in each(item, "resources"):
                    yield Violation(role.resource, "secrets", "reads secrets of its namespace")
        for item in role.rules if role.kind == "ClusterRole" else ():
            if "secrets" in each(item, "resources"):
                yield Violation(role.resource, "secrets", "reads secrets of every namespace")
            if "create" in each(item, "verbs") and "pods" in each(item, "resources"):
                yield Violation(role.resource, "pods", "creates pods in every namespace")
    for binding in rbac.bindings(plan):
        if binding.role_name in ("cluster-admin", "admin", "system:masters"):
            yield Violation(binding.resource, "admin", "makes an administrator")


@rule(
    reason="nodes/proxy lets its holder run a command in any container of a node through the "
    "kubelet's own port, where admission and audit do not see it; reading pods needs nodes/pods "
    "only.",
    source=f"{_PRACTICE}#access-to-proxy-subresource-of-nodes",
)
def rbac_node_proxy(plan: Plan) -> Iterator[Violation]:
    """No role has the kubelet's whole API: no nodes/proxy, nodes/exec, and no nodes/*."""
    for role in rbac.roles(plan):
        for item in role.rules:
            for name in each(item, "resources"):
                resource, _, part = str(name).partition("/")
                if resource in ("nodes", "*") and part in _WHOLE_KUBELET:
                    yield Violation(role.resource, str(name), f"has {name}")


@rule(
    reason="A right of all users is one of each pod, and of all who reach the endpoint; the "
    "group system:masters cannot be limited, and executors run code of jobs without a driver's "
    "rights.",
    source=f"{_PRACTICE}#least-privilege",
)
def rbac_subjects(plan: Plan) -> Iterator[Violation]:
    """No role is bound to all users, to system:masters, or to executors."""
    for binding in rbac.bindings(plan):
        for subject in binding.subjects:
            kind, _, name = subject.partition(" ")
            if name in _ALL_USERS or name.startswith("system:serviceaccounts"):
                yield Violation(binding.resource, name, f"binds {name}")
            if kind == "ServiceAccount" and name.endswith(f"/{EXECUTOR_ACCOUNT}"):
                yield Violation(binding.resource, name, f"gives rights to executors ({name})")
    for one in plan.by_type("aws:eks/accessEntry:AccessEntry"):
        for group in each(one.inputs, "kubernetesGroups"):
            if group in _ALL_USERS:
                yield Violation(one, group, f"is in {group}")


@rule(
    reason="A role without a binding grants nothing, and a pod without a service account of its "
    "own has the rights of the namespace's default account.",
    source="https://kubernetes.io/docs/concepts/security/service-accounts/",
)
def rbac_bound(plan: Plan) -> Iterator[Violation]:
    """Every role is bound to a subject, and platform pods have accounts of their own."""
    bindings = rbac.bindings(plan)
    for role in rbac.roles(plan):
        if not role.is_aggregated and not any(one.binds(role) for one in bindings):
            yield Violation(role.resource, "binding", "has no binding")
    for binding in bindings:
        if not binding.subjects:
            yield Violation(binding.resource, "subjects", "binds no subject")
    for pod in pods(plan):
        if not pod.spec.get("serviceAccountName"):
            yield Violation(pod.resource, "account", "runs as the namespace's default account")


@rule(
    reason="A controller without its own role uses the node's role, which lacks the permission, "
    "or has no credentials.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html",
)
def packages_have_role(plan: Plan) -> Iterator[Violation]:
    """Charts and add-ons that call AWS have an IAM role of the stack."""
    for package in packages(plan):
        if not package.calls_aws:
            continue
        if not roles_of(plan, package):
            yield Violation(package.resource, "role", f"{package.name} has no role")
        accounts = "eks.amazonaws.com/role-arn" in str(package.values)
        is_chart = package.resource.type == RELEASE
        if is_chart and package.values != UNKNOWN and not accounts:
            yield Violation(package.resource, "account", f"{package.name}'s account names no role")
