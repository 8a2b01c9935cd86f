"""What Prometheus sends away: samples to a signed remote write, alerts through Alertmanager."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.metrics.sampled import agree, version_of
from tests.plans import of_type, plan_of
from tests.tiers.metrics import programs
from tests.tiers.metrics.alerting import in_prometheus_words
from tests.tiers.metrics.pages import serving, written
from tests.tiers.metrics.programs import Server
from tests.tiers.metrics.remote_write import Sample, samples
from tests.tiers.metrics.sink import Sink, sink
from tests.tiers.programs import ROOT

REGION, KEY = "us-west-2", "AKIAIOSFODNN7EXAMPLE"
REMOTE, RECEIVER = "/workspaces/ws-1/api/v1/remote_write", "/receiver"
(_RELEASE,) = [
    one
    for one in of_type(
        plan_of("dev", "observability={metrics: {enabled: true}, amp: {enabled: true}}"), "Release"
    )
    if one.inputs["name"] == "kube-prometheus-stack"
]
(WRITTEN,) = _RELEASE.inputs["values"]["prometheus"]["prometheusSpec"]["remoteWrite"]
_VALUE = 1.5
_TITLE = 'it\'s "etl" in\\Zürich'
KEPT = {
    "kube_pod_labels": {"namespace": "team-a", "label_spark_role": "driver", "title": _TITLE},
    "spark_jars_up": {"instance": "node-1"},
    "namespace_application:cost:dollars_per_hour": {"application": "etl"},
    # Snappy copies it from itself.
    "kube_pod_created": {"pod": "a" * 500},
}
DROPPED = (
    "planted_total",
    "kube_secret_labels",
    "container_memory_working_set_bytes",
    "my_kube_pod_labels",
    "kube_pod_labels_more",
)
"""One that no list has, one of kube-state-metrics that reads Secrets, one of the kubelet that stays
in the cluster, and two that only contain a name of the list."""
_PAGE = written(
    [
        *((name, labels, _VALUE) for name, labels in KEPT.items()),
        *((name, {"namespace": "team-a"}, _VALUE) for name in DROPPED),
    ]
)
_GO = ROOT / "dev" / "metrics"


@dataclass(frozen=True)
class Sending:
    """A Prometheus with an alert that fires, its Alertmanager, and where both send to."""

    prometheus: Server
    alertmanager: Server
    sink: Sink


@pytest.fixture(scope="module")
def sending(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sending]:
    """Prometheus scrapes itself; its configuration is written as the operator writes it."""
    folder = tmp_path_factory.mktemp("sending")
    rules = folder / "rules.yaml"
    alert = {"alert": "Watchdog", "expr": "vector(1)", "labels": {"severity": "none"}}
    rules.write_text(json.dumps({"groups": [{"name": "own", "rules": [alert]}]}))
    with ExitStack() as started:
        to = started.enter_context(sink())
        receiver = {"name": "hook", "webhook_configs": [{"url": f"{to.url}{RECEIVER}"}]}
        route = {"receiver": "hook", "group_wait": "1s", "group_interval": "1s"}
        receivers = {"route": route, "receivers": [receiver]}
        manager = started.enter_context(programs.alertmanager(tools, receivers, folder / "manager"))
        signed = {"region": REGION, "access_key": KEY, "secret_key": "secret"}
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "alerting": {
                "alertmanagers": [
                    {"static_configs": [{"targets": [manager.url.removeprefix("http://")]}]}
                ]
            },
            "remote_write": [
                {
                    "url": f"{to.url}{REMOTE}",
                    "sigv4": signed,
                    "queue_config": {"batch_send_deadline": "1s"},
                    "write_relabel_configs": in_prometheus_words(WRITTEN["writeRelabelConfigs"]),
                }
            ],
            "scrape_configs": [started.enter_context(serving("page", lambda: _PAGE))],
        }
        server = started.enter_context(programs.prometheus(tools, config, folder / "prometheus"))
        yield Sending(server, manager, to)


def test_remote_write_is_signed_for_aps_with_the_version_that_amp_takes(sending: Sending) -> None:
    sending.prometheus.wait(lambda: sending.sink.to(REMOTE), "samples arrive")
    headers = {name.lower(): value for name, value in sending.sink.to(REMOTE)[0].headers.items()}
    day = headers["x-amz-date"][:8]
    found = re.match(r"AWS4-HMAC-SHA256 Credential=([^,]+), ", headers["authorization"])
    assert found and found[1] == f"{KEY}/{day}/{REGION}/aps/aws4_request"
    assert headers["x-prometheus-remote-write-version"] == "0.1.0"
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["content-encoding"] == "snappy"


def test_names_labels_and_values_of_the_list_arrive_and_nothing_else(sending: Sending) -> None:
    def arrived() -> dict[str, Sample]:
        found = (one for sent in sending.sink.to(REMOTE) for one in samples(sent.body))
        return {one.name: one for one in found}

    server = sending.prometheus
    server.wait(lambda: server.query("count(planted_total)"), "the page is scraped")
    server.wait(lambda: arrived().keys() >= KEPT.keys(), "its samples arrive")
    found = arrived()
    for name, labels in KEPT.items():
        assert labels.items() <= found[name].labels.items()
        assert found[name].value == _VALUE
    for name in DROPPED:
        assert server.query(name), "it is in the cluster"
    assert not set(DROPPED) & found.keys()
    (rule,) = WRITTEN["writeRelabelConfigs"]
    assert all(re.fullmatch(rule["regex"], name) for name in found)


def test_an_alert_reaches_the_receiver(sending: Sending) -> None:
    sending.prometheus.wait(lambda: sending.sink.to(RECEIVER), "the alert arrives")
    (alert,) = json.loads(sending.sink.to(RECEIVER)[0].body)["alerts"]
    assert alert["status"] == "firing"
    assert alert["labels"] == {"alertname": "Watchdog", "severity": "none"}


def test_the_catalogue_has_prometheus_own_metrics(
    sending: Sending, request: pytest.FixtureRequest
) -> None:
    sending.prometheus.wait(lambda: sending.sink.to(REMOTE), "samples arrive")
    version = version_of("github.com/prometheus/prometheus", _GO)
    agree(request, "prometheus", sending.prometheus.metrics(), version)


def test_the_catalogue_has_alertmanagers_metrics(
    sending: Sending, request: pytest.FixtureRequest
) -> None:
    sending.prometheus.wait(lambda: sending.sink.to(RECEIVER), "the alert arrives")
    version = version_of("github.com/prometheus/alertmanager", _GO)
    agree(request, "alertmanager", sending.alertmanager.metrics(), version)
