"""The pods of a plan's manifests, and the namespaces of teams."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.names import TEAM_LABEL
from ops.plan.model import Plan, Resource
from ops.plan.values import at, each, mapping, mappings

_TEMPLATES = {
    "Pod": "",
    "CronJob": "spec.jobTemplate.spec.template",
    "PodTemplate": "template",
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), "spec.template"
    ),
}
"""Path of the pod template by kind of object."""


@dataclass(frozen=True)
class Pod:
    """A pod's specification, and the object that contains it."""

    resource: Resource
    kind: str
    namespace: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]
    replicas: int

    @property
    def containers(self) -> Iterator[Mapping[str, Any]]:
        """All containers, init containers first."""
        for key in ("initContainers", "containers", "ephemeralContainers"):
            yield from mappings(self.spec.get(key))


def pods(plan: Plan) -> Iterator[Pod]:
    """Every pod that a manifest of the plan describes."""
    for one in plan.resources:
        kind = str(one.inputs.get("kind"))
        if not one.is_kubernetes_object or kind not in _TEMPLATES:
            continue
        template = mapping(one.inputs, _TEMPLATES[kind])
        spec = at(template, "spec")
        if isinstance(spec, Mapping):
            labels = mapping(template, "metadata.labels")
            replicas = at(one.inputs, "spec.replicas")
            count = replicas if isinstance(replicas, int) else 1
            yield Pod(one, kind, namespace_of(one), labels, spec, count)


def namespace_of(resource: Resource) -> str:
    """The namespace of an object, `default` if it names none."""
    return str(mapping(resource.inputs, "metadata").get("namespace") or "default")


def in_namespace(plan: Plan, kind: str, namespace: str) -> list[Resource]:
    return [one for one in plan.of_kind(kind) if namespace_of(one) == namespace]


def denied_by_default(plan: Plan, namespace: str) -> set[str]:
    """The directions, Ingress and Egress, that a namespace denies except by other policies."""
    return {
        kind
        for one in in_namespace(plan, "NetworkPolicy", namespace)
        if not any(at(one.inputs, f"spec.{key}") for key in ("podSelector", "ingress", "egress"))
        for kind in each(one.inputs, "spec.policyTypes")
    }


def lets_out(policy: Resource, port: int) -> bool:
    """Whether a NetworkPolicy allows egress to a port from every pod of its namespace."""
    return (
        not at(policy.inputs, "spec.podSelector")
        and "Egress" in each(policy.inputs, "spec.policyTypes")
        and any(
            port in {found.get("port") for found in each(item, "ports")}
            for item in each(policy.inputs, "spec.egress")
        )
    )


def team_namespaces(plan: Plan) -> list[Resource]:
    return [
        one
        for one in plan.of_kind("Namespace")
        if TEAM_LABEL in mapping(one.inputs, "metadata.labels")
    ]
