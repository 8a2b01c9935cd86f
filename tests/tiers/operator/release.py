"""The operator's release as processes: its controller and its webhook, with the rights of their own
service accounts."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.tiers.cluster.control_plane import ControlPlane, free_ports
from tests.tiers.cluster.objects import clear
from tests.tiers.cluster.processes import Child, start, wait_until
from tests.tiers.operator.chart import Chart, trusted
from tests.tiers.operator.classes import quick_submit
from tests.tiers.operator.programs import Programs

NAMESPACE = "spark-operator"
_PATIENCE = " ".join(
    f"-Dspark.kubernetes.{one}.{kind}Timeout=60000"
    for one in ("submission", "driver")
    for kind in ("connection", "request")
)
"""A machine that builds and tests at the same time answers later than a cluster."""
_AT_ONCE = 2
"""Submissions at a time, each a JVM: this machine has few processors."""


@dataclass(frozen=True)
class Operator:
    """The running processes, to read their output."""

    controller: Child
    webhook: Child
    arguments: list[str]
    """The controller's, as the chart has them."""
    folder: Path
    """The controller's files."""


@contextmanager
def running(
    plane: ControlPlane, programs: Programs, values: Mapping[str, Any], folder: Path
) -> Iterator[Operator]:
    """Runs the operator for the block, as the chart would install it."""
    chart = Chart(programs, NAMESPACE, values)
    port, *health = free_ports(3)
    objects = chart.objects(port)
    children: list[Child] = []
    try:
        for one in objects:
            plane.api.apply(one)
        for component, probe in zip(("webhook", "controller"), health, strict=True):
            children.append(_start(plane, programs, chart, component, probe, port, folder))
        for child, probe in zip(children, health, strict=True):
            wait_until(lambda probe=probe: _is_ready(probe), f"{child.name} is ready", child)
        wait_until(lambda: trusted(plane.api, chart.webhooks()), "the webhook is trusted")
        yield Operator(
            children[1], children[0], chart.container("controller").arguments, folder / "controller"
        )
    finally:
        for child in reversed(children):
            child.stop()
        # A killed leader keeps its lease; the next one would wait until it expires.
        clear(plane.api, [*objects, *_made_by_it(plane)])


def _start(
    plane: ControlPlane,
    programs: Programs,
    chart: Chart,
    component: str,
    probe: int,
    port: int,
    folder: Path,
) -> Child:
    own = folder / component
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    container = chart.container(component)
    kubeconfig = own / "kubeconfig"
    plane.write_kubeconfig(kubeconfig, plane.api.token_of(NAMESPACE, container.account))
    # The last of a flag counts: these are the addresses and files of this machine.
    here = [f"--health-probe-bind-address=127.0.0.1:{probe}", "--metrics-bind-address=127.0.0.1:0"]
    if component == "controller":
        here.append(f"--controller-threads={_AT_ONCE}")
    else:
        here += [f"--webhook-port={port}", f"--webhook-cert-dir={own / 'certificates'}"]
    host, _, api_port = plane.url.removeprefix("https://").partition(":")
    environment = {
        "KUBECONFIG": str(kubeconfig),
        # The controller makes the address for spark-submit from these, as in a pod.
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": api_port,
        "SPARK_HOME": str(programs.spark_home),
        "JAVA_HOME": str(programs.java_home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TMPDIR": str(own),
        "SPARK_SUBMIT_OPTS": f"{quick_submit(programs)} {_PATIENCE} -Djava.io.tmpdir={own}",
    }
    command = [programs["spark-operator"], *container.arguments, *here]
    return start(command, own / "log", environment)


def _is_ready(probe: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{probe}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def _made_by_it(plane: ControlPlane) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "metadata": one["metadata"]}
        for kind in ("Lease", "Secret")
        for one in plane.api.items(kind, NAMESPACE)
    ]
