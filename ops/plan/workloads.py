"""The pods of a plan's manifests, and the namespaces of teams."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.names import TEAM_LABEL
from ops.plan import paths
from ops.plan.model import Plan, Resource

_TEMPLATES = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "PodTemplate": ("template",),
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
            for item in self.spec.get(key) or ():
                if isinstance(item, Mapping):
                    yield item


def pods(plan: Plan) -> Iterator[Pod]:
    """Every pod that a manifest of the plan describes."""
    for one in plan.resources:
        kind = str(one.inputs.get("kind"))
        if not one.is_kubernetes_object or kind not in _TEMPLATES:
            continue
        template = paths.get(one.inputs, _TEMPLATES[kind])
        spec = paths.get(template, ("spec",))
        if isinstance(spec, Mapping):
            labels = paths.get(template, ("metadata", "labels"))
            replicas = paths.get(one.inputs, ("spec", "replicas"))
            yield Pod(
                one,
                kind,
                namespace_of(one),
                labels if isinstance(labels, Mapping) else {},
                spec,
                replicas if isinstance(replicas, int) else 1,
            )


def namespace_of(resource: Resource) -> str:
    """The namespace of an object, `default` if it names none."""
    return str(paths.get(resource.inputs, ("metadata", "namespace")) or "default")


def in_namespace(plan: Plan, kind: str, namespace: str) -> list[Resource]:
    """The objects of a kind in a namespace."""
    return [one for one in plan.of_kind(kind) if namespace_of(one) == namespace]


def team_namespaces(plan: Plan) -> list[Resource]:
    """The namespaces of teams."""
    return [
        one
        for one in plan.of_kind("Namespace")
        if TEAM_LABEL in (paths.get(one.inputs, ("metadata", "labels")) or {})
    ]
