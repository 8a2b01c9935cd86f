"""Pods: host access, security context, images, requests, disruption budgets."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ops.plan.images import cache_of, repository_of
from ops.plan.model import Plan
from ops.plan.packages import packages
from ops.plan.values import UNKNOWN, at, each, is_true, known
from ops.plan.workloads import Pod, pods, team_namespaces
from ops.rules.catalog.admission import restricted_by_admission
from ops.rules.rule import Severity, Violation, rule

_SECURITY = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_VERSION = re.compile(r":v?\d+\.\d+\.\d+[\w.-]*$")
MULTI_ARCH: Mapping[str, str] = {
    "public.ecr.aws/amazonlinux/amazonlinux": "one tag for x86-64 and arm64: docs.aws.amazon.com/"
    "AmazonECR/latest/userguide/amazon_linux_container_image.html",
    "docker.io/apache/celeborn": "github.com/awslabs/data-on-eks runs 0.6.2 on r8g (arm64) and its "
    "base, eclipse-temurin, has both",
    "docker.io/fluent/fluent-bit": "tags for amd64 and arm64: hub.docker.com/r/fluent/fluent-bit/"
    "tags",
    "docker.io/apache/spark": "tags for amd64 and arm64: hub.docker.com/r/apache/spark/tags",
    "public.ecr.aws/aws-cli/aws-cli": "AWS' gallery lists ARM 64 and x86-64: "
    "gallery.ecr.aws/aws-cli/aws-cli; none of these images "
    "was pulled to check",
}
"""Images that run on both architectures, with the source."""
_SAFE_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip


def _reaches_host(pod: Pod) -> Iterator[str]:
    """The parts of its node that a pod has access to."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(key) not in (None, False, "false"):
            yield key
    for volume in each(pod.spec, "volumes"):
        if "hostPath" in volume:
            yield f"hostPath {at(volume, 'hostPath.path')}"
    for container in pod.containers:
        security = container.get("securityContext") or {}
        if is_true(security.get("privileged")):
            yield "privileged"
        for capability in each(security, "capabilities.add"):
            yield f"capability {capability}"
        if at(security, "seLinuxOptions.type") == "spc_t":
            yield "SELinux spc_t"


@rule(
    reason="A pod with host access can become root on its node and use the node's role.",
    source=_SECURITY,
)
def pod_host_access(plan: Plan) -> Iterator[Violation]:
    """No pod has access to its node."""
    for pod in pods(plan):
        for what in _reaches_host(pod):
            yield Violation(pod.resource, what, f"has access to its node: {what}")


@rule(
    reason="Team code is untrusted: the API server must deny a pod that asks for privileges.",
    source="https://kubernetes.io/docs/concepts/security/pod-security-admission/",
)
def team_pods_restricted(plan: Plan) -> Iterator[Violation]:
    """A team's namespace enforces the restricted level, or baseline with an admission policy for
    the difference; the stack's own pods comply."""
    namespaces = team_namespaces(plan)
    for one in namespaces:
        level = (at(one.inputs, "metadata.labels") or {}).get("pod-security.kubernetes.io/enforce")
        made_up_for = level == "baseline" and restricted_by_admission(plan)
        if level not in ("restricted", UNKNOWN) and not made_up_for:
            yield Violation(one, "enforce", f"enforces {level or 'no standard'} on its pods")
    names = {one.object_name for one in namespaces}
    for pod in pods(plan):
        if pod.namespace in names:
            for what in _reaches_host(pod):
                yield Violation(pod.resource, what, f"has {what} in a team's namespace")
            for volume in each(pod.spec, "volumes"):
                for kind in set(volume) - _SAFE_VOLUMES - {"name", "hostPath"}:
                    yield Violation(
                        pod.resource, kind, f"has a {kind} volume in a team's namespace"
                    )


@rule(
    reason="An attacker in a container gets every privilege that the container has.",
    source="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
)
def pod_hardened(plan: Plan) -> Iterator[Violation]:
    """Containers drop all capabilities, forbid privilege escalation, have a read-only root
    filesystem, and do not run as root."""
    for pod in pods(plan):
        for container in pod.containers:
            security, name = container.get("securityContext") or {}, container.get("name")
            if "ALL" not in each(security, "capabilities.drop"):
                yield Violation(pod.resource, f"{name} drop", f"{name} keeps default capabilities")
            if security.get("allowPrivilegeEscalation") is not False:
                yield Violation(pod.resource, f"{name} gain", f"{name} may gain privileges")
            if not is_true(security.get("readOnlyRootFilesystem")):
                yield Violation(
                    pod.resource, f"{name} files", f"{name} has a writable root filesystem"
                )
            for path, wanted in (("runAsNonRoot", True), ("seccompProfile.type", "RuntimeDefault")):
                found = at(security, path)
                if found is None:
                    found = at(pod.spec, f"securityContext.{path}")
                if found != wanted:
                    yield Violation(pod.resource, f"{name} {path}", f"{name} has no {path}")


@rule(
    reason="A namespace without a pod security level admits privileged pods.",
    source="https://kubernetes.io/docs/concepts/security/pod-security-admission/",
)
def namespace_level(plan: Plan) -> Iterator[Violation]:
    """Every namespace has a pod security level."""
    for one in plan.of_kind("Namespace"):
        labels = at(one.inputs, "metadata.labels") or {}
        if labels != UNKNOWN and "pod-security.kubernetes.io/enforce" not in labels:
            yield Violation(one, "enforce", "enforces no Pod Security level")


@rule(
    reason="By default a DaemonSet is evicted like any pod when a node runs out of "
    "memory; its rollout needs a limit of nodes at once.",
    source="https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/",
)
def agents_safe(plan: Plan) -> Iterator[Violation]:
    """A DaemonSet is rolled out a few nodes at a time, and its pods are critical to the node."""
    for pod in pods(plan):
        if pod.kind != "DaemonSet":
            continue
        if not at(pod.resource.inputs, "spec.updateStrategy.rollingUpdate.maxUnavailable"):
            yield Violation(
                pod.resource, "update", "does not limit how many nodes a rollout changes at once"
            )
        if pod.spec.get("priorityClassName") != "system-node-critical":
            yield Violation(pod.resource, "priority", "has no critical priority and can be evicted")


@rule(
    reason="Without a version a pod that starts tomorrow may run another image than today's.",
    source="https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
def images_pinned(plan: Plan) -> Iterator[Violation]:
    """Every image of a pod has a digest or a full version tag."""
    for pod in pods(plan):
        for container in pod.containers:
            image = str(container.get("image", ""))
            if image != UNKNOWN and not (_DIGEST.search(image) or _VERSION.search(image)):
                yield Violation(pod.resource, image, f"runs {image or 'no image'}")


@rule(
    severity=Severity.warning,
    reason="A tag can move to another image, a digest cannot.",
    source="https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
def images_by_digest(plan: Plan) -> Iterator[Violation]:
    """Every image of a pod has a digest."""
    for pod in pods(plan):
        for container in pod.containers:
            image = str(container.get("image", ""))
            if image != UNKNOWN and not _DIGEST.search(image):
                yield Violation(pod.resource, image, f"runs {image or 'no image'} without a digest")


@rule(
    reason="Nodes fall back from arm64 to amd64: an image of one architecture does not "
    "start on the other.",
    source="https://docs.aws.amazon.com/eks/latest/best-practices/cost-opt-compute.html",
)
def images_multi_arch(plan: Plan) -> Iterator[Violation]:
    """Every image is on the list of multi-architecture images."""
    cache = cache_of(plan)
    for pod in pods(plan):
        for container in pod.containers:
            image = str(container.get("image", ""))
            repository = repository_of(image, cache)
            one_arch = at(pod.spec, "nodeSelector") or {}
            listed = repository in MULTI_ARCH or "kubernetes.io/arch" in one_arch
            if image != UNKNOWN and not listed:
                yield Violation(
                    pod.resource, repository, f"{repository} is not known to be multi-arch"
                )


@rule(
    reason="The scheduler and Karpenter count requests: pods without any overload their node.",
    source="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
)
def requests_set(plan: Plan) -> Iterator[Violation]:
    """Containers and charts' controllers have CPU and memory requests and a memory limit."""
    for pod in pods(plan):
        for container in pod.containers:
            name = str(container.get("name"))
            yield from _unset(pod.resource, name, container.get("resources"))
    for package in packages(plan):
        paths = [path for workload in package.workloads for path in workload.containers]
        for path in dict.fromkeys(paths):
            if package.values != UNKNOWN:
                yield from _unset(package.resource, package.name, package.at(path))


def _unset(resource: Any, name: str, resources: Any) -> Iterator[Violation]:
    for path in ("requests.cpu", "requests.memory", "limits.memory"):
        if at(resources, path) is None:
            yield Violation(resource, f"{name} {path}", f"{name} sets no {path}")


@rule(
    reason="Without a PodDisruptionBudget a drain or an upgrade may evict all replicas at once.",
    source="https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
)
def budget_for_replicas(plan: Plan) -> Iterator[Violation]:
    """Workloads with replicas have a PodDisruptionBudget; controllers have several replicas,
    spread over nodes."""
    selectors = [
        (str(at(one.inputs, "metadata.namespace")), at(one.inputs, "spec.selector.matchLabels"))
        for one in plan.of_kind("PodDisruptionBudget")
    ]
    for pod in pods(plan):
        kept = any(
            namespace == pod.namespace
            and isinstance(labels, Mapping)
            and labels.items() <= pod.labels.items()
            for namespace, labels in selectors
        )
        if pod.kind in ("Deployment", "StatefulSet") and pod.replicas > 1 and not kept:
            yield Violation(pod.resource, "budget", f"has {pod.replicas} replicas and no budget")
    for package in packages(plan):
        for one in package.workloads if package.values != UNKNOWN else ():
            if not one.replicas:
                continue
            count, name = package.at(one.replicas), package.name
            if count is None or (known(count) and int(count) < 2):
                yield Violation(package.resource, one.replicas, f"{name} runs once")
            if one.spread and not package.at(one.spread):
                yield Violation(package.resource, one.spread, f"{name} may run on one node")
            if one.budget and package.at(one.budget) is None:
                yield Violation(package.resource, one.budget, f"{name} has no budget")
            if not one.budget and not one.brings_budget:
                what = f"{one.name} of {name} is not known to have one"
                yield Violation(package.resource, f"budget of {one.name}", what)
