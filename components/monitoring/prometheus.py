"""kube-prometheus-stack: the operator, Prometheus, Alertmanager, Grafana and their agents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.helm_addon import HelmAddon
from components.identity import ServiceAccountRole, Statement
from components.monitoring.network import policies
from components.monitoring.settings import MetricsSettings
from components.monitoring.values import stack_values
from components.monitoring.workloads import PROMETHEUS_WORKLOADS
from components.names import MONITORING_NAMESPACE, NODE_AGENTS_NAMESPACE
from components.storage.shuffle_class import EBS_DRIVER
from versions import KUBE_PROMETHEUS_STACK, PROMETHEUS_CRDS

PROMETHEUS_ACCOUNT, ALERTMANAGER_ACCOUNT = "prometheus", "alertmanager"
"""Service accounts that call AWS."""
STORAGE_CLASS = "monitoring"


@dataclass(frozen=True)
class Receivers:
    """Where metrics and alerts leave the cluster."""

    remote_write: Mapping[str, Any] | None = None
    """Value `remoteWrite` of the chart."""
    writer: pulumi.Resource | None = None
    writer_arn: pulumi.Input[str] | None = None
    """Role of Prometheus' service account."""
    topic_arn: str | None = None
    """SNS topic of the alerts."""
    alerts_elsewhere: bool = False
    """Another program evaluates the alerts: no Alertmanager."""


class PrometheusStack(HelmAddon):
    """The release with its CRDs, namespaces, network policies, StorageClass and roles."""

    def __init__(
        self,
        name: str,
        settings: MetricsSettings,
        context: Context,
        *,
        receivers: Receivers,
        metrics_dir: str | None,
        memory_limit_mib: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`metrics_dir` is the folder of nodes with metrics of the JAR mount;
        `memory_limit_mib` is that of Prometheus."""
        super().__init__(
            "monitoring:PrometheusStack",
            name,
            KUBE_PROMETHEUS_STACK,
            context,
            namespace=MONITORING_NAMESPACE,
            workloads=PROMETHEUS_WORKLOADS,
            pod_security="baseline",
            api_groups=["monitoring.coreos.com"],
            opts=opts,
        )
        self.create_network_policies(policies(settings.clients))
        # node-exporter reads the node's file systems and network devices.
        agents = self.create_namespace(f"{name}-agents", NODE_AGENTS_NAMESPACE, "privileged")
        storage = self._create_class(name, settings, context)
        alertmanager = None
        after: list[pulumi.Resource] = [agents, storage]
        if receivers.topic_arn and not receivers.alerts_elsewhere:
            publisher = ServiceAccountRole(
                f"{name}-alertmanager",
                namespace=MONITORING_NAMESPACE,
                service_account=ALERTMANAGER_ACCOUNT,
                oidc=context.cluster.oidc,
                cloud=context.cloud,
                policies={
                    "publish": [Statement("PublishAlerts", ["sns:Publish"], [receivers.topic_arn])]
                },
                opts=self.own,
            )
            alertmanager = publisher.arn
            after.append(publisher)
        self.create_crds(PROMETHEUS_CRDS)
        if receivers.writer is not None:
            after.append(receivers.writer)
        self.install(
            stack_values(
                settings,
                context,
                storage_class=STORAGE_CLASS,
                metrics_dir=metrics_dir,
                memory_limit_mib=memory_limit_mib,
                remote_write=receivers.remote_write,
                topic_arn=None if receivers.alerts_elsewhere else receivers.topic_arn,
                alertmanager=not receivers.alerts_elsewhere,
                accounts={
                    PROMETHEUS_ACCOUNT: receivers.writer_arn,
                    ALERTMANAGER_ACCOUNT: alertmanager,
                },
            ),
            settings,
            after=after,
            # The release of the CRDs installs them.
            skip_crds=True,
        )

    def _create_class(
        self, name: str, settings: MetricsSettings, context: Context
    ) -> k8s.storage.v1.StorageClass:
        """Encrypted gp3 volumes where their pod runs. A volume that exists keeps the reclaim
        policy with which it was made."""
        return k8s.storage.v1.StorageClass(
            f"{name}-class",
            metadata={"name": STORAGE_CLASS},
            provisioner=EBS_DRIVER,
            parameters={
                "type": "gp3",
                "encrypted": "true",
                "csi.storage.k8s.io/fstype": "ext4",
                **({"kmsKeyId": settings.kms_key_arn} if settings.kms_key_arn else {}),
            },
            volume_binding_mode="WaitForFirstConsumer",
            reclaim_policy="Retain" if settings.keep_volume else "Delete",
            allow_volume_expansion=True,
            opts=pulumi.ResourceOptions.merge(
                self.own,
                pulumi.ResourceOptions(depends_on=context.after, delete_before_replace=True),
            ),
        )
