"""Stands in for kubelet and its runtime: starts pods' containers on this machine from their specs.

A pod gets a copy-on-write view of this machine with Spark at /opt/spark, a loopback address of its
own, its volumes with their propagation, its user and capabilities, its init containers. Not
imitated: images, networks and their policies, cgroups, probes.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.processes import tree
from tests.tiers.operator import pod_files as shell
from tests.tiers.operator.pod_files import PodFiles
from tests.tiers.operator.pod_host import PodHost, script
from tests.tiers.operator.programs import Programs
from tests.tiers.operator.release import QUICK

_STOP_SECONDS = 10
_BLOCK = 64 + os.getpid() % 128
"""Of loopback addresses: another run on this machine has others."""


Edit = Callable[[str, str], str]
"""The content of a ConfigMap's file, from its name and content."""


@dataclass
class Running:
    """A pod that was started."""

    pod: Object
    process: subprocess.Popen[bytes]
    log: Path
    disks: list[Path]
    """Where its container writes: its own disk and its emptyDirs."""
    ended: bool = False

    @property
    def said(self) -> str:
        """Its container's output."""
        return self.log.read_text(errors="replace")


_WAITS = """
import time
from pyspark.sql import SparkSession
SparkSession.builder.getOrCreate()
time.sleep(600)
"""


def edited(server: str, properties: Mapping[str, str], program: str = "") -> Edit:
    """Adds properties to a driver's, and replaces the job's program where one is given. `server` is
    the API server's address: a cluster's DNS knows kubernetes.default.svc, this machine does not.
    """
    every = {"spark.kubernetes.driver.master": server, **properties}
    added = "".join(f"{key}={value}\n" for key, value in every.items())

    def edit(name: str, text: str) -> str:
        if name.endswith(".py"):
            return program or text
        return text + added if name == "spark.properties" else text

    return edit


def waiting(server: str) -> Edit:
    """For drivers whose executors are not started: in place of the job they run a program that only
    waits, and writes no event log, which would need the JARs."""
    return edited(server, {"spark.eventLog.enabled": "false"}, _WAITS)


@dataclass
class Kubelet:
    """Runs the pods of some namespaces that are bound to a node, those of the given Spark roles.
    They end with the `with` block."""

    api: Api
    programs: Programs
    host: PodHost
    namespaces: Sequence[str]
    mounted: Path
    """The folder, inside the machine, behind every volume of JARs."""
    edit: Edit
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to every container's."""
    roles: Sequence[str] = ("driver", "executor")
    data: Path | None = None
    """The folder behind every volume of cached data."""
    _addresses: dict[str, str] = field(default_factory=dict, init=False)
    pods: dict[str, Running] = field(default_factory=dict)
    """By namespace/name."""

    def __enter__(self) -> "Kubelet":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.pods.values():
            self._stop(one)

    def run_until(self, done: Callable[[], object], what: str, seconds: float) -> None:
        """Does kubelet's work until `done`. Raises TimeoutError with what the pods said last."""
        deadline = time.monotonic() + seconds
        while not done():
            self.step()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds:.0f} s\n{self._all_said()}")
            time.sleep(0.2)

    def step(self) -> None:
        """Starts bound pods, reports ended ones, ends deleted ones."""
        live = {
            _key(pod): {**pod, "kind": "Pod"}
            for namespace in self.namespaces
            for pod in self.api.items("Pod", namespace)
        }
        for key, one in self.pods.items():
            if one.ended:
                continue
            if key not in live or live[key]["metadata"].get("deletionTimestamp"):
                self._stop(one)
                self.api.delete(one.pod, grace_seconds=0)
            elif one.process.poll() is not None:
                one.ended = True
                self._report(one.pod, one.process.returncode)
        for key, pod in live.items():
            bound = pod["spec"].get("nodeName") and not pod["metadata"].get("deletionTimestamp")
            role = (pod["metadata"].get("labels") or {}).get("spark-role")
            new = key not in self.pods and role in self.roles
            if new and bound and self._has_its_config_maps(pod):
                self._start(pod)

    def _all_said(self) -> str:
        states = [
            f"{_key(pod)}: {pod['status']['phase']} on {pod['spec'].get('nodeName')}"
            for namespace in self.namespaces
            for pod in self.api.items("Pod", namespace)
        ]
        said = [f"{key}:\n{one.said[-3000:]}" for key, one in self.pods.items()]
        return "\n".join([*states, *said])

    def written(self, key: str) -> dict[str, int]:
        """Files that a pod wrote, outside of the mounts it was given: path and size in bytes."""
        return {
            f"{disk.name}/{file.relative_to(disk)}": file.stat().st_size
            for disk in self.pods[key].disks
            for file in disk.rglob("*")
            if file.is_file() and not file.is_symlink()
        }

    def open_files(self, key: str) -> set[str]:
        """Paths inside the pod of all files that its processes have open."""
        # The end of where its own root is, seen from outside.
        root = f"/{self.pods[key].pod['metadata']['uid']}/root"
        found = set()
        for pid in tree(self.pods[key].process.pid):
            for link in Path(f"/proc/{pid}/fd").glob("*"):
                try:
                    found.add(str(link.readlink()).rpartition(root)[2])
                except OSError:
                    continue  # closed, or the process ended
        return found

    def _has_its_config_maps(self, pod: Object) -> bool:
        """spark-submit makes the driver's pod first; kubelet waits for what it mounts."""
        namespace = pod["metadata"]["namespace"]
        names = [one["configMap"]["name"] for one in pod["spec"]["volumes"] if "configMap" in one]
        return all(self.api.find("ConfigMap", name, namespace) for name in names)

    def _start(self, pod: Object) -> None:
        name = pod["metadata"]["name"]
        (container,) = pod["spec"]["containers"]
        number = len(self._addresses)
        address = f"127.{_BLOCK}.{number // 250}.{number % 250 + 1}"
        self._addresses[_key(pod)] = address
        folder = self.host.folder / pod["metadata"]["uid"]
        seen = self.host.seen(folder)
        for one in shell.FOLDERS:
            (seen / one).mkdir(parents=True)
        files = PodFiles(self.api, seen / "volumes", self.mounted, self.edit, self.data)
        volumes = {one["name"]: one for one in pod["spec"].get("volumes", [])}
        lines = [f"hostname {name}", *shell.root(folder, self.programs.spark_home)]
        disks = [seen / one for one in shell.OWN_DISK]
        places = {key: files.volume(pod, one) for key, one in volumes.items()}
        for wanted in container.get("volumeMounts", []):
            place = places[wanted["name"]]
            if "emptyDir" in volumes[wanted["name"]]:
                disks.append(place)
            source = str(place).replace(str(seen), str(folder))
            lines += shell.mount(folder, source, wanted)
        environment = {
            "SPARK_HOME": shell.SPARK,
            "JAVA_HOME": str(self.programs.java_home),
            "PATH": "/usr/bin:/bin",
            "HOME": "/home/spark",
            "SPARK_SUBMIT_OPTS": QUICK,
            **self.environment,
            **files.environment(pod, container, address),
        }
        (seen / "environment").write_text(shell.exports(environment))
        (seen / "hosts").write_text("".join(f"{a} {b}\n" for a, b in self._hosts(pod, address)))
        lines += shell.start(folder, pod["spec"], container)
        log = seen / "log"
        apart = ["unshare", "--uts", "--mount", "--propagation", "slave"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.host.inside(*apart, *script(lines)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.pods[_key(pod)] = Running(pod, process, log, disks)
        self._report(pod, None)

    def _hosts(self, pod: Object, address: str) -> Iterator[tuple[str, str]]:
        """Host names for a pod: its own, and those of the drivers' services."""
        namespace = pod["metadata"]["namespace"]
        yield "127.0.0.1", "localhost"
        yield address, pod["metadata"]["name"]
        others = {_key(one): one for one in self.api.items("Pod", namespace)}
        for service in self.api.items("Service", namespace):
            wanted = (service["spec"].get("selector") or {}).items()
            host = f"{service['metadata']['name']}.{namespace}.svc"
            for key, other in others.items():
                labels = other["metadata"].get("labels") or {}
                if wanted and wanted <= labels.items() and key in self._addresses:
                    yield self._addresses[key], host

    def _report(self, pod: Object, code: int | None) -> None:
        """Tells the API server how a pod is; `code` is the exit code of its container."""
        phase, state = "Running", {"running": {}}
        if code is not None:
            phase, reason = ("Failed", "Error") if code else ("Succeeded", "Completed")
            state = {"terminated": {"exitCode": code % 256, "reason": reason}}
        (container,) = pod["spec"]["containers"]
        container_status = {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": code is None,
            "restartCount": 0,
            "state": state,
        }
        address = self._addresses[_key(pod)]
        status: Object = {
            "phase": phase,
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [{"type": "Ready", "status": str(code is None)}],
            "containerStatuses": [container_status],
        }
        self.api.patch_status(pod, status)

    def _stop(self, one: Running) -> None:
        if one.process.poll() is None:
            one.process.kill()  # with its whole tree: it leads a process namespace
            one.process.wait(_STOP_SECONDS)
        one.ended = True


def _key(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
