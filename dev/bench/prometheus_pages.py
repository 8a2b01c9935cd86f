"""The pages that Prometheus reads of 1,000 executors: Spark's, kube-state-metrics', cAdvisor's.

Names and labels are those of the catalogue of metrics; values have the length that they have on
EKS. An executor waits for a node, starts, runs and ends, and another one takes its place.
"""

import itertools
import random
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from components.monitoring.keep import KUBE_STATE
from tests.metrics.catalogue import Labels, load

NAMESPACE = "team-forecasting"
PER_DRIVER, PER_NODE = 50, 7
_VALUE = "\0"
_IMAGE = "111122223333.dkr.ecr.us-west-2.amazonaws.com/spark-on-eks/spark"
_RESOURCES = (("cpu", "core"), ("memory", "byte"), ("ephemeral_storage", "byte"))
_LATER = re.compile(
    "kube_pod_(completion_time|deletion_timestamp|status_(disruption_reason|unschedulable)|"
    "container_status_(last_terminated|terminated_reason|waiting_reason).*)"
)
"""Of pods that do not just run."""
_OF_PAGE = re.compile(f"({'|'.join(KUBE_STATE)})")


def _rows(program: str, start: str) -> dict[str, Labels]:
    return {name: of for name, of in load(program).labels.items() if name.startswith(start)}


SPARK = _rows("spark-driver", "metrics_executor_")
POD = _rows("kube-state-metrics", "kube_pod_")
CONTAINER = _rows("kubelet", "container_")


def _line(name: str, labels: Mapping[str, str]) -> str:
    written = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{written}}} {_VALUE}\n"


@dataclass
class Executor:
    """One executor and its pod."""

    driver: int
    number: int
    born: float

    def __post_init__(self) -> None:
        some = random.Random(f"{self.driver}/{self.number}")
        self._ids = [f"{some.getrandbits(256):064x}" for _ in range(3)]
        self._uid = str(UUID(int=some.getrandbits(128), version=4))
        self._address = f"10.0.{some.randrange(256)}.{some.randrange(256)}"
        self._job = f"daily-orders-aggregation-{self.driver:02}"
        self.application = f"spark-{random.Random(self.driver).getrandbits(128):032x}"
        self.node = f"ip-10-0-123-{self.number // PER_NODE % 256}.us-west-2.compute.internal"

    @property
    def pod(self) -> dict[str, str]:
        """Labels that tell the pod."""
        name = f"{self._job}-{self.application[-16:]}-exec-{self.number}"
        return {"namespace": NAMESPACE, "pod": name}

    @cached_property
    def spark(self) -> str:
        """Its lines of the driver's page."""
        return spark_lines(self.application, self._job, str(self.number))

    @cached_property
    def cadvisor(self) -> str:
        """Lines of its container, of its sandbox, of its pod, and of its interface on the node."""
        slice_ = f"/kubepods.slice/kubepods-burstable.slice/kubepods-pod{self._uid}.slice"
        groups = [
            ("spark-kubernetes-executor", self._ids[0], f"{_IMAGE}:4.0.4-python3.12"),
            ("", self._ids[1], "registry.k8s.io/pause:3.10"),
            ("", "", ""),
        ]
        cgroups = [
            {
                "container": container,
                "id": f"{slice_}/cri-containerd-{name}.scope" if name else slice_,
                "image": image,
                "name": name,
                **self.pod,
            }
            for container, name, image in groups
        ]
        node = {"container": "", "id": "/", "image": "", "name": "", "namespace": "", "pod": ""}
        lines = []
        for name, labels in CONTAINER.items():
            if "interface" in labels:
                lines.append(_line(name, {**cgroups[1], "interface": "eth0"}))
                lines.append(_line(name, {**node, "interface": f"eni{self._ids[2][:11]}"}))
                continue
            more = {"cpu": "total"} if "cpu" in labels else {}
            more |= {"device": "/dev/nvme0n1p1"} if "device" in labels else {}
            lines += [_line(name, {**one, **more}) for one in cgroups]
        return "".join(lines)

    def state(self, seen: int, *, ends: bool, whole: bool = False) -> str:
        """Lines of kube-state-metrics at the pod's scrape number `seen`: it waits for a node, its
        container is created, it runs and, when it `ends`, has ended. `whole`: without our list."""
        waits, creates = seen == 0, seen == 1
        known = {
            "node": "" if waits else self.node,
            "host_ip": "" if waits else "10.0.123.45",
            "pod_ip": "" if waits or creates else self._address,
        }
        lines = []
        for name, labels in POD.items():
            later = {
                "kube_pod_status_unschedulable": waits,
                "kube_pod_container_status_waiting_reason": creates,
                "kube_pod_container_status_terminated_reason": ends,
            }
            if _LATER.fullmatch(name) and not later.get(name):
                continue
            if (waits and name.endswith("scheduled_time")) or (
                (waits or creates) and name.endswith("ready_time")
            ):
                continue
            if whole or _OF_PAGE.fullmatch(name):
                lines += [_line(name, one) for one in self._state_labels(labels, known)]
        return "".join(lines)

    def _state_labels(self, labels: Labels, known: Mapping[str, str]) -> Iterator[dict[str, str]]:
        fixed = {
            **self.pod,
            **known,
            "uid": self._uid,
            "container": "spark-kubernetes-executor",
            "container_id": f"containerd://{self._ids[0]}",
            "image": f"{_IMAGE}:4.0.4-python3.12",
            "image_id": f"{_IMAGE}@sha256:{self._ids[2]}",
            "image_spec": f"{_IMAGE}:4.0.4-python3.12",
            "created_by_kind": "Pod",
            "created_by_name": f"{self._job}-driver",
            "owner_kind": "Pod",
            "owner_name": f"{self._job}-driver",
            "owner_is_controller": "true",
            "host_network": "false",
            "priority_class": "spark-executor",
            "reason": "ContainerCreating",
            "label_spark_app_selector": self.application,
            "label_spark_exec_id": str(self.number),
            "label_spark_role": "executor",
            "label_sparkoperator_k8s_io_app_name": self._job,
        }
        own = {label: fixed[label] for label in labels if label in fixed}
        if "resource" in labels:
            for resource, unit in _RESOURCES:
                yield {**own, "resource": resource, "unit": unit}
            return
        listed = {label: sorted(values) for label, values in labels.items() if values}
        for values in itertools.product(*listed.values()):
            yield {**own, **dict(zip(listed, values, strict=True))}


def spark_lines(application: str, job: str, executor: str) -> str:
    """Lines of the driver's page for one executor."""
    labels = {"application_id": application, "application_name": job, "executor_id": executor}
    return "".join(_line(name, labels) for name in SPARK)


class Executors:
    """All executors that run; each lives `life` seconds, and is scraped each `every` seconds."""

    def __init__(self, count: int, life: float, every: float) -> None:
        self.drivers = -(-count // PER_DRIVER)
        self._life, self._every = life, every
        self._lock, self._numbers = threading.Lock(), itertools.count(1)
        self._some = random.Random(1)
        now = time.monotonic()
        # Their ages differ, so that they do not all end at once.
        self._all = [
            Executor(n % self.drivers, next(self._numbers), now - life * n / count)
            for n in range(count)
        ]
        self._seen: dict[int, int] = {}

    @property
    def born(self) -> int:
        """Executors so far."""
        return max(one.number for one in self._all)

    def _now(self) -> list[Executor]:
        now = time.monotonic()
        with self._lock:
            self._all = [
                one
                if now - one.born < self._life
                else Executor(one.driver, next(self._numbers), now)
                for one in self._all
            ]
            return list(self._all)

    def page(self, path: str) -> str:
        """The page of a driver (`/spark/3`), of nodes (`/cadvisor/3`), or of kube-state-metrics
        (`/state`, and `/whole` for the running pods of the first driver without our list)."""
        kind, _, part = path.strip("/").partition("/")
        now = self._now()
        if kind == "state":
            return self._filled(map(self._state, now))
        own = [one for one in now if one.driver == int(part or 0)]
        if kind == "whole":
            return self._filled(one.state(2, ends=False, whole=True) for one in own)
        # Until its container runs an executor is not known to the driver nor to cAdvisor.
        running = [one for one in own if time.monotonic() - one.born > 2 * self._every]
        if kind == "cadvisor":
            return self._filled(one.cadvisor for one in running)
        driver = spark_lines(own[0].application, "daily orders", "driver")
        return self._filled([driver, *(one.spark for one in running)])

    def _state(self, one: Executor) -> str:
        age = time.monotonic() - one.born
        return one.state(int(age / self._every), ends=age > self._life - self._every)

    def _filled(self, blocks: Iterable[str]) -> str:
        """The lines with values that change from scrape to scrape."""
        return "".join(
            one.replace(_VALUE, str(self._some.randrange(10**9, 10**11))) for one in blocks
        )
