"""The Spark operator: creates drivers from SparkApplications, in the teams' namespaces only."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pulumi

from components.base import Problems
from components.context import Context
from components.formats import whole
from components.helm_addon import HelmAddon, HelmSettings, resources
from components.names import MONITORING_NAMESPACE, SPARK_OPERATOR_NAMESPACE
from components.spark.team_network import (
    Spec,
    deny_all_policy,
    dns_policy,
    https_policy,
    namespace_selector,
)
from components.workloads import Workload
from versions import SPARK_OPERATOR

_MIB_PER_WORKER, _OWN_MIB = 250, 256
_WEBHOOK_PORT = 9443
_METRICS_PORT = 8080
_IMAGES = "ghcr.io/kubeflow/spark-operator"

_WORKLOADS = (
    *(
        Workload(
            part,
            values=part,
            replicas=f"{part}.replicas",
            requests=f"{part}.resources",
            budget=f"{part}.podDisruptionBudget.minAvailable",
            spread=f"{part}.topologySpreadConstraints",
        )
        for part in ("controller", "webhook")
    ),
    Workload("hook", kind="Job", values="hook"),
)


class OperatorSettings(HelmSettings):
    """`spark.operator`: the kubeflow Spark operator."""

    fixed = (
        *(path for workload in _WORKLOADS for path in workload.fixed_paths()),
        "hook.upgradeCrd",
        "controller.workers",
        "controller.leaderElection",
        "controller.batchScheduler",
        "controller.resources",
        "controller.podDisruptionBudget",
        "webhook.enable",
        "webhook.failurePolicy",
        "webhook.leaderElection",
        "webhook.podDisruptionBudget",
        "webhook.port",
        "prometheus.metrics.port",
        "prometheus.metrics.labels",
        "spark",
    )

    enabled: bool = True
    """False if the cluster has an operator that watches the teams' namespaces. A stack without
    teams has none either: without namespaces it would watch all of them."""
    replicas: Annotated[int, whole(2, 10)] = 2
    """Replicas of the controller and of the webhook, with leader election."""
    workers: Annotated[int, whole(1, 20)] = 5
    """Applications processed in parallel; each submission is a JVM in the controller's pod."""
    memory_mib: Annotated[int, whole(1024, 65_536)] = 2048
    """Memory of a controller's pod in MiB: its own, and about 250 per worker."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("with enabled: false", but=["enabled"])
        needed = self.workers * _MIB_PER_WORKER + _OWN_MIB
        if self.memory_mib < needed:
            text = f"{self.memory_mib} is too small for {self.workers} workers: {needed} or more"
            yield "memoryMiB", f"{text}, {_MIB_PER_WORKER} each and {_OWN_MIB} of its own"


class SparkOperator(HelmAddon):
    """The operator's release and its namespace.

    The chart creates a Role in each team's namespace: the namespaces exist first and are deleted
    after it. No object waits for the operator then: 2.5.2 sets no finalizer.
    """

    def __init__(
        self,
        name: str,
        settings: OperatorSettings,
        context: Context,
        *,
        namespaces: Mapping[str, pulumi.Resource],
        batch_scheduler: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`namespaces` are those of the jobs, by name."""
        super().__init__(
            "spark:SparkOperator",
            name,
            SPARK_OPERATOR,
            context,
            namespace=SPARK_OPERATOR_NAMESPACE,
            workloads=_WORKLOADS,
            # The chart's hook sets neither a seccomp profile nor a non-root user.
            pod_security="baseline",
            provides=["spark-jobs"],
            opts=opts,
        )
        self.create_network_policies(_network_policies())
        self.install(
            _values(settings, list(namespaces), context, batch_scheduler),
            settings,
            after=list(namespaces.values()),
            # The chart's hook installs and upgrades the CRDs.
            skip_crds=True,
        )


def _network_policies() -> dict[str, Spec]:
    """The operator calls the API server only; its spark-submit runs what a team wrote."""
    return {
        "deny-all": deny_all_policy(),
        "dns": dns_policy(),
        "https": https_policy(),
        # The API server calls the webhook, from addresses that a policy cannot name.
        "webhook": {
            "pod_selector": {},
            "policy_types": ["Ingress"],
            "ingress": [{"ports": [{"protocol": "TCP", "port": _WEBHOOK_PORT}]}],
        },
        "metrics": {
            "pod_selector": {},
            "policy_types": ["Ingress"],
            "ingress": [
                {
                    "from_": [{"namespace_selector": namespace_selector(MONITORING_NAMESPACE)}],
                    "ports": [{"protocol": "TCP", "port": _METRICS_PORT}],
                }
            ],
        },
    }


def _values(
    settings: OperatorSettings,
    job_namespaces: Sequence[str],
    context: Context,
    batch_scheduler: str | None,
) -> dict[str, Any]:
    placement, image = context.placement, context.images.chart_with_registry
    # The chart's security contexts are strict: non-root, read-only root, no capability, seccomp.
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
        # Helm never upgrades a chart's crds folder. This Job applies it, before the controller that
        # needs it; its permissions are for these three definitions by name.
        "hook": {"upgradeCrd": True, **placement, **image(f"{_IMAGES}/kubectl")},
        **image(f"{_IMAGES}/controller"),
        "controller": {
            **common,
            "workers": settings.workers,
            "resources": resources("200m", settings.memory_mib),
            **({"batchScheduler": scheduler} if scheduler else {}),
        },
        "webhook": {
            **common,
            "enable": True,
            # Without the webhook a pod has no volumes, tolerations and security context: so it
            # fails closed. The webhook selects Spark pods in the teams' namespaces only.
            "failurePolicy": "Fail",
            "port": _WEBHOOK_PORT,
            "resources": resources("100m", 256),
            # ResourceQuota counts running pods; this estimates from the application.
            "resourceQuotaEnforcement": {"enable": False},
        },
        "spark": {
            "jobNamespaces": list(job_namespaces),
            # team_access.py creates the teams' accounts and permissions.
            "serviceAccount": {"create": False},
            "rbac": {"create": False},
        },
        "prometheus": {
            "metrics": {
                "enable": True,
                "port": _METRICS_PORT,
                # The application's namespace: the chart's own label has one value for all.
                "labels": "namespace",
                # Executors of a new node need minutes; the chart's buckets end at five.
                "jobStartLatencyBuckets": "15,30,60,90,120,180,240,300,450,600,900,1200,1800",
            }
        },
    }
