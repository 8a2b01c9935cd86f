"""The real YuniKorn as processes: its scheduler and its admission controller, with the rights that
the shim's own manifests give them and the settings of a plan."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.cluster.processes import Child, start, wait_until
from tests.tiers.operator.programs import Programs
from tests.tiers.operator.release import installed

NAMESPACE = "yunikorn"
SCHEDULER = "yunikorn"
_SCHEDULER_PORT, _ADMISSION_PORT = 9080, 9089
"""Both are built in."""
_MANIFESTS = (
    "yunikorn-rbac.yaml",
    "admission-controller-rbac.yaml",
    "admission-controller-secrets.yaml",
)
_ACCOUNTS = {"yunikorn-scheduler": "yunikorn-admin"}
_SERVICE: Object = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "yunikorn-admission-controller-service", "namespace": NAMESPACE},
    "spec": {"type": "ExternalName", "externalName": "localhost"},
}
_CLUSTER_KINDS = {"ClusterRole", "ClusterRoleBinding"}


@contextmanager
def running(
    plane: ControlPlane, programs: Programs, values: Mapping[str, Any], folder: Path
) -> Iterator[None]:
    """Runs YuniKorn for the block; `values` are those of its chart."""
    objects = [*_rights(programs), _settings(values), _SERVICE]
    with installed(plane.api, objects, lambda: _webhooks(plane.api)) as children:
        for program in ("yunikorn-scheduler", "yunikorn-admission-controller"):
            children.append(_start(plane, programs, program, folder))
        scheduler, admission = children
        wait_until(lambda: _ask("partitions") is not None, "the scheduler answers", scheduler)
        wait_until(lambda: bool(_webhooks(plane.api)), "its webhooks are there", admission)
        _send_to_this_machine(plane.api)
        wait_until(_admits, "the admission controller answers", admission)
        yield


def metrics() -> str:
    """What the scheduler tells Prometheus. Raises HTTPError."""
    answer = requests.get(f"http://127.0.0.1:{_SCHEDULER_PORT}/ws/v1/metrics", timeout=10)
    answer.raise_for_status()
    return answer.text


def used(queue: str) -> dict[str, int]:
    """Resources in use by a queue, from the scheduler; empty for none."""
    found = _ask(f"partition/default/queue/{queue}") or {}
    return {key: value for key, value in (found.get("allocatedResource") or {}).items() if value}


def _rights(programs: Programs) -> list[Object]:
    """Accounts, roles and the empty secret, as the shim's repository has them."""
    folder = programs["yunikorn"]
    found = [
        one
        for name in _MANIFESTS
        for one in yaml.safe_load_all(Path(folder, name).read_text())
        if one
    ]
    for one in found:
        if one["kind"] not in _CLUSTER_KINDS:
            one["metadata"]["namespace"] = NAMESPACE
        if one["kind"] == "RoleBinding":
            for subject in one["subjects"]:
                subject["namespace"] = NAMESPACE
    return found


def _settings(values: Mapping[str, Any]) -> Object:
    """The ConfigMap that the chart renders from its value yunikornDefaults."""
    metadata = {"name": "yunikorn-defaults", "namespace": NAMESPACE}
    data = {key: str(value) for key, value in values["yunikornDefaults"].items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _start(plane: ControlPlane, programs: Programs, program: str, folder: Path) -> Child:
    own = folder / program
    own.mkdir(parents=True, exist_ok=True)
    account = _ACCOUNTS.get(program, program)
    kubeconfig = own / "kubeconfig"
    plane.write_kubeconfig(kubeconfig, plane.api.token_of(NAMESPACE, account))
    environment = {"KUBECONFIG": str(kubeconfig), "NAMESPACE": NAMESPACE}
    return start([programs[program]], own / "log", environment)


def _send_to_this_machine(api: Api) -> None:
    """The admission controller writes its webhooks for port 443 of its Service."""
    for one in _webhooks(api):
        for webhook in one["webhooks"]:
            webhook["clientConfig"]["service"]["port"] = _ADMISSION_PORT
        api.patch(one, {"webhooks": one["webhooks"]})


def _webhooks(api: Api) -> list[Object]:
    kinds = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
    found = [{**one, "kind": kind} for kind in kinds for one in api.items(kind)]
    ours = [one for one in found if one["metadata"]["name"].startswith("yunikorn-")]
    return ours if len(ours) == len(kinds) else []


def _admits() -> bool:
    try:
        socket.create_connection(("127.0.0.1", _ADMISSION_PORT), timeout=2).close()
    except OSError:
        return False
    return True


def _ask(path: str) -> Any:
    try:
        answer = requests.get(f"http://127.0.0.1:{_SCHEDULER_PORT}/ws/v1/{path}", timeout=5)
        return answer.json() if answer.ok else None
    except (requests.RequestException, json.JSONDecodeError):
        return None
