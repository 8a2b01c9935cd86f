"""etcd stands still for seconds under a writer: the share of its requests below a second falls, and
the alert reaches the receiver, from the numbers of the real API server."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.tiers.cluster.api import Api
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.metrics import programs
from tests.tiers.metrics.programs import Server
from tests.tiers.metrics.sink import Sink, sink
from tests.tiers.metrics.stack import ACCOUNT, NAMESPACE, TEAM

_STOP_SECONDS, _PAUSE_SECONDS = 3, 0.5
# The API server writes le="1", Prometheus 3 keeps it as 1.0.
# Server-side apply has a verb of its own.
_MUTATING = 'verb=~"POST|PUT|PATCH|APPLY|DELETE"'
_SECONDS = "apiserver_request_sli_duration_seconds"
_SHARE = (
    f'sum(rate({_SECONDS}_bucket{{{_MUTATING}, le=~"1|1[.]0"}}[15s]))'
    f" / sum(rate({_SECONDS}_count{{{_MUTATING}}}[15s]))"
)
RULES = [
    {"record": "apiserver:mutating:below_1s", "expr": _SHARE},
    {"alert": "MutatingRequestsAreSlow", "expr": "apiserver:mutating:below_1s < 0.99"},
]


@dataclass(frozen=True)
class Watched:
    """A Prometheus that scrapes the API server, and what receives its alerts."""

    prometheus: Server
    sink: Sink

    def shares(self) -> list[float]:
        """The recorded share of requests below a second; none before there is one."""
        return [value for _, value in self.prometheus.query("apiserver:mutating:below_1s")]

    def received(self) -> list[str]:
        """Names of the alerts that arrived as firing."""
        bodies: list[dict[str, Any]] = [json.loads(one.body) for one in self.sink.to("/alerts")]
        return [
            one["labels"]["alertname"]
            for body in bodies
            for one in body["alerts"]
            if one["status"] == "firing"
        ]


@pytest.fixture
def watched(
    plane: ControlPlane, operator: Server, tools: Path, tmp_path: Path
) -> Iterator[Watched]:
    """Scrapes each second, with the rights of a Prometheus of the operator's."""
    assert operator.child.process.poll() is None
    rules, token = tmp_path / "rules.yaml", tmp_path / "token"
    rules.write_text(json.dumps({"groups": [{"name": "api", "rules": RULES}]}))
    token.write_text(plane.api.token_of(NAMESPACE, ACCOUNT))
    with ExitStack() as started:
        to = started.enter_context(sink())
        receiver = {"name": "hook", "webhook_configs": [{"url": f"{to.url}/alerts"}]}
        receivers = {"route": {"receiver": "hook", "group_wait": "1s"}, "receivers": [receiver]}
        manager = started.enter_context(
            programs.alertmanager(tools, receivers, tmp_path / "manager")
        )
        server = {
            "job_name": "apiserver",
            "scheme": "https",
            "authorization": {"credentials_file": str(token)},
            "tls_config": {"ca_file": str(plane.authority)},
            "static_configs": [{"targets": [plane.url.removeprefix("https://")]}],
        }
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [_host(manager)]}]}]},
            "scrape_configs": [server],
        }
        prometheus = started.enter_context(programs.prometheus(tools, config, tmp_path / "server"))
        yield Watched(prometheus, to)


def _host(server: Server) -> str:
    return server.url.removeprefix("http://")


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


def test_a_standstill_of_etcd_is_an_alert(plane: ControlPlane, watched: Watched) -> None:
    etcd = plane.children[0].process.pid
    with _writing(plane.api):
        watched.prometheus.wait(lambda: watched.shares() == [1.0], "all requests are quick")
        assert watched.received() == []
        os.kill(etcd, signal.SIGSTOP)
        try:
            time.sleep(_STOP_SECONDS)
        finally:
            os.kill(etcd, signal.SIGCONT)
        watched.prometheus.wait(watched.received, "the alert arrives")
    assert set(watched.received()) == {"MutatingRequestsAreSlow"}
