"""A real Spark driver with two executors on a loopback address, and its pod in the API server."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from ops.jobs.metrics import CONF
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.processes import Child, start, wait_until
from tests.tiers.operator.programs import Programs

_PROGRAM = Path(__file__).with_name("driver_program.py")
EXECUTORS_PATH, DRIVER_PATH = "/metrics/executors/prometheus/", "/metrics/prometheus/"
PROPERTIES = {
    **CONF,
    # Not every job has it: counts of jobs, stages and tasks.
    "spark.metrics.appStatusSource.enabled": "true",
}
"""What `make job` writes, and one more."""
# The collector stays the default one: metrics have its name.
_QUICK = "-XX:TieredStopAtLevel=1"
_HERE = {
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.minExecutors": "2",
    "spark.dynamicAllocation.initialExecutors": "2",
    "spark.executor.memory": "512m",
    # By default every 10 s.
    "spark.executor.heartbeatInterval": "1s",
    "spark.sql.shuffle.partitions": "4",
    "spark.executor.extraJavaOptions": _QUICK,
}
_BLOCK = 200 - os.getpid() % 64
"""Of loopback addresses: another run on this machine has others."""
_START_SECONDS = 180


@dataclass(frozen=True)
class Driver:
    """A running driver."""

    address: str
    application_id: str
    port: int
    """Of its UI. Another program may have 4040 of all addresses, and Spark would take the next."""

    def page(self, path: str) -> str:
        """What it answers. Raises HTTPError."""
        answer = requests.get(f"http://{self.address}:{self.port}{path}", timeout=10)
        answer.raise_for_status()
        return answer.text


@contextmanager
def running(
    spark: Programs,
    folder: Path,
    name: str,
    number: int = 1,
    properties: Mapping[str, str] = PROPERTIES,
) -> Iterator[Driver]:
    """Runs a driver for the block; `name` is its application's. Each at a time has its `number`."""
    address = f"127.{_BLOCK}.0.{number}"
    own = folder / str(number)
    own.mkdir(parents=True)
    # Its queue's metrics are there with the event log only.
    log = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": own.as_uri()}
    with socket.create_server((address, 0)) as free:
        port = free.getsockname()[1]
    log["spark.ui.port"] = str(port)
    every = [f"--conf={key}={value}" for key, value in {**_HERE, **log, **properties}.items()]
    command = [spark.spark_home / "bin" / "spark-submit", "--master=local-cluster[2,1,1024]"]
    environment = {
        **spark.environment,
        "SPARK_LOCAL_IP": address,
        "SPARK_LOCAL_DIRS": str(own),
        "SPARK_WORKER_DIR": str(own),
        "PYSPARK_PYTHON": str(spark.python),
        "SPARK_SUBMIT_OPTS": _QUICK,
    }
    child = start([*command, "--name", name, *every, _PROGRAM], own / "log", environment)
    try:
        driver = Driver(address, _started(child), port)
        wait_until(
            lambda: 'executor_id="1"' in driver.page(EXECUTORS_PATH), "both executors", child
        )
        yield driver
    finally:
        child.stop()


def _started(child: Child) -> str:
    said: list[str] = []

    def runs() -> bool:
        lines = child.log.read_text(errors="replace").splitlines()
        said[:] = [line for line in lines if line.startswith(("app-", "local-"))]
        return bool(said)

    wait_until(runs, "the job has ended and its driver waits", child, _START_SECONDS)
    return said[0]


def pod(api: Api, driver: Driver, namespace: str, name: str) -> Object:
    """Tells the API server of the driver what the operator and kubelet would: its pod, running.
    Returns the pod."""
    container = {
        "name": "spark-kubernetes-driver",
        "image": "spark",
        "ports": [
            {"name": "driver-rpc-port", "containerPort": 7078, "protocol": "TCP"},
            {"name": "spark-ui", "containerPort": driver.port, "protocol": "TCP"},
        ],
    }
    labels = {
        "spark-role": "driver",
        "spark-app-selector": driver.application_id,
        "sparkoperator.k8s.io/app-name": name,
    }
    made = api.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{name}-driver", "namespace": namespace, "labels": labels},
            # Of no scheduler: the cluster of these tests has no node.
            "spec": {"containers": [container], "schedulerName": "none"},
        }
    )
    status = {
        "phase": "Running",
        "podIP": driver.address,
        "podIPs": [{"ip": driver.address}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    return api.patch_status({**made, "kind": "Pod"}, status)
