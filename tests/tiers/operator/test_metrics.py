"""The metrics of the Spark operator after a job that completed and one that failed."""

import pytest
import requests

from tests.metrics.sampled import agree, version_of
from tests.tiers.cluster.api import Api
from tests.tiers.operator.applications import applied, state_at_end
from tests.tiers.operator.cases import PODS_OF, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.kubelet import Kubelet, edited
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs
from tests.tiers.programs import ROOT

_GO = ROOT / "dev" / "operator" / "spark-operator"
_SECONDS = 600
_COUNTS = """
from pyspark.sql import SparkSession
assert SparkSession.builder.getOrCreate().range(1000).count() == 1000
"""
_FAILS = "raise SystemExit(1)"

# The one of test_end_to_end.py.
pytestmark = pytest.mark.parametrize("live", PODS_OF[1:2], ids=str, indirect=True)


def test_the_catalogue_has_the_operators_metrics(
    api: Api, live: Stack, spark: Programs, pod_host: PodHost, request: pytest.FixtureRequest
) -> None:
    for program, state in ((_COUNTS, "COMPLETED"), (_FAILS, "FAILED")):
        job = job_of(live.combination, live.spark_teams[0], "taxi-trip", executors=1)
        job.application["spec"]["restartPolicy"] = {"type": "Never"}
        edit = edited(live.url, {"spark.eventLog.enabled": "false"}, program)
        kubelet = Kubelet(api, spark, pod_host, [job.team], pod_host.empty, edit)
        with applied(api, [job]), kubelet:
            assert state_at_end(kubelet, api, job.application, _SECONDS) == state
    answer = requests.get(live.operator.metrics, timeout=10)
    answer.raise_for_status()
    version = version_of("github.com/kubeflow/spark-operator/v2", _GO)
    agree(request, "spark-operator", answer.text, version)
