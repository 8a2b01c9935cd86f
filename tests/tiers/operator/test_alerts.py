"""A driver that is killed is an alert: a real driver under the real operator, the stack's own rules
in the real Prometheus, the real Alertmanager. kube-state-metrics is a stand-in that reads the real
API server."""

from pathlib import Path

import pytest

from tests.metrics.catalogue import unknown
from tests.metrics.expressions import tools
from tests.plans import plan_of
from tests.tiers.cluster.api import Api
from tests.tiers.metrics.alerting import alerting, rules_of, static
from tests.tiers.metrics.kube_state import page
from tests.tiers.metrics.pages import serving
from tests.tiers.operator.applications import state_of
from tests.tiers.operator.cases import PODS_OF, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.programs import or_skip

_SECONDS = 600

# The one of test_end_to_end.py.
pytestmark = pytest.mark.parametrize("live", PODS_OF[1:2], ids=str, indirect=True)


def test_a_driver_that_is_killed_is_an_alert(
    api: Api, live: Stack, drivers, tmp_path: Path
) -> None:
    one = live.combination
    job = job_of(one, live.spark_teams[0], "pi", executors=1)
    job.application["spec"]["restartPolicy"] = {"type": "Never"}
    name = {"namespace": job.team, "name": "pi"}
    rules = rules_of(plan_of(one.stack, *one.overrides, "observability.metrics.enabled=true"))
    with (
        drivers([job]) as kubelet,
        serving("kube-state-metrics", lambda: page(api)) as states,
        alerting(
            or_skip(tools),
            rules,
            [states, static("spark-operator", live.operator.metrics.removesuffix("/metrics"))],
            tmp_path,
        ) as watched,
    ):
        server = watched.prometheus
        kubelet.run_until(lambda: state_of(api, job.application) == "RUNNING", "it runs", _SECONDS)
        running = 'kube_customresource_spark_application_state{state="RUNNING"} == 1'
        kubelet.run_until(lambda: server.query(running), "Prometheus sees it", 60)
        assert "SparkApplicationFailed" not in watched.received()

        assert unknown("kube-state-metrics", page(api)) == []

        (driver,) = kubelet.pods.values()
        driver.process.kill()
        kubelet.run_until(
            lambda: "SparkApplicationFailed" in watched.received(), "the alert arrives", _SECONDS
        )
        assert state_of(api, job.application) == "FAILED"
        said = watched.received()["SparkApplicationFailed"]
        assert said == {"alertname": "SparkApplicationFailed", "severity": "warning", **name}
        assert "SparkOperatorDown" not in watched.received()
