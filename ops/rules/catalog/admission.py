"""Admission policies: which requests the API server denies."""

from collections.abc import Iterator

from components.names import TEAM_LABEL
from ops.plan.model import Plan, Resource
from ops.plan.values import at, each
from ops.rules.rule import Violation, rule

_DOCS = "https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/"
_BETWEEN = (
    "allowPrivilegeEscalation",
    "capabilities",
    "runAsNonRoot",
    "runAsUser",
    "seccompProfile",
    "volumes",
)
"""Requirements of `restricted` beyond `baseline`:
kubernetes.io/docs/concepts/security/pod-security-standards."""


def _bindings(plan: Plan, policy: Resource) -> list[Resource]:
    return [
        one
        for one in plan.of_kind("ValidatingAdmissionPolicyBinding")
        if at(one.inputs, "spec.policyName") == policy.object_name
    ]


def _denies(binding: Resource) -> bool:
    return "Deny" in each(binding.inputs, "spec.validationActions")


def _for_teams(binding: Resource) -> bool:
    """Whether a binding applies to every namespace of a team."""
    selector = at(binding.inputs, "spec.matchResources.namespaceSelector")
    wanted = [{"key": TEAM_LABEL, "operator": "Exists"}]
    return not selector or each(selector, "matchExpressions") == wanted


def restricted_by_admission(plan: Plan) -> bool:
    """Whether a policy enforces on teams' pods what `restricted` requires beyond `baseline`."""
    for policy in plan.of_kind("ValidatingAdmissionPolicy"):
        resources = {
            resource
            for item in each(policy.inputs, "spec.matchConstraints.resourceRules")
            for resource in each(item, "resources")
        }
        text = " ".join(
            str(item.get("expression")) for item in each(policy.inputs, "spec.validations")
        )
        bound = any(_denies(one) and _for_teams(one) for one in _bindings(plan, policy))
        if "pods" in resources and bound and all(word in text for word in _BETWEEN):
            return True
    return False


@rule(
    reason="A policy without a binding, with one that only warns, or that admits requests which it "
    "cannot evaluate, denies nothing.",
    source=_DOCS,
)
def admission_denies(plan: Plan) -> Iterator[Violation]:
    """Every admission policy is bound, denies, and fails closed."""
    for policy in plan.of_kind("ValidatingAdmissionPolicy"):
        if at(policy.inputs, "spec.failurePolicy") != "Fail":
            yield Violation(policy, "failurePolicy", "admits requests that it cannot evaluate")
        if not each(policy.inputs, "spec.validations"):
            yield Violation(policy, "validations", "has no validation")
        bindings = _bindings(plan, policy)
        if not bindings:
            yield Violation(policy, "binding", "is bound to nothing")
        for one in bindings:
            if not _denies(one):
                yield Violation(one, "actions", "only warns instead of denying")
            if not _for_teams(one):
                yield Violation(one, "namespaces", "does not apply to every team")
