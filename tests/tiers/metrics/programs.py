"""The programs of this tier: Prometheus and what belongs to it, as processes on this machine."""

import gzip
import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.control_plane import ControlPlane, free_ports
from tests.tiers.cluster.objects import clear
from tests.tiers.cluster.processes import Child, start, wait_until

_SECRET_KEY = "prometheus.yaml.gz"
_RULES = "/etc/prometheus/rules/"
"""Where the operator's config has them; the folders below are ConfigMaps."""


@dataclass(frozen=True)
class Server:
    """A running program with a web server."""

    url: str
    child: Child

    def get(self, path: str, **parameters: str) -> Any:
        """What a path of its API answers as data. Raises HTTPError."""
        answer = requests.get(f"{self.url}{path}", params=parameters, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def metrics(self) -> str:
        """Its own metrics. Raises HTTPError."""
        answer = requests.get(f"{self.url}/metrics", timeout=10)
        answer.raise_for_status()
        return answer.text

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series of an instant query."""
        found = self.get("/api/v1/query", query=expression)["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def targets(self) -> list[dict[str, Any]]:
        """The scraped targets, with their health and last error."""
        return self.get("/api/v1/targets", state="active")["data"]["activeTargets"]

    def wait(self, ready: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Waits until `ready`. Raises TimeoutError with the end of the program's log."""
        wait_until(lambda: bool(ready()), what, self.child, seconds)


@contextmanager
def _serving(
    command: Sequence[str | Path], url: str, folder: Path, **more: str
) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(url, start(command, folder / "log", more))
    try:
        wait_until(lambda: _is_ready(url), f"{server.child.name} is ready", server.child)
        yield server
    finally:
        server.child.stop()


def _is_ready(url: str) -> bool:
    for path in ("/-/ready", "/metrics"):
        try:
            answer = requests.get(f"{url}{path}", timeout=2)
        except requests.RequestException:
            return False
        # Prometheus has metrics before it is ready; the others have no page that says it.
        if answer.status_code != 404:
            return answer.ok
    return False


@contextmanager
def prometheus(
    tools: Path, config: str | Mapping[str, Any], folder: Path, *flags: str
) -> Iterator[Server]:
    """Runs Prometheus with a configuration and more flags for the block. Its data are new."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "prometheus.yaml"
    # JSON is YAML.
    file.write_text(config if isinstance(config, str) else json.dumps(config))
    (port,) = free_ports(1)
    command = [
        tools / "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
    ]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle", *flags]
    with _serving(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server


@contextmanager
def alertmanager(tools: Path, config: Mapping[str, Any], folder: Path) -> Iterator[Server]:
    """Runs Alertmanager with a configuration for the block."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "alertmanager.yaml"
    file.write_text(json.dumps(config))
    (port,) = free_ports(1)
    command = [tools / "alertmanager", f"--config.file={file}", f"--storage.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with _serving(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server


@contextmanager
def node_exporter(tools: Path, textfiles: Path, folder: Path) -> Iterator[Server]:
    """Runs node-exporter for the block; it also serves the *.prom files of a folder."""
    (port,) = free_ports(1)
    command = [tools / "node_exporter", f"--web.listen-address=127.0.0.1:{port}"]
    command += [f"--collector.textfile.directory={textfiles}"]
    with _serving(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server


def definitions(tools: Path) -> list[Object]:
    """The operator's CRDs."""
    files = (tools / "prometheus-operator-objects").glob("*-crd.json")
    return [json.loads(file.read_text()) for file in sorted(files)]


def rights(tools: Path, namespace: str, account: str) -> list[Object]:
    """Accounts, roles and bindings of the operator and of a Prometheus, as its project has them."""
    files = sorted((tools / "prometheus-operator-objects").glob("*.yaml"))
    found: list[Object] = [yaml.safe_load(file.read_text()) for file in files]
    for one in found:
        accounts = [one["metadata"]] if one["kind"] == "ServiceAccount" else one.get("subjects", [])
        for named in accounts:
            own = named["name"] == "prometheus"
            named.update(namespace=namespace, name=account if own else named["name"])
    return found


@contextmanager
def operator(plane: ControlPlane, tools: Path, namespace: str, account: str) -> Iterator[Server]:
    """Runs prometheus-operator for the block, with the rights of its own account. Its CRDs are
    there already."""
    folder = plane.folder / "prometheus-operator"
    folder.mkdir()
    for one in rights(tools, namespace, account):
        plane.api.apply(one)
    kubeconfig = folder / "kubeconfig"
    plane.write_kubeconfig(kubeconfig, plane.api.token_of(namespace, "prometheus-operator"))
    (port,) = free_ports(1)
    command = [tools / "prometheus-operator", f"--web.listen-address=127.0.0.1:{port}"]
    with _serving(
        command, f"http://127.0.0.1:{port}", folder, KUBECONFIG=str(kubeconfig)
    ) as server:
        yield server


def reaching(plane: ControlPlane, prometheus_: Object) -> Object:
    """A Prometheus object whose configuration reaches this API server from outside a pod, with the
    rights of its own service account."""
    metadata, spec = prometheus_["metadata"], prometheus_["spec"]
    token = plane.folder / f"{metadata['name']}.token"
    token.write_text(plane.api.token_of(metadata["namespace"], spec["serviceAccountName"]))
    server = {
        "host": plane.url,
        "authorization": {"credentialsFile": str(token)},
        "tlsConfig": {"caFile": str(plane.authority)},
    }
    return {**prometheus_, "spec": {**spec, "apiserverConfig": server}}


def configuration(api: Api, prometheus_: Object, folder: Path) -> dict[str, Any]:
    """The configuration that the operator wrote for a Prometheus, with the rules' files in a folder
    of this machine. Raises TimeoutError when there is none."""
    name, namespace = prometheus_["metadata"]["name"], prometheus_["metadata"]["namespace"]
    written: list[Object] = []

    def is_there() -> bool:
        written[:] = [
            one
            for one in api.items("Secret", namespace)
            if one["metadata"]["name"] == f"prometheus-{name}"
            and one.get("data", {}).get(_SECRET_KEY)
        ]
        return bool(written)

    wait_until(is_there, "the operator writes the configuration")
    text = gzip.decompress(b64decode(written[0]["data"][_SECRET_KEY])).decode()
    for one in api.items("ConfigMap", namespace):
        if one["metadata"]["name"].startswith(f"prometheus-{name}-rulefiles"):
            own = folder / one["metadata"]["name"]
            own.mkdir(parents=True, exist_ok=True)
            for file, content in one["data"].items():
                (own / file).write_text(content)
    # The pod's config reloader puts its environment in.
    here = {_RULES: f"{folder}/", "$(SHARD)": "0", "$(POD_NAME)": f"prometheus-{name}-0"}
    for given, own in here.items():
        text = text.replace(given, own)
    return yaml.safe_load(text)


def quick(config: dict[str, Any]) -> dict[str, Any]:
    """The same with every interval a second, in place of half a minute."""
    quick_ = json.loads(json.dumps(config))
    for one in (quick_["global"], *quick_.get("scrape_configs", [])):
        for key in ("scrape_interval", "evaluation_interval", "scrape_timeout"):
            if key in one:
                one[key] = "1s"
    return quick_


def clear_all(api: Api, objects: Sequence[Object]) -> None:
    """Deletes objects, the last one first."""
    clear(api, list(reversed(objects)))
