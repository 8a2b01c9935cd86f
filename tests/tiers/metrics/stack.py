"""What a stack sends to prometheus-operator: a Prometheus like that of its release, and its own
monitors and rules."""

from ops.plan.manifests import manifest
from tests.plans import of_type, plan_of
from tests.tiers.cluster.api import Object

NAMESPACE, NAME, TEAM = "monitoring", "stack", "team-a"
ACCOUNT = f"{NAME}-prometheus"
_VERSION = "v3.14.0"
PROMETHEUS: Object = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "Prometheus",
    "metadata": {"name": NAME, "namespace": NAMESPACE},
    "spec": {
        "version": _VERSION,
        "image": f"quay.io/prometheus/prometheus:{_VERSION}-distroless",
        "replicas": 1,
        "serviceAccountName": ACCOUNT,
        # All objects of all namespaces, as with the chart's ...SelectorNilUsesHelmValues: false.
        **{
            f"{kind}{which}": {}
            for kind in ("podMonitor", "serviceMonitor", "rule", "probe", "scrapeConfig")
            for which in ("Selector", "NamespaceSelector")
        },
    },
}


def objects() -> list[Object]:
    """Monitors and rules of the stack dev, as they are sent to the API server."""
    found = plan_of("dev", "observability.metrics.enabled=true")
    return [
        manifest(one)
        for kind in ("PodMonitor", "ServiceMonitor", "PrometheusRule")
        for one in of_type(found, kind)
    ]
