"""YuniKorn: queues with guarantees for the teams, and gangs; for the teams' pods only."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.base import Settings, child
from components.spark.team import TeamSettings
from components.spark.team_limits import QuotaSettings
from versions import YUNIKORN

NAMESPACE = "yunikorn"
SCHEDULER_ACCOUNT = "yunikorn-admin"
"""The service account that makes the placeholders of a gang: the chart's default."""
_USER = 4444
"""The user of YuniKorn's images."""


class YunikornSettings(Settings):
    """`spark.yunikorn`: the batch scheduler."""

    enabled: bool = False
    """Schedule the teams' pods with YuniKorn. The teams' namespaces then admit its placeholders,
    which the level `restricted` refuses; every other pod is held to it all the same."""
    guaranteed_percent: Annotated[int, Field(ge=0, le=100)] = 50
    """Share of a team's quota that its queue gets even while others wait."""
    memory_mi_b: Annotated[int, Field(ge=512, alias="memoryMiB")] = 1024
    """Memory of the scheduler, in MiB."""


class Yunikorn(pulumi.ComponentResource):
    """The scheduler's release and its namespace. It outlives the teams' pods on destroy."""

    def __init__(
        self,
        name: str,
        settings: YunikornSettings,
        *,
        teams: Sequence[TeamSettings],
        placement: Mapping[str, Any],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:Yunikorn", name, None, opts)
        namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": NAMESPACE,
                "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
            },
            opts=child(self),
        )
        release = k8s.helm.v3.Release(
            f"{name}-release",
            name="yunikorn",
            chart=YUNIKORN.chart,
            version=YUNIKORN.version,
            repository_opts={"repo": YUNIKORN.repository},
            namespace=NAMESPACE,
            values=_values(settings, teams, placement),
            opts=child(self, depends_on=[namespace, *after]),
        )
        self.ready: Sequence[pulumi.Resource] = [release]
        self.register_outputs({"namespace": NAMESPACE})


def _values(
    settings: YunikornSettings, teams: Sequence[TeamSettings], placement: Mapping[str, Any]
) -> dict[str, Any]:
    version = YUNIKORN.version
    # A comma parts two patterns, and team names have no character that is special in one.
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
        "image": {"tag": f"scheduler-{version}", "pullPolicy": "IfNotPresent"},
        "serviceAccount": SCHEDULER_ACCOUNT,
        "priorityClassName": "system-cluster-critical",
        "resources": {
            "requests": {"cpu": "200m", "memory": f"{settings.memory_mi_b}Mi"},
            "limits": {"memory": f"{settings.memory_mi_b}Mi"},
        },
        "podSecurityContext": pod_security,
        "schedulerSecurityContext": container_security,
        "admissionPodSecurityContext": pod_security,
        "admissionContainerSecurityContext": container_security,
        # The queues are in its REST interface and its metrics; the page needs an ingress.
        "enableWebService": False,
        **placement,
        "admissionController": {
            "image": {"tag": f"admission-{version}", "pullPolicy": "IfNotPresent"},
            "replicaCount": 2,
            # The API server reaches pods by their addresses in the VPC.
            "hostNetwork": False,
            "priorityClassName": "system-cluster-critical",
            **placement,
        },
        "yunikornDefaults": {
            # By default it takes every pod of the cluster outside kube-system.
            "admissionController.filtering.processNamespaces": spark,
            "admissionController.filtering.labelNamespaces": spark,
            # 10 s is too short for a volume of EBS.
            "service.volumeBindTimeout": "60s",
            "queues.yaml": queues(settings, teams),
        },
    }


def queues(settings: YunikornSettings, teams: Sequence[TeamSettings]) -> str:
    """The queues as YuniKorn reads them. JSON is YAML, and has one way to write a thing.

    The queue of an application follows from its namespace, whatever its label says: a team cannot
    take another's.
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
        # Fill nodes up, so that others become empty and go.
        "nodesortpolicy": {"type": "binpacking"},
        "placementrules": [{**in_namespace, "parent": below_parent}, in_namespace],
        "queues": [{**root, "queues": _below(tree, settings.guaranteed_percent)}],
    }
    return json.dumps({"partitions": [partition]}, indent=1) + "\n"


def _below(tree: Mapping[str, Any], guaranteed_percent: int) -> list[dict[str, Any]]:
    return [
        {"name": name, "resources": _resources(found.quota, guaranteed_percent)}
        if isinstance(found, TeamSettings)
        else {"name": name, "parent": True, "queues": _below(found, guaranteed_percent)}
        for name, found in sorted(tree.items())
    ]


def _resources(quota: QuotaSettings, guaranteed_percent: int) -> dict[str, dict[str, str]]:
    def share(percent: int) -> dict[str, str]:
        return {
            "vcore": f"{quota.cpu * 1000 * percent // 100}m",
            "memory": f"{quota.memory_gi_b * 1024 * percent // 100}Mi",
        }

    return {"guaranteed": share(guaranteed_percent), "max": share(100)}
