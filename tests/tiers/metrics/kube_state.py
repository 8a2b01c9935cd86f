"""Stands in for kube-state-metrics, which cannot be built here: series that rules use, made at each
scrape from the objects of a real API server, as its documentation says."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from components.monitoring.kube_state import kube_state_values
from ops.plan.quantity import parse
from tests.tiers.cluster.api import Api, Object
from tests.tiers.metrics.alerting import static

_PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
_RESOURCES = {"cpu": ("cpu", "core"), "memory": ("memory", "byte")}
_SPARK = {"customresource_kind": "SparkApplication"}

Series = Iterator[tuple[str, Mapping[str, str], float]]


def page(api: Api, *, applications: bool = True) -> str:
    """Its page. Without `applications` the API server has no SparkApplications."""
    found = [one for pod in api.items("Pod") for one in _pod(pod)]
    if applications:
        found += [one for app in api.items("SparkApplication") for one in _application(app)]
    lines = []
    for name, labels, value in found:
        written = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{written}}} {value}\n")
    return "".join(lines)


def _pod(pod: Object) -> Series:
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


def _application(application: Object) -> Series:
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


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@contextmanager
def serving(written: Callable[[], str]) -> Iterator[Object]:
    """Serves the page for the block; the scrape job of it, which honors its labels."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = written().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            yield static("kube-state-metrics", url, honor_labels=True)
        finally:
            server.shutdown()
            thread.join()
