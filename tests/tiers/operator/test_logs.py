"""A job's lines are JSON, and a real History Server's page of an executor leads to where the
agents' configuration puts the log of that executor's pod."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from ops.jobs.application import LOCAL_DISK
from tests.plans import named, of_type
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import LOGGED
from tests.tiers.operator.applications import applied, state_at_end
from tests.tiers.operator.cases import job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.kubelet import Kubelet, edited
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs
from tests.unit.fluent_bit.routes import folder_of, tags_of

TEAM = "team-a"
_SECONDS = 600
_ID = "0123456789abcdef" * 4
_EVENTS = {
    "spark.eventLog.enabled": "true",
    "spark.eventLog.dir": f"file://{LOCAL_DISK}",
    "spark.eventLog.rolling.enabled": "false",
    "spark.eventLog.compress": "false",
    # Shown in the log of the driver's environment if nothing hid it.
    "spark.logConf": "true",
    "spark.example.password": "never-to-be-seen",
}

pytestmark = pytest.mark.parametrize("live", [LOGGED], ids=str, indirect=True)


@dataclass
class Run:
    """A job that ended: its pods, what each said, and its event log."""

    pods: dict[str, Object]
    said: dict[str, str]
    """By role."""
    events: Path

    @property
    def application(self) -> str:
        return self.pods["executor"]["metadata"]["labels"]["spark-app-selector"]


@pytest.fixture(scope="module")
def run(api: Api, live: Stack, spark: Programs, pod_host: PodHost, tmp_path_factory: Any) -> Run:
    job = job_of(live.combination, TEAM, "pi", executors=1)
    kubelet = Kubelet(api, spark, pod_host, [TEAM], pod_host.empty, edited(live.url, _EVENTS))
    with applied(api, [job]), kubelet:
        state = state_at_end(kubelet, api, job.application, _SECONDS)
        roles = {one.pod["metadata"]["labels"]["spark-role"]: one for one in kubelet.pods.values()}
        said = {role: one.said for role, one in roles.items()}
        assert state == "COMPLETED", said["driver"][-5000:]
        folder = tmp_path_factory.mktemp("events")
        for disk in roles["driver"].disks:
            for file in disk.rglob("spark-*"):
                if file.is_file():
                    shutil.copy(file, folder / file.name.removesuffix(".inprogress"))
        return Run({role: one.pod for role, one in roles.items()}, said, folder)


@pytest.mark.parametrize("role", ["driver", "executor"])
def test_what_spark_logs_is_json_one_object_a_line(run: Run, role: str) -> None:
    lines = [json.loads(line) for line in run.said[role].splitlines() if line.startswith("{")]
    assert len(lines) > 10
    for line in lines:
        assert {"ts", "level", "msg", "logger"} <= line.keys(), line
    plain = [line for line in run.said[role].splitlines() if " INFO " in line]
    # Those before Spark reads its configuration, which an executor gets from its driver.
    assert len(plain) < (5 if role == "driver" else 20), plain
    if role == "driver":
        assert "\nPi is roughly 3.1" in run.said[role], "what the program itself prints"


def test_what_spark_hides_stays_hidden(run: Run) -> None:
    assert "spark.example.password" in run.said["driver"]
    assert "never-to-be-seen" not in run.said["driver"]


def test_an_executors_page_leads_to_where_its_log_lies(
    live: Stack, spark: Programs, run: Run
) -> None:
    plan = live.combination.plan
    config = named(plan, "ConfigMap", "log-agents-config").inputs["data"]["fluent-bit.yaml"]
    (bucket,) = [one for one in of_type(plan, "s3/bucket:Bucket") if "pod-logs" in one.name]
    pod = run.pods["executor"]
    (container,) = pod["spec"]["containers"]
    (tag,) = tags_of(config, f"{pod['metadata']['name']}_{TEAM}_{container['name']}-{_ID}.log")
    folder = folder_of(config, tag, run.application)
    assert folder == f"logs/{TEAM}/spark/{run.application}/1/"
    with _history_server(plan, spark, run.events) as url:
        executors = {one["id"]: one["executorLogs"] for one in _executors(url, run.application)}
    assert executors["1"] == {
        "log": f"https://us-west-2.console.aws.amazon.com/s3/buckets/{bucket.inputs['bucket']}"
        f"?region=us-west-2&prefix={folder}&showversions=false"
    }


@contextmanager
def _history_server(plan: Any, spark: Programs, events: Path) -> Iterator[str]:
    """The real one with the options of the team's Deployment, on a folder of this machine."""
    spec = named(plan, "Deployment", f"spark-history-{TEAM}").inputs["spec"]["template"]["spec"]
    given = {one["name"]: one["value"] for one in spec["containers"][0]["env"]}
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    of_pod = ("-Dspark.history.store", "-Dspark.history.fs.logD", "-Dspark.history.ui")
    kept = [one for one in given["SPARK_HISTORY_OPTS"].split() if not one.startswith(of_pod)]
    own = [f"-Dspark.history.ui.port={port}", f"-Dspark.history.fs.logDirectory=file://{events}"]
    process = subprocess.Popen(
        [spark.spark_home / "bin/spark-class", "org.apache.spark.deploy.history.HistoryServer"],
        env={"PATH": "/usr/bin:/bin", **spark.environment,
             "SPARK_HISTORY_OPTS": " ".join([*kept, *own])},
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _executors(url: str, application: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            answer = requests.get(
                f"{url}/api/v1/applications/{application}/allexecutors", timeout=60
            )
        except (requests.ConnectionError, requests.Timeout):
            answer = None
        if answer is not None and answer.ok:
            return answer.json()
        time.sleep(1)
    raise TimeoutError(f"{url}: no answer about {application}")
