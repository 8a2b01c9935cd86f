"""etcd stands still for seconds under a writer: the share of its requests below a second falls, and
the alert of the stack's own rules reaches the receiver, from the numbers of the real API server."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.plans import plan_of
from tests.tiers.cluster.api import Api
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.metrics.alerting import Alerting, alerting, rules_of, static
from tests.tiers.metrics.programs import Server
from tests.tiers.metrics.stack import ACCOUNT, NAMESPACE, TEAM

_STOP_SECONDS, _PAUSE_SECONDS = 3, 0.5
_WRITES = {"objective": "mutating", "verb": "APPLY", "resource": "configmaps"}
_SHARE = "verb_resource:apiserver_requests_in_time:ratio_rate5m"


def _shares(watched: Alerting) -> list[float]:
    """The recorded share of the writer's requests below a second; none before there is one."""
    labels = ", ".join(f'{key}="{value}"' for key, value in _WRITES.items())
    return [value for _, value in watched.prometheus.query(f"{_SHARE}{{{labels}}}")]


@pytest.fixture
def watched(
    plane: ControlPlane, operator: Server, tools: Path, tmp_path: Path
) -> Iterator[Alerting]:
    """Scrapes each second, with the rights of a Prometheus of the operator's."""
    assert operator.child.process.poll() is None
    token = tmp_path / "token"
    token.write_text(plane.api.token_of(NAMESPACE, ACCOUNT))
    server = static(
        "apiserver",
        plane.url,
        authorization={"credentials_file": str(token)},
        tls_config={"ca_file": str(plane.authority)},
    )
    rules = rules_of(plan_of("dev", "observability.metrics.enabled=true"))
    with alerting(tools, rules, [server], tmp_path) as started:
        yield started


@contextmanager
def _writing(api: Api) -> Iterator[None]:
    """Changes an object twice a second for the block."""
    stop = Event()
    name = {"name": "written", "namespace": TEAM}

    def write() -> None:
        number = 0
        while not stop.wait(_PAUSE_SECONDS):
            number += 1
            api.apply(
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": name,
                    "data": {"n": str(number)},
                }
            )

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        api.delete({"kind": "ConfigMap", "metadata": name})


def test_a_standstill_of_etcd_is_an_alert(plane: ControlPlane, watched: Alerting) -> None:
    etcd = plane.children[0].process.pid
    with _writing(plane.api):
        watched.prometheus.wait(lambda: _shares(watched) == [1.0], "all requests are quick")
        assert "KubernetesApiSlow" not in watched.received()
        os.kill(etcd, signal.SIGSTOP)
        try:
            time.sleep(_STOP_SECONDS)
        finally:
            os.kill(etcd, signal.SIGCONT)
        said = watched.wait_for("KubernetesApiSlow")
    assert said == {"alertname": "KubernetesApiSlow", "severity": "warning", **_WRITES}
