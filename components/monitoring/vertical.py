"""The Vertical Pod Autoscaler, for Prometheus' memory request only."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import quantity
from components.context import Context
from components.helm_addon import HelmAddon, resources
from components.monitoring.settings import VerticalSettings
from components.monitoring.workloads import VPA_WORKLOADS
from components.names import MONITORING_NAMESPACE, VPA_NAMESPACE
from versions import KUBE_PROMETHEUS_STACK, VERTICAL_POD_AUTOSCALER

PROMETHEUS = f"{KUBE_PROMETHEUS_STACK.name}-prometheus"
"""The object Prometheus of the release, as its chart names it."""
_IMAGES = "registry.k8s.io/autoscaling"


class VerticalPodAutoscaler(HelmAddon):
    """The release: one replica of each part. Its webhook sees pods of `monitoring` only."""

    def __init__(
        self,
        name: str,
        settings: VerticalSettings,
        context: Context,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "monitoring:VerticalPodAutoscaler",
            name,
            VERTICAL_POD_AUTOSCALER,
            context,
            namespace=VPA_NAMESPACE,
            workloads=VPA_WORKLOADS,
            pod_security="baseline",
            api_groups=["autoscaling.k8s.io"],
            opts=opts,
        )
        image = context.images.chart
        part: dict[str, Any] = {
            "replicas": 1,
            "podDisruptionBudget": {"enabled": False},
            "resources": resources("50m", 256),
            "priorityClassName": "system-cluster-critical",
            **context.placement,
        }
        self.install(
            {
                "admissionController": {
                    **part,
                    **image(f"{_IMAGES}/vpa-admission-controller"),
                    "mutatingWebhookConfiguration": {
                        "failurePolicy": "Ignore",
                        "namespaceSelector": {
                            "matchLabels": {"kubernetes.io/metadata.name": MONITORING_NAMESPACE}
                        },
                    },
                    "certGen": {
                        **context.placement,
                        **image("registry.k8s.io/ingress-nginx/kube-webhook-certgen"),
                    },
                },
                "recommender": {**part, **image(f"{_IMAGES}/vpa-recommender")},
                "updater": {**part, **image(f"{_IMAGES}/vpa-updater")},
            },
            settings,
        )


class PrometheusMemory(pulumi.ComponentResource):
    """The object that moves the request of Prometheus' memory between two bounds.

    It targets the object Prometheus: the StatefulSet has an owner, and is refused. Requests only:
    Prometheus reads its memory limit once, when it starts.
    """

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        least_mib: int,
        most_mib: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "spark-on-eks:monitoring:PrometheusMemory", name, None, context.options(opts)
        )
        k8s.apiextensions.CustomResource(
            f"{name}-autoscaler",
            api_version="autoscaling.k8s.io/v1",
            kind="VerticalPodAutoscaler",
            metadata={"name": "prometheus", "namespace": MONITORING_NAMESPACE},
            spec={
                "targetRef": {
                    "apiVersion": "monitoring.coreos.com/v1",
                    "kind": "Prometheus",
                    "name": PROMETHEUS,
                },
                "updatePolicy": {
                    "updateMode": "InPlaceOrRecreate",
                    # Of two by default: with one replica it would never act.
                    "minReplicas": 1,
                },
                "resourcePolicy": {
                    "containerPolicies": [
                        {
                            "containerName": "prometheus",
                            "controlledResources": ["memory"],
                            "controlledValues": "RequestsOnly",
                            "minAllowed": {"memory": quantity(least_mib)},
                            "maxAllowed": {"memory": quantity(most_mib)},
                        },
                        {"containerName": "*", "mode": "Off"},
                    ]
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        self.register_outputs({})
