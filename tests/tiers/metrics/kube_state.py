"""Stands in for kube-state-metrics, which cannot be built here: series that rules use, made at each
scrape from the objects of a real API server, as its documentation says."""

import re
from collections.abc import Iterator
from datetime import datetime

from components.monitoring.kube_state import kube_state_values
from ops.plan.quantity import parse
from tests.tiers.cluster.api import Api, Object
from tests.tiers.metrics.pages import Series, written

_PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
_RESOURCES = {"cpu": ("cpu", "core"), "memory": ("memory", "byte")}
_SPARK = {"customresource_kind": "SparkApplication"}


def page(api: Api, *, applications: bool = True) -> str:
    """Its page. Without `applications` the API server has no SparkApplications."""
    found = [one for pod in api.items("Pod") for one in _pod(pod)]
    if applications:
        found += [one for app in api.items("SparkApplication") for one in _application(app)]
    return written(found)


def _pod(pod: Object) -> Iterator[Series]:
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
    own = {"namespace": metadata["namespace"], "pod": metadata["name"], "uid": metadata["uid"]}
    shown = kube_state_values()["metricLabelsAllowlist"][0]
    labels = {
        f"label_{re.sub('[^a-zA-Z0-9]', '_', key)}": value
        for key, value in (metadata.get("labels") or {}).items()
        if key in re.split(r"[\[\],]", shown)
    }
    node = spec.get("nodeName", "")
    yield "kube_pod_info", {**own, "node": node}, 1
    yield "kube_pod_labels", {**own, **labels}, 1
    yield "kube_pod_created", own, _seconds(metadata["creationTimestamp"])
    for phase in _PHASES:
        is_it = status.get("phase") == phase
        yield "kube_pod_status_phase", {**own, "phase": phase}, int(is_it)
    for container in spec["containers"]:
        for resource, amount in (container.get("resources", {}).get("requests") or {}).items():
            if resource not in _RESOURCES:
                continue
            name, unit = _RESOURCES[resource]
            which = {"container": container["name"], "node": node, "resource": name, "unit": unit}
            yield "kube_pod_container_resource_requests", {**own, **which}, float(parse(amount))


def _application(application: Object) -> Iterator[Series]:
    metadata = application["metadata"]
    own = {"namespace": metadata["namespace"], "name": metadata["name"], **_SPARK}
    created = _seconds(metadata["creationTimestamp"])
    yield "kube_customresource_spark_application_created", own, created
    now = ((application.get("status") or {}).get("applicationState") or {}).get("state")
    (one,) = kube_state_values()["customResourceState"]["config"]["spec"]["resources"]
    for state in one["metrics"][0]["each"]["stateSet"]["list"]:
        labels = {**own, "state": state}
        yield "kube_customresource_spark_application_state", labels, int(now == state)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
