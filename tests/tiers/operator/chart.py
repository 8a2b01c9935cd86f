"""The operator's chart as Helm renders it with the values of a plan, applied without its pods."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.tiers.cluster.api import Api, Object
from tests.tiers.operator.programs import Programs

_PODS = {"Deployment", "PodDisruptionBudget", "Job"}
"""Objects that this tier replaces: it runs the containers of the Deployments, and installs the CRDs
where the chart's hook would."""
_WEBHOOKS = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}


@dataclass(frozen=True)
class Container:
    """The one container of a Deployment, to be run as a process."""

    account: str
    arguments: list[str]


class Chart:
    """A release of the chart: its objects as Helm renders them."""

    def __init__(self, programs: Programs, namespace: str, values: Mapping[str, Any]) -> None:
        self.namespace = namespace
        written = yaml.safe_dump(dict(values))
        command = [programs["helm"], "template", "spark-operator", programs["chart"]]
        command += ["--namespace", namespace, "--values", "-", "--kube-version", "1.35.0"]
        done = subprocess.run(command, input=written, capture_output=True, text=True, check=True)
        found = [one for one in yaml.safe_load_all(done.stdout) if one]
        self._objects: list[Object] = found

    def container(self, component: str) -> Container:
        """The container of the Deployment of `controller` or `webhook`."""
        (one,) = [
            one["spec"]["template"]["spec"]
            for one in self._objects
            if one["kind"] == "Deployment"
            and one["metadata"]["labels"]["app.kubernetes.io/component"] == component
        ]
        return Container(one["serviceAccountName"], one["containers"][0]["args"])

    def objects(self, webhook_port: int) -> list[Object]:
        """Applies all objects except workloads; the webhook listens on a port of this machine."""
        return [self._here(one, webhook_port) for one in self._objects if one["kind"] not in _PODS]

    def webhooks(self) -> list[Object]:
        """The webhook configurations."""
        return [one for one in self._objects if one["kind"] in _WEBHOOKS]

    def _here(self, one: Object, port: int) -> Object:
        metadata = {"namespace": self.namespace, **one["metadata"]}
        if one["kind"] == "Service":
            # The API server resolves this name itself, as it does in a cluster.
            spec = {"type": "ExternalName", "externalName": "localhost"}
            return {**one, "metadata": metadata, "spec": spec}
        if one["kind"] in _WEBHOOKS:
            for webhook in one["webhooks"]:
                webhook["clientConfig"]["service"]["port"] = port
        return {**one, "metadata": metadata}


def definitions(programs: Programs) -> list[Object]:
    """The chart's CRDs."""
    files = sorted(Path(programs["chart"], "crds").glob("*.yaml"))
    return [yaml.safe_load(file.read_text()) for file in files]


def trusted(api: Api, webhooks: list[Object]) -> bool:
    """Whether the operator put its own authority into every webhook."""
    return all(
        webhook["clientConfig"].get("caBundle")
        for one in webhooks
        for webhook in api.get(one)["webhooks"]
    )
