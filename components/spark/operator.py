"""The Spark operator: turns SparkApplications into drivers, in the teams' namespaces only."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.base import Settings, child
from versions import SPARK_OPERATOR

NAMESPACE = "spark-operator"


class OperatorSettings(Settings):
    """`spark.operator`: the kubeflow Spark operator."""

    enabled: bool = True
    """False where the cluster has an operator that watches the teams' namespaces. Without a team
    there is none either: an operator without namespaces would watch all of them."""
    replicas: Annotated[int, Field(ge=2)] = 2
    """Of the controller and of the webhook each; one leads, the others wait."""
    workers: Annotated[int, Field(ge=1, le=20)] = 5
    """Applications worked on at once; each submission is a JVM in the controller's pod."""
    memory_mi_b: Annotated[int, Field(ge=1024, alias="memoryMiB")] = 2048
    """Memory of a controller's pod, in MiB: about 250 for each worker, and its own."""


class SparkOperator(pulumi.ComponentResource):
    """The operator's release and its namespace.

    The chart puts a Role in each team's namespace, so the namespaces come first; on destroy it
    goes before them. No object waits for it then: 2.5.2 sets no finalizer.
    """

    def __init__(
        self,
        name: str,
        settings: OperatorSettings,
        *,
        job_namespaces: Sequence[str],
        placement: Mapping[str, Any],
        batch_scheduler: str | None,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:SparkOperator", name, None, opts)
        namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": NAMESPACE,
                "labels": {
                    # The chart's hook sets no seccomp profile and no non-root user.
                    "pod-security.kubernetes.io/enforce": "baseline",
                    "pod-security.kubernetes.io/warn": "restricted",
                },
            },
            opts=child(self),
        )
        release = k8s.helm.v3.Release(
            f"{name}-release",
            name="spark-operator",
            chart=SPARK_OPERATOR.chart,
            version=SPARK_OPERATOR.version,
            repository_opts={"repo": SPARK_OPERATOR.repository},
            namespace=NAMESPACE,
            # The hook below is the CRDs' one owner, at installation and at each upgrade.
            skip_crds=True,
            values=_values(settings, job_namespaces, placement, batch_scheduler),
            opts=child(self, depends_on=[namespace, *after]),
        )
        self.ready: Sequence[pulumi.Resource] = [release]
        self.register_outputs({"namespace": NAMESPACE})


def _values(
    settings: OperatorSettings,
    job_namespaces: Sequence[str],
    placement: Mapping[str, Any],
    batch_scheduler: str | None,
) -> dict[str, Any]:
    # The chart's own security contexts stay: non-root, read-only root, no capability, seccomp.
    common = {
        "replicas": settings.replicas,
        "leaderElection": {"enable": True},
        "podDisruptionBudget": {"enable": True, "minAvailable": 1},
        "priorityClassName": "system-cluster-critical",
        # The chart adds the selector.
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
            }
        ],
        **placement,
    }
    scheduler = {"enable": True, "default": batch_scheduler} if batch_scheduler else {}
    return {
        # Helm never upgrades what is in a chart's crds folder. This job applies it, before the
        # controller that needs it; its right is for these three definitions by name.
        "hook": {"upgradeCrd": True, **placement},
        "controller": {
            **common,
            "workers": settings.workers,
            "resources": _resources("200m", settings.memory_mi_b),
            **({"batchScheduler": scheduler} if scheduler else {}),
        },
        "webhook": {
            **common,
            "enable": True,
            # A pod that misses the webhook misses its volumes, tolerations and security context:
            # better no pod. It is asked only about Spark's pods in the teams' namespaces.
            "failurePolicy": "Fail",
            "resources": _resources("100m", 256),
            # The API server's own quota counts what runs; this one guesses from the application.
            "resourceQuotaEnforcement": {"enable": False},
        },
        "spark": {
            "jobNamespaces": list(job_namespaces),
            # A team's accounts and rights are the team's own (team_access.py).
            "serviceAccount": {"create": False},
            "rbac": {"create": False},
        },
        "prometheus": {"metrics": {"enable": True}},
    }


def _resources(cpu: str, memory_mib: int) -> dict[str, Any]:
    memory = f"{memory_mib}Mi"
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}
