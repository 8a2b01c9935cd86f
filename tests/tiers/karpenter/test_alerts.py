"""A Spot interruption raises an alert, and a job has its price: Karpenter's own metrics, as it runs
over the fake EC2, in the real Prometheus with the stack's own rules and keep-lists.

kube-state-metrics is a stand-in that reads the real API server.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest
import requests

from ops.plan.quantity import parse
from tests.metrics.expressions import tools
from tests.plans import plan_of
from tests.tiers.cluster.api import Object
from tests.tiers.cluster.combinations import combination
from tests.tiers.cluster.control_plane import free_ports
from tests.tiers.cluster.control_plane import programs as control_plane_programs
from tests.tiers.cluster.processes import wait_until
from tests.tiers.karpenter.run import Run, program, said_by
from tests.tiers.metrics.alerting import Alerting, alerting, relabelings, rules_of, static
from tests.tiers.metrics.kube_state import page
from tests.tiers.metrics.pages import serving
from tests.tiers.programs import or_skip

_TEST = "TestMetricsTellOfNodesPoolsPricesAndInterruptions"
_STACK = combination("dev", "pod")
_JOB = "etl"
_PERCENT = 0.01


@dataclass(frozen=True)
class Watched:
    """Karpenter with a job of two executors and a driver, each on its own node; one Spot node has
    been warned."""

    run: Run
    url: str
    alerting: Alerting

    def asks(self, path: str) -> requests.Response:
        """What the Go test answers. Raises HTTPError."""
        answer = requests.get(f"{self.url}{path}", timeout=60)
        answer.raise_for_status()
        return answer

    def cost(self) -> float:
        """Dollars an hour of the job by hand: requests over what the node has, at EC2's prices."""
        prices = self.asks("/prices").json()
        nodes = {one["metadata"]["name"]: one for one in self.run.api.items("Node")}
        return sum(
            _share(pod, nodes[pod["spec"]["nodeName"]])
            * _price(nodes[pod["spec"]["nodeName"]], prices)
            for pod in self.run.api.items("Pod")
            if (pod["metadata"].get("labels") or {}).get("sparkoperator.k8s.io/app-name") == _JOB
        )


def _share(pod: Object, node: Object) -> float:
    (container,) = pod["spec"]["containers"]
    requests_, room = container["resources"]["requests"], node["status"]["allocatable"]
    parts = [parse(requests_[one]) / parse(room[one]) for one in ("cpu", "memory")]
    return float(sum(parts) / 2)


def _price(node: Object, prices: dict[str, dict[str, float]]) -> float:
    labels = node["metadata"]["labels"]
    kind = labels["node.kubernetes.io/instance-type"]
    return prices[kind][labels["karpenter.sh/capacity-type"]]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    programs, tests = or_skip(control_plane_programs), or_skip(program)
    folder = tmp_path_factory.mktemp("alerts")
    plan = plan_of(_STACK.stack, *_STACK.overrides, "observability.metrics.enabled=true")
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    arguments = (f"-test.run=^{_TEST}$", f"-serve={address}")
    with ExitStack() as started:
        run = started.enter_context(closing(Run(_STACK, programs, tests, *arguments)))
        url = f"http://{address}"
        wait_until(lambda: _serves(url), "Karpenter's metrics are served", run.child, 120)
        started.callback(_end, run, url)
        states = started.enter_context(
            serving("kube-state-metrics", lambda: page(run.api, applications=False))
        )
        kept = relabelings(plan, "karpenter")
        scraped = [states, static("karpenter", url, metric_relabel_configs=kept)]
        server = started.enter_context(alerting(or_skip(tools), rules_of(plan), scraped, folder))
        yield Watched(run, url, server)


def _end(run: Run, url: str) -> None:
    requests.get(f"{url}/end", timeout=60)
    assert f"--- PASS: {_TEST}" in run.output, said_by(_TEST, run.output)


def _serves(url: str) -> bool:
    try:
        return requests.get(f"{url}/metrics", timeout=5).ok
    except requests.RequestException:
        return False


def test_a_jobs_cost_is_that_of_its_shares_at_ec2s_prices(watched: Watched) -> None:
    by_hand, server = watched.cost(), watched.alerting.prometheus
    query = f'namespace_application:cost:dollars_per_hour{{application="{_JOB}"}}'
    server.wait(lambda: server.query(query), "the job has a price")
    ((_, recorded),) = server.query(query)
    print(f"by hand ${by_hand:.5f}, recorded ${recorded:.5f} an hour")
    assert by_hand > 0.05
    assert recorded == pytest.approx(by_hand, rel=_PERCENT)


def test_what_no_pod_requests_is_the_rest_of_the_nodes_prices(watched: Watched) -> None:
    server, prices = watched.alerting.prometheus, watched.asks("/prices").json()
    everything = sum(_price(node, prices) for node in watched.run.api.items("Node"))
    server.wait(lambda: server.query("nodepool:idle_cost:dollars_per_hour"), "idle has a price")
    idle = sum(value for _, value in server.query("nodepool:idle_cost:dollars_per_hour"))
    assert idle + watched.cost() == pytest.approx(everything, rel=_PERCENT)


def test_a_spot_interruption_message_is_an_alert(watched: Watched) -> None:
    """The second one: the rule counts the first one when Karpenter was there an hour before."""
    messages = 'karpenter_interruption_received_messages_total{message_type="spot_interrupted"}'
    server = watched.alerting.prometheus
    server.wait(lambda: server.query(f"{messages} == 1"), "the first message is counted")
    assert "SpotInterruptionsMany" not in watched.alerting.received()
    watched.asks("/warn")
    said = watched.alerting.wait_for("SpotInterruptionsMany")
    assert said == {"alertname": "SpotInterruptionsMany", "severity": "warning"}
