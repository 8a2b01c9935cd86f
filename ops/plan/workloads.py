"""The pods of a plan: those that manifests describe, and those of Helm charts and EKS add-ons."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from components.names import TEAM_LABEL
from ops.plan import paths
from ops.plan.model import Plan, Resource

RELEASE = "kubernetes:helm.sh/v3:Release"
ADDON = "aws:eks/addon:Addon"
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
"""Where an object of each kind has its pods' template."""


@dataclass(frozen=True)
class Pod:
    """A pod's specification, and the object that it stands in."""

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
    """The namespace of an object, `default` where it names none."""
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


class Parts(NamedTuple):
    """What a chart or add-on runs, by paths into its values.

    `controllers` are the paths below which a Deployment's nodeSelector and tolerations stand, and
    `jobs` those of pods that end; `replicas` and `requests` where these stand, none where the
    package sets them; `budgets` where its PodDisruptionBudgets are set, none where the package
    brings one, or none is known; `agents` the path of a DaemonSet's `tolerateAllTaints`.
    """

    controllers: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    replicas: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    budgets: tuple[str, ...] = ()
    spreads: tuple[str, ...] = ()
    """Where its replicas are spread, none where the package does it."""
    brings_budget: str = ""
    """The source that says that the package brings a budget."""
    agents: str = ""
    calls_aws: bool = False
    """Whether it needs a role of its own."""


PACKAGES: Mapping[str, Parts] = {
    "karpenter": Parts(
        controllers=("",),
        replicas=("replicas",),
        requests=("controller.resources",),
        budgets=("podDisruptionBudget.maxUnavailable",),
        calls_aws=True,
    ),
    "karpenter-crd": Parts(),
    "cluster-autoscaler": Parts(
        controllers=("",),
        replicas=("replicaCount",),
        requests=("resources",),
        budgets=("podDisruptionBudget.maxUnavailable",),
        calls_aws=True,
    ),
    "spark-operator": Parts(
        controllers=("controller", "webhook"),
        jobs=("hook",),
        replicas=("controller.replicas", "webhook.replicas"),
        requests=("controller.resources", "webhook.resources"),
        budgets=(
            "controller.podDisruptionBudget.minAvailable",
            "webhook.podDisruptionBudget.minAvailable",
        ),
        spreads=("controller.topologySpreadConstraints", "webhook.topologySpreadConstraints"),
    ),
    "yunikorn": Parts(
        # The scheduler is one; its admission controller is two.
        controllers=("", "admissionController"),
        replicas=("admissionController.replicaCount",),
        requests=("resources",),
    ),
    "coredns": Parts(
        controllers=("",),
        replicas=("autoScaling.minReplicas",),
        spreads=("topologySpreadConstraints",),
        brings_budget="https://aws.amazon.com/blogs/containers/recent-changes-to-the-coredns-add-on",
    ),
    "aws-ebs-csi-driver": Parts(
        controllers=("controller",),
        replicas=("controller.replicaCount",),
        brings_budget="https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/charts/"
        "aws-ebs-csi-driver/templates/poddisruptionbudget-controller.yaml",
        agents="node.tolerateAllTaints",
        calls_aws=True,
    ),
    "metrics-server": Parts(controllers=("",), replicas=("replicas",)),
    "aws-mountpoint-s3-csi-driver": Parts(
        controllers=("controller",), agents="node.tolerateAllTaints", calls_aws=True
    ),
    # DaemonSets that tolerate everything as they come.
    "vpc-cni": Parts(calls_aws=True),
    "kube-proxy": Parts(),
}
"""Charts and add-ons by name. The rule system-pods-placed refuses one that is not here."""


@dataclass(frozen=True)
class Package:
    """A Helm release or an EKS add-on with its values."""

    resource: Resource
    name: str
    values: Any
    """Text where an engine's first preview does not know them."""
    parts: Parts | None


def packages(plan: Plan) -> Iterator[Package]:
    """Every chart and add-on of the plan."""
    for one in plan.by_type(RELEASE):
        name = str(one.inputs.get("chart")).rpartition("/")[2]
        yield Package(one, name, one.inputs.get("values") or {}, PACKAGES.get(name))
    for one in plan.by_type(ADDON):
        name = str(one.inputs.get("addonName"))
        values = _values(one.inputs.get("configurationValues"))
        yield Package(one, name, values, PACKAGES.get(name))


def _values(text: Any) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        # In an engine's first preview the text stands for values that are not known yet.
        return text
