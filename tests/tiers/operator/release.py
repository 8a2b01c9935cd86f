"""The operator's release: its chart as Helm renders it with the values of a plan, and its
controller and webhook as processes with the rights of their own service accounts."""

import hashlib
import os
import shutil
import subprocess
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
from tests.tiers.operator.programs import Programs
from tests.tiers.programs import ROOT

NAMESPACE = "spark-operator"
_PODS = {"Deployment", "PodDisruptionBudget", "Job"}
"""Objects that this tier replaces: it runs the containers of the Deployments, and installs the CRDs
where the chart's hook would."""
_WEBHOOKS = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options of a JVM that does little and ends soon."""
_PATIENCE = " ".join(
    f"-Dspark.kubernetes.{one}.{kind}Timeout=60000"
    for one in ("submission", "driver")
    for kind in ("connection", "request")
)
"""A machine that builds and tests at the same time answers later than a cluster."""
_LABELS = "--metrics-labels="
_AT_ONCE = 2
"""Submissions at a time, each a JVM: this machine has few processors."""


class Chart:
    """A release of the chart: its objects as Helm renders them."""

    def __init__(self, programs: Programs, values: Mapping[str, Any]) -> None:
        written = yaml.safe_dump(dict(values))
        command = [programs["helm"], "template", "spark-operator", programs["chart"]]
        command += ["--namespace", NAMESPACE, "--values", "-", "--kube-version", "1.35.0"]
        done = subprocess.run(command, input=written, capture_output=True, text=True, check=True)
        self._objects: list[Object] = [one for one in yaml.safe_load_all(done.stdout) if one]

    def pod(self, component: str) -> Object:
        """The pod of the Deployment of `controller` or `webhook`; it has one container."""
        (spec,) = [
            one["spec"]["template"]["spec"]
            for one in self._objects
            if one["kind"] == "Deployment"
            and one["metadata"]["labels"]["app.kubernetes.io/component"] == component
        ]
        return spec

    def objects(self, webhook_port: int) -> list[Object]:
        """Applies all objects except workloads; the webhook listens on a port of this machine."""
        return [self._here(one, webhook_port) for one in self._objects if one["kind"] not in _PODS]

    def webhooks(self) -> list[Object]:
        """The webhook configurations."""
        return [one for one in self._objects if one["kind"] in _WEBHOOKS]

    def _here(self, one: Object, port: int) -> Object:
        metadata = {"namespace": NAMESPACE, **one["metadata"]}
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


@dataclass(frozen=True)
class Operator:
    """The running controller."""

    arguments: list[str]
    """As the chart has them."""
    folder: Path
    """Its files."""
    metrics: str
    """The address of its metrics."""


@contextmanager
def running(
    plane: ControlPlane, programs: Programs, values: Mapping[str, Any], folder: Path
) -> Iterator[Operator]:
    """Runs the operator for the block, as the chart would install it."""
    chart = Chart(programs, values)
    port, metrics, *health = free_ports(4)
    objects = chart.objects(port)
    with installed(plane.api, objects, lambda: _made_by_it(plane)) as children:
        for component, probe in zip(("webhook", "controller"), health, strict=True):
            children.append(_start(plane, programs, chart, component, probe, port, metrics, folder))
        for child, probe in zip(children, health, strict=True):
            wait_until(lambda probe=probe: _is_ready(probe), f"{child.name} is ready", child)
        wait_until(lambda: trusted(plane.api, chart.webhooks()), "the webhook is trusted")
        arguments = chart.pod("controller")["containers"][0]["args"]
        url = f"http://127.0.0.1:{metrics}/metrics"
        yield Operator(arguments, folder / "controller", url)


@contextmanager
def installed(
    api: Api, objects: Sequence[Object], more: Callable[[], list[Object]]
) -> Iterator[list[Child]]:
    """Applies objects; after the block ends the children that it added to the list, and deletes the
    objects and what `more` finds then."""
    children: list[Child] = []
    try:
        for one in objects:
            api.apply(one)
        yield children
    finally:
        for child in reversed(children):
            child.stop()
        clear(api, [*objects, *more()])


def _start(
    plane: ControlPlane,
    programs: Programs,
    chart: Chart,
    component: str,
    probe: int,
    port: int,
    metrics: int,
    folder: Path,
) -> Child:
    own = folder / component
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    pod = chart.pod(component)
    kubeconfig = own / "kubeconfig"
    plane.write_kubeconfig(kubeconfig, plane.api.token_of(NAMESPACE, pod["serviceAccountName"]))
    # The last of a flag counts: these are the addresses and files of this machine.
    here = [f"--health-probe-bind-address=127.0.0.1:{probe}"]
    if component == "controller":
        here += [f"--controller-threads={_AT_ONCE}", f"--metrics-bind-address=127.0.0.1:{metrics}"]
    else:
        here.append("--metrics-bind-address=127.0.0.1:0")
        here += [f"--webhook-port={port}", f"--webhook-cert-dir={own / 'certificates'}"]
    host, _, api_port = plane.url.removeprefix("https://").partition(":")
    environment = {
        "KUBECONFIG": str(kubeconfig),
        # The controller makes the address for spark-submit from these, as in a pod.
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": api_port,
        **programs.environment,
        "TMPDIR": str(own),
        "SPARK_SUBMIT_OPTS": f"{_quick_submit(programs)} {_PATIENCE} -Djava.io.tmpdir={own}",
    }
    # The last of this flag would be one more: it is a list.
    given = [one for one in pod["containers"][0]["args"] if not one.startswith(_LABELS)]
    if component == "controller":
        here.append(f"{_LABELS}namespace")
    command = [programs["spark-operator"], *given, *here]
    return start(command, own / "log", environment)


def _is_ready(probe: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{probe}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def _made_by_it(plane: ControlPlane) -> list[Object]:
    # A killed leader keeps its lease; the next one would wait until it expires.
    return [
        {"kind": kind, "metadata": one["metadata"]}
        for kind in ("Lease", "Secret")
        for one in plane.api.items(kind, NAMESPACE)
    ]


def _quick_submit(programs: Programs) -> str:
    """Java options for the operator's spark-submit, with an archive of its classes, loaded once and
    kept: each run then takes 1.3 s of CPU, not 2.9.

    A JVM whose class path or Java is not the archive's goes on without it, and so does one whose
    class path has a folder with files in it: a folder of configuration, for example.
    Source: openjdk.org/jeps/310.
    """
    # Nothing listens there: by then spark-submit has loaded nearly all of its classes.
    words = "--master k8s://http://127.0.0.1:9 --deploy-mode cluster --name archive --class none"
    image = "spark.kubernetes.container.image=none"
    submit = str(programs.spark_home / "bin" / "spark-submit")
    command = [submit, *words.split(), "--conf", image, "local:///none.jar"]
    installed = (programs.spark_home / "jars", programs.java_home / "bin" / "java")
    key = [*command, *(f"{one} {one.stat().st_mtime_ns}" for one in installed)]
    name = f"{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.jsa"
    archive = ROOT / ".cache" / "operator" / "classes" / name
    archive.parent.mkdir(parents=True, exist_ok=True)
    if not archive.exists():
        # Of this process alone until it is complete.
        made = archive.with_suffix(f".{os.getpid()}")
        environment = {
            **os.environ,
            **programs.environment,
            "SPARK_SUBMIT_OPTS": f"{QUICK} -XX:ArchiveClassesAtExit={made}",
        }
        subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
        if made.exists():
            made.rename(archive)
    # A Java that is packed without an archive of its own cannot make one.
    return f"{QUICK} -XX:SharedArchiveFile={archive}" if archive.exists() else QUICK
