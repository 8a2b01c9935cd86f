"""YuniKorn: queues with guarantees for the teams, and gang scheduling; for the teams' pods only."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pulumi

from components.base import Problems
from components.context import Context
from components.formats import whole
from components.helm_addon import HelmAddon, HelmSettings, resources
from components.names import YUNIKORN_NAMESPACE
from components.spark.team import TeamSettings
from components.spark.team_limits import QuotaSettings
from components.workloads import Workload
from versions import YUNIKORN

SCHEDULER_ACCOUNT = "yunikorn-admin"
"""The service account that creates the placeholders of a gang: the chart's default."""
SCHEDULER_USER = f"system:serviceaccount:{YUNIKORN_NAMESPACE}:{SCHEDULER_ACCOUNT}"
"""The same account, as the API server names it."""
_REPOSITORY, _PAUSE = "docker.io/apache/yunikorn", "registry.k8s.io/pause:3.7"
"""Of both programs, and of placeholders: the chart's defaults."""
_USER = 4444
"""The user of YuniKorn's images."""

_WORKLOADS = (
    Workload("scheduler", requests="resources"),
    Workload(
        "admission-controller",
        values="admissionController",
        replicas="admissionController.replicaCount",
        requests="admissionController.resources",
        no_budget="The chart (1.8.0) has no value for one. The scheduler runs once; the two "
        "replicas of its admission controller are on two nodes.",
    ),
)


class YunikornSettings(HelmSettings):
    """`spark.yunikorn`: the batch scheduler."""

    fixed = (
        *(path for workload in _WORKLOADS for path in workload.fixed_paths()),
        "image.tag",
        "serviceAccount",
        "resources",
        "admissionController.image.tag",
        "admissionController.resources",
        "admissionController.hostNetwork",
        "podSecurityContext",
        "schedulerSecurityContext",
        "admissionPodSecurityContext",
        "admissionContainerSecurityContext",
        "yunikornDefaults.admissionController",
        "yunikornDefaults.admissionController.filtering.processNamespaces",
        "yunikornDefaults.admissionController.filtering.labelNamespaces",
        "yunikornDefaults.queues.yaml",
    )

    enabled: bool = False
    """Schedule the teams' pods with YuniKorn. The teams' namespaces then admit its placeholders,
    which `restricted` denies; an admission policy requires `restricted` of all other pods."""
    guaranteed_percent: Annotated[int, whole(0, 100)] = 50
    """Share of a team's quota that its queue is guaranteed."""
    memory_mib: Annotated[int, whole(512, 65_536)] = 1024
    """Memory of the scheduler, in MiB."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])


class Yunikorn(HelmAddon):
    """The scheduler's release and its namespace. It is deleted after the teams' pods."""

    def __init__(
        self,
        name: str,
        settings: YunikornSettings,
        context: Context,
        *,
        teams: Sequence[TeamSettings],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "spark:Yunikorn",
            name,
            YUNIKORN,
            context,
            namespace=YUNIKORN_NAMESPACE,
            workloads=_WORKLOADS,
            opts=opts,
        )
        self.install(_values(settings, teams, context), settings)


def _values(
    settings: YunikornSettings, teams: Sequence[TeamSettings], context: Context
) -> dict[str, Any]:
    placement, images = context.placement, context.images
    version = YUNIKORN.version
    image = {"pullPolicy": "IfNotPresent", **images.chart(_REPOSITORY).get("image", {})}
    # Patterns, separated by commas. Team names contain no special character.
    spark = ",".join(f"^{team.name}$" for team in teams)
    pod_security = {
        "runAsNonRoot": True,
        "runAsUser": _USER,
        "runAsGroup": _USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container_security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    return {
        "image": {**image, "tag": f"scheduler-{version}"},
        "serviceAccount": SCHEDULER_ACCOUNT,
        "priorityClassName": "system-cluster-critical",
        "resources": resources("200m", settings.memory_mib),
        "podSecurityContext": pod_security,
        "schedulerSecurityContext": container_security,
        "admissionPodSecurityContext": pod_security,
        "admissionContainerSecurityContext": container_security,
        # The web page needs an ingress; REST interface and metrics have the same data.
        "enableWebService": False,
        **placement,
        "admissionController": {
            "image": {**image, "tag": f"admission-{version}"},
            "replicaCount": 2,
            "resources": resources("100m", 500),
            # The API server reaches pods at their VPC addresses.
            "hostNetwork": False,
            "priorityClassName": "system-cluster-critical",
            **placement,
        },
        "yunikornDefaults": {
            # Default: every pod of the cluster outside kube-system.
            "admissionController.filtering.processNamespaces": spark,
            "admissionController.filtering.labelNamespaces": spark,
            # The default of 10 s is too short for an EBS volume.
            "service.volumeBindTimeout": "60s",
            **({"service.placeholderImage": images.pulled(_PAUSE)} if images.path(_PAUSE) else {}),
            "queues.yaml": queues(settings, teams),
        },
    }


def queues(settings: YunikornSettings, teams: Sequence[TeamSettings]) -> str:
    """YuniKorn's queue configuration, as JSON, which is YAML.

    Placement rules derive an application's queue from its namespace and ignore its labels: a team
    cannot use another team's queue.
    """
    in_namespace = {"name": "tag", "value": "namespace", "create": False}
    below_parent = {"name": "tag", "value": "namespace.parentqueue", "create": False}
    tree: dict[str, Any] = {}
    for team in teams:
        node = tree
        *parents, leaf = team.queue_path.split(".")[1:]
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = team
    root = {"name": "root", "parent": True, "submitacl": "*"}
    partition = {
        "name": "default",
        # Bin packing: other nodes become empty, and the autoscaler removes them.
        "nodesortpolicy": {"type": "binpacking"},
        "placementrules": [{**in_namespace, "parent": below_parent}, in_namespace],
        "queues": [{**root, "queues": _below(tree, settings.guaranteed_percent)}],
    }
    return json.dumps({"partitions": [partition]}, indent=1) + "\n"


def _below(tree: Mapping[str, Any], guaranteed_percent: int) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            # A driver is an application: more than so many wait, before they take anything.
            "maxapplications": found.quota.for_drivers(found.max_executors).pods,
            "resources": _resources(found.quota, guaranteed_percent),
        }
        if isinstance(found, TeamSettings)
        else {"name": name, "parent": True, "queues": _below(found, guaranteed_percent)}
        for name, found in sorted(tree.items())
    ]


def _resources(quota: QuotaSettings, guaranteed_percent: int) -> dict[str, dict[str, str]]:
    def share(percent: int) -> dict[str, str]:
        return {
            "vcore": f"{quota.cpu * 1000 * percent // 100}m",
            "memory": f"{quota.memory_gib * 1024 * percent // 100}Mi",
        }

    return {"guaranteed": share(guaranteed_percent), "max": share(100)}
