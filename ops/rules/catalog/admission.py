"""Admission policies: which requests the API server denies."""

from collections.abc import Iterator, Mapping, Sequence

from components.names import (
    DRAIN_POLICY,
    JARS_CLAIM,
    OPERATOR_ACCOUNT,
    SPARK_APPLICATIONS,
    SYSTEM_TAINT,
    TEAM_LABEL,
)
from ops.plan.model import Plan, Resource
from ops.plan.values import at, each
from ops.plan.workloads import team_namespaces
from ops.rules.rule import Violation, rule

_BETWEEN = (
    "allowPrivilegeEscalation", "capabilities", "runAsNonRoot", "runAsUser", "seccompProfile",
    "volumes",
)  # fmt: skip
"""Requirements of `restricted` beyond `baseline`:
kubernetes.io/docs/concepts/security/pod-security-standards."""
_JUDGED: Mapping[tuple[str, str], Sequence[str]] = {
    ("sparkapplications", "CREATE"): (
        *("mode", "mainApplicationFile", "mainClass", "jars", "packages", "repositories"),
        *("sparkConf", "hadoopConf", "javaOptions", "sparkConfigMap", "proxyUser"),
        *("driverIngressOptions", "spark.kubernetes.", "-Dspark.", "spark.executor.instances"),
        *("spark.dynamicAllocation.enabled", "maxExecutors", "initialExecutors"),
    ),
    ("scheduledsparkapplications", "CREATE"): ("template", "mode"),
    ("*", "CREATE"): ("sparkapplications", "version"),
    ("pods", "CREATE"): ("nodeName", SYSTEM_TAINT, "priority", "csi", "spark-role", "JAVA_TOOL"),
    ("services", "CREATE"): ("externalIPs", "ExternalName"),
    ("persistentvolumeclaims", "DELETE"): (JARS_CLAIM, "authorizer"),
    ("networkpolicies", "DELETE"): ("authorizer",),
    ("networkpolicies", "UPDATE"): ("authorizer",),
}
"""What policies must read of a resource, on this operation."""
_DRAINED = {
    "CREATE": "request.operation != 'CREATE'",
    "UPDATE": "suspend",
    "DELETE": OPERATOR_ACCOUNT,
}
"""What the policy of a cluster that takes no jobs must read."""


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


def _read(plan: Plan, name: str = "") -> dict[tuple[str, str], str]:
    """What policies that deny for teams read of a resource on an operation; of all, or of one."""
    read: dict[tuple[str, str], str] = {}
    for policy in plan.of_kind("ValidatingAdmissionPolicy"):
        if name not in ("", policy.object_name):
            continue
        if not any(_denies(one) and _for_teams(one) for one in _bindings(plan, policy)):
            continue
        spec = policy.inputs["spec"]
        texts = [*each(spec, "variables"), *each(spec, "validations")]
        text = " ".join(str(item.get("expression")) for item in texts)
        for item in each(spec, "matchConstraints.resourceRules"):
            for resource in each(item, "resources"):
                for operation in each(item, "operations"):
                    key = (resource, operation)
                    read[key] = f"{read.get(key, '')} {text}"
    return read


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
    source="https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/",
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


@rule(
    reason="Kubernetes and the Spark operator admit applications that run in the operator's own "
    "pod, pods on any node and with any priority, and services that take other teams' traffic.",
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)
def team_admission(plan: Plan) -> Iterator[Violation]:
    """Admission policies judge what a team's people and pods create and delete."""
    read = _read(plan)
    for namespace in team_namespaces(plan):
        for (resource, operation), words in _JUDGED.items():
            text = read.get((resource, operation), "")
            for word in words:
                if word not in text:
                    problem = f"{operation} of {resource}: no policy reads {word}"
                    yield Violation(namespace, f"{operation} {resource} {word}", problem)


@rule(
    reason="A fleet sends jobs elsewhere, and people take the cluster down, because it takes none: "
    "one that starts then is lost.",
    source="https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/",
    offline_only=True,
)
def jobs_refused(plan: Plan) -> Iterator[Violation]:
    """A stack whose output `acceptsJobs` is false denies new, changed and resumed applications,
    and no other stack does."""
    if not team_namespaces(plan):
        return
    read = _read(plan, DRAIN_POLICY)
    if plan.exports.get("acceptsJobs") is not False:
        if read:
            text = f"policy {DRAIN_POLICY} denies jobs, and acceptsJobs is not false"
            yield Violation(None, DRAIN_POLICY, text)
        return
    for resource in SPARK_APPLICATIONS:
        for operation, word in _DRAINED.items():
            if word not in read.get((resource, operation), ""):
                text = f"acceptsJobs is false, and no policy denies {operation} of {resource}"
                yield Violation(None, f"{operation} {resource}", f"{text} by {word}")
