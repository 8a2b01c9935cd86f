"""Who serves what the stack creates in the cluster: definitions, controllers, namespaces."""

from collections.abc import Iterator

from ops.plan.model import Plan
from ops.plan.packages import RELEASE, packages, registered
from ops.plan.values import at
from ops.rules.rule import Violation, rule

_BUILT_IN = ("default", "kube-system", "kube-public", "kube-node-lease")


@rule(
    reason="The API server refuses an object without its definition, and without a controller "
    "nothing happens to it, its deletion included.",
    source="https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/",
)
def custom_objects_served(plan: Plan) -> Iterator[Violation]:
    """Custom resources of the stack have a release that defines and one that reconciles them, or
    the stack file says that the cluster has both."""
    charts = [one for one in packages(plan) if one.resource.type == RELEASE]
    given = _given(plan, "apiGroups")
    groups = {group for one in charts if one.workloads for group in one.api_groups} | given
    defined = given | {
        group
        for one in charts
        if not one.workloads or not one.resource.inputs.get("skipCrds")
        for group in one.api_groups
    }
    for one in plan.resources:
        if not one.is_custom_object:
            continue
        group = str(one.inputs.get("apiVersion")).partition("/")[0]
        if group not in groups:
            yield Violation(one, group, f"has no controller of {group} in the stack")
        if group not in defined:
            yield Violation(one, f"{group} definitions", f"has no definitions of {group}")


@rule(
    reason="The API server refuses an object in a namespace that does not exist.",
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
)
def namespaces_exist(plan: Plan) -> Iterator[Violation]:
    """Objects and releases are in a namespace of the stack or of Kubernetes, or in one that the
    stack file says to be there."""
    present = {one.object_name for one in plan.of_kind("Namespace")} | _given(plan, "namespaces")
    for one in plan.resources:
        path = "namespace" if one.type == RELEASE else "metadata.namespace"
        is_here = one.type == RELEASE or one.is_kubernetes_object
        name = at(one.inputs, path) if is_here else None
        if isinstance(name, str) and name not in {*present, *_BUILT_IN}:
            yield Violation(one, name, f"is in namespace {name}, which is not there")


def _given(plan: Plan, what: str) -> set[str]:
    """API groups or namespaces that the cluster has without the stack."""
    return {name for _, given in registered(plan, "given") for name in given.get(what, ())}
