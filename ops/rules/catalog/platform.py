"""What runs for all teams: probes, Services, tokens, the Spark operator, network policies."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.names import JARS_CLAIM
from ops.plan.model import Plan
from ops.plan.packages import packages
from ops.plan.values import UNKNOWN, at, each, is_true, mapping
from ops.plan.workloads import (
    denied_by_default,
    in_namespace,
    lets_out,
    namespace_of,
    pods,
    team_namespaces,
)
from ops.rules.rule import Violation, rule

_OPERATOR = (
    "https://github.com/kubeflow/spark-operator/blob/master/charts/spark-operator-chart/README.md"
)
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


@rule(
    reason="Without a readiness probe a pod that hangs gets requests, and a rollout "
    "never stops; a selector that does not match the template adopts other pods or none.",
    source="https://kubernetes.io/docs/tasks/configure-pod-container/"
    "configure-liveness-readiness-startup-probes/",
)
def workloads_tell(plan: Plan) -> Iterator[Violation]:
    """Every workload has readiness probes, and a selector that matches its own pods."""
    for pod in pods(plan):
        if pod.kind not in _WORKLOADS:
            continue
        for container in each(pod.spec, "containers"):
            if "readinessProbe" not in container:
                yield Violation(
                    pod.resource, "probe", f"{container.get('name')} has no readiness probe"
                )
        wanted = at(pod.resource.inputs, "spec.selector.matchLabels") or {}
        if not wanted or not wanted.items() <= pod.labels.items():
            yield Violation(pod.resource, "selector", "does not select its own pods")


@rule(
    reason="Requests to a Service without pods, or to a port that no container has, fail.",
    source="https://kubernetes.io/docs/concepts/services-networking/service/",
)
def services_reach(plan: Plan) -> Iterator[Violation]:
    """Every Service selects pods of its namespace and a port of theirs, and is a ClusterIP."""
    for one in plan.of_kind("Service"):
        namespace = namespace_of(one)
        selector = at(one.inputs, "spec.selector") or {}
        if at(one.inputs, "spec.type") not in (None, "ClusterIP"):
            yield Violation(one, "type", "is reachable from outside the cluster")
        chosen = [
            pod
            for pod in pods(plan)
            if pod.namespace == namespace and selector and selector.items() <= pod.labels.items()
        ]
        here = {
            value
            for pod in chosen
            for container in pod.containers
            for port in each(container, "ports")
            for value in (port.get("containerPort"), port.get("name"))
        }
        if not chosen:
            yield Violation(one, "selector", "selects no pod")
        if not each(one.inputs, "spec.ports"):
            yield Violation(one, "ports", "has no port")
        for port in each(one.inputs, "spec.ports"):
            if chosen and port.get("targetPort", port.get("port")) not in here:
                yield Violation(
                    one, "port", f"targets port {port.get('targetPort')}, which no container has"
                )


@rule(
    reason="An attacker in a pod can use its API token; a pod that never calls the API server "
    "needs none.",
    source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"
    "#opt-out-of-api-credential-automounting",
)
def tokens_needed(plan: Plan) -> Iterator[Violation]:
    """Pods and service accounts without a role do not mount a token."""
    bound = {
        (subject.get("namespace"), subject.get("name"))
        for one in (*plan.of_kind("RoleBinding"), *plan.of_kind("ClusterRoleBinding"))
        for subject in each(one.inputs, "subjects")
    }
    for one in plan.of_kind("ServiceAccount"):
        account = (namespace_of(one), one.object_name)
        if account not in bound and one.inputs.get("automountServiceAccountToken") is not False:
            yield Violation(one, "token", "gets a token of the API server that it does not use")
    for pod in pods(plan):
        account = (pod.namespace, pod.spec.get("serviceAccountName"))
        if account not in bound and pod.spec.get("automountServiceAccountToken") is not False:
            yield Violation(pod.resource, "token", "mounts a token that it does not use")


@rule(
    reason="Without namespaces the operator watches all of them; without its webhook "
    "pods lack volumes and security context; without leader election two replicas submit "
    "a job twice.",
    source=_OPERATOR,
)
def operator_bounded(plan: Plan) -> Iterator[Violation]:
    """The Spark operator watches the teams' namespaces only, with leader election and webhook."""
    teams = {one.object_name for one in team_namespaces(plan)}
    for package in packages(plan):
        if package.name != "spark-operator" or package.values == UNKNOWN:
            continue
        values: Mapping[str, Any] = package.values
        watched = set(each(values, "spark.jobNamespaces"))
        if not watched or not watched <= teams:
            named = ", ".join(sorted(watched - teams)) or "every namespace"
            yield Violation(package.resource, "namespaces", f"watches {named}")
        for path in ("controller.leaderElection.enable", "webhook.leaderElection.enable"):
            if not is_true(at(values, path)):
                yield Violation(package.resource, path, f"{path} is not set")
        if at(values, "webhook.failurePolicy") != "Fail":
            yield Violation(package.resource, "failurePolicy", "admits pods without its webhook")
        if not is_true(at(values, "hook.upgradeCrd")) or not package.resource.inputs.get(
            "skipCrds"
        ):
            yield Violation(package.resource, "CRDs", "does not upgrade its CRDs")


@rule(
    reason="Rules and network policies find a team's namespace by its label.",
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/",
)
def team_labelled(plan: Plan) -> Iterator[Violation]:
    """A namespace with a claim on JARs has the team label."""
    teams = {one.object_name for one in team_namespaces(plan)}
    for one in plan.of_kind("PersistentVolumeClaim"):
        namespace = namespace_of(one)
        if one.object_name == JARS_CLAIM and namespace not in teams:
            yield Violation(one, "label", f"is in {namespace}, which is not labelled as a team's")


@rule(
    reason="Without a policy every pod of the cluster can reach a service with a team's data.",
    source="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
)
def platform_network(plan: Plan) -> Iterator[Violation]:
    """A namespace with a Service of the stack, or with the Spark operator, denies all ingress and
    egress but what it needs: DNS among it, and HTTPS for pods with a role or a right."""
    operators = {
        str(one.resource.inputs.get("namespace"))
        for one in packages(plan)
        if "spark-jobs" in one.provides
    }
    for namespace in plan.of_kind("Namespace"):
        name = namespace.object_name
        served = in_namespace(plan, "Service", name) or name in operators
        closed = denied_by_default(plan, name)
        for kind in ("Ingress", "Egress") if served else ():
            if kind not in closed:
                yield Violation(namespace, kind, f"does not deny {kind} by default")
        policies = in_namespace(plan, "NetworkPolicy", name)
        for what, port in (("DNS", 53), ("HTTPS", 443)) if "Egress" in closed else ():
            if port == 443 and name not in operators and not _calls_out(plan, name):
                continue
            if served and not any(lets_out(one, port) for one in policies):
                yield Violation(namespace, what, f"does not allow egress to {what}")


def _calls_out(plan: Plan, namespace: str) -> bool:
    """Whether pods there have an account that calls AWS or the API server."""
    accounts = in_namespace(plan, "ServiceAccount", namespace)
    return not accounts or any(
        one.inputs.get("automountServiceAccountToken") is not False
        or mapping(one.inputs, "metadata.annotations")
        for one in accounts
    )
