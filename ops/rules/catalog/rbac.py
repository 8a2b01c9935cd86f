"""Kubernetes permissions: named verbs on named things."""

from collections.abc import Iterator

from ops.plan.model import Plan
from ops.plan.workloads import packages, pods
from ops.rules.rule import Broken, Severity, rule
from ops.rules.values import UNKNOWN, at, each

_PRACTICE = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
_ESCALATES = {"escalate", "bind", "impersonate"}


@rule(
    "rbac-wildcard",
    Severity.error,
    reason="A star among verbs or resources grants what Kubernetes and its extensions add later.",
    source=f"{_PRACTICE}#least-privilege",
)
def wildcard(plan: Plan) -> Iterator[Broken]:
    """A role names what it is for, and no verb by which it could give itself more."""
    for one in (*plan.of_kind("Role"), *plan.of_kind("ClusterRole")):
        for item in each(one.inputs, "rules"):
            for key in ("apiGroups", "resources", "verbs"):
                if not each(item, key) and "nonResourceURLs" not in item:
                    yield Broken(one, f"no {key}", f"names no {key}")
                if "*" in each(item, key):
                    yield Broken(one, key, f"has a star among its {key}")
            for verb in sorted(_ESCALATES & set(each(item, "verbs"))):
                yield Broken(one, verb, f"may {verb}")


@rule(
    "rbac-cluster-secrets",
    Severity.error,
    reason="Who reads the secrets of every namespace, or starts pods in any, is an administrator.",
    source=f"{_PRACTICE}#kubernetes-rbac-privilege-escalation-risks",
)
def cluster_wide(plan: Plan) -> Iterator[Broken]:
    """No cluster role reads secrets, starts pods, or is the administrator's."""
    for one in plan.of_kind("ClusterRole"):
        for item in each(one.inputs, "rules"):
            if "secrets" in each(item, "resources"):
                yield Broken(one, "secrets", "reads secrets of every namespace")
            if "create" in each(item, "verbs") and "pods" in each(item, "resources"):
                yield Broken(one, "pods", "starts pods in every namespace")
    for one in (*plan.of_kind("ClusterRoleBinding"), *plan.of_kind("RoleBinding")):
        if at(one.inputs, "roleRef.name") in ("cluster-admin", "admin", "system:masters"):
            yield Broken(one, "admin", "makes an administrator")


@rule(
    "rbac-bound",
    Severity.error,
    reason="A role without a binding gives nothing, and a pod without an account of its own has "
    "what everybody's default one gets.",
    source="https://kubernetes.io/docs/concepts/security/service-accounts/",
)
def bound(plan: Plan) -> Iterator[Broken]:
    """Every role is bound to a subject, and platform pods have accounts of their own."""
    bindings = (*plan.of_kind("ClusterRoleBinding"), *plan.of_kind("RoleBinding"))
    named = {
        (
            at(one.inputs, "roleRef.kind"),
            at(one.inputs, "roleRef.name"),
            at(one.inputs, "metadata.namespace"),
        )
        for one in bindings
    }
    for kind in ("Role", "ClusterRole"):
        for one in plan.of_kind(kind):
            here = (kind, one.object_name, at(one.inputs, "metadata.namespace"))
            if here not in named and not at(one.inputs, "aggregationRule"):
                yield Broken(one, "binding", "is bound to nobody")
    for one in bindings:
        if not each(one.inputs, "subjects"):
            yield Broken(one, "subjects", "binds nobody")
    for pod in pods(plan):
        if not pod.spec.get("serviceAccountName"):
            yield Broken(pod.resource, "account", "runs as the namespace's default account")


@rule(
    "packages-have-role",
    Severity.error,
    reason="A controller without a role of its own calls AWS with the node's, which has no such "
    "right, or fails for want of any.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html",
)
def roles(plan: Plan) -> Iterator[Broken]:
    """Charts and add-ons that call AWS have a role of the stack's."""
    for package in packages(plan):
        if package.parts is None or not package.parts.calls_aws:
            continue
        key = "values" if package.resource.type.startswith("kubernetes:") else ""
        urns = package.resource.options.property_dependencies.get(key or "serviceAccountRoleArn")
        if not any("aws:iam/role:Role" in urn for urn in urns or ()):
            yield Broken(package.resource, "role", f"{package.name} has no role")
        accounts = "eks.amazonaws.com/role-arn" in str(package.values)
        if key and package.values != UNKNOWN and not accounts:
            yield Broken(package.resource, "account", f"{package.name}'s account names no role")
