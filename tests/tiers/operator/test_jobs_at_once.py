"""Many jobs of one team at the same time, and what its doors and submitters let through: with the
real operator, spark-submit and scheduler. Drivers and executors are pods that this test reports on.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import executor
from tests.tiers.operator.applications import APP_LABEL, applied, pods_of, state_of
from tests.tiers.operator.cases import SMALLEST, Wanted, job_of
from tests.tiers.operator.conftest import Stack

TEAM = "team-a"
_JOBS = 18
_SECONDS = 1500
_STUCK_SECONDS = 40
"""How long nothing must end, where that is the promise: several submissions of each job."""
_PATIENT = {
    "type": "OnFailure",
    "onFailureRetries": 0,
    "onSubmissionFailureRetries": 100,
    "onSubmissionFailureRetryInterval": 3,
}
_ENDS = {
    "Succeeded": {"exitCode": 0, "reason": "Completed"},
    "Failed": {"exitCode": 1, "reason": "Error"},
}
_SIZE = {"cpu": "1", "memory": "1434Mi"}

pytestmark = pytest.mark.parametrize("live", [SMALLEST], ids=str, indirect=True)


def small_job(live: Stack, name: str) -> Wanted:
    """A job of the smallest size, which is submitted again until its driver is admitted."""
    job = job_of(live.combination, TEAM, "pi", executors=1)
    job.application["metadata"]["name"] = name
    spec = job.application["spec"]
    spec["restartPolicy"] = _PATIENT
    for role in ("driver", "executor"):
        spec[role] |= {"cores": 1, "memory": "1g", "memoryOverhead": "410m"}
        spec[role].pop("coreRequest", None)
    return job


@dataclass
class Jobs:
    """Does what drivers and the kubelet would: a driver that runs creates one executor, with its
    own rights; once that has a node, both end."""

    api: Api
    refused: list[str] = field(default_factory=list)
    most_drivers: int = 0

    def step(self) -> None:
        """One look at the namespace's pods."""
        pods = self.api.items("Pod", TEAM)
        running = [one for one in self._of(pods, "driver") if not _ended(one)]
        self.most_drivers = max(self.most_drivers, len(running))
        for driver in running:
            if not driver["spec"].get("nodeName"):
                continue
            if driver["status"]["phase"] == "Pending":
                self.report(driver, "Running")
                continue
            name = f"{driver['metadata']['name']}-exec-1"
            found = next((one for one in pods if one["metadata"]["name"] == name), None)
            if found is None:
                self._create(name, driver)
            elif found["spec"].get("nodeName"):
                for pod in (found, driver):
                    self.report(pod, "Succeeded")

    def until(self, done: Callable[[], object], seconds: float) -> None:
        """Steps until `done` holds."""
        deadline = time.monotonic() + seconds
        while not done():
            self.step()
            assert time.monotonic() < deadline, self.refused[-3:]
            time.sleep(0.3)

    def _of(self, pods: list[Object], role: str) -> Iterator[Object]:
        return (one for one in pods if one["metadata"]["labels"].get("spark-role") == role)

    def _create(self, name: str, driver: Object) -> None:
        pod = executor(name, TEAM, "default", priorityClassName="spark-executor")
        labels = driver["metadata"]["labels"]
        pod["metadata"]["labels"][APP_LABEL] = labels[APP_LABEL]
        memory = {"memory": _SIZE["memory"]}
        pod["spec"]["containers"][0]["resources"] = {"requests": _SIZE, "limits": memory}
        try:
            self.api.as_account(TEAM, "spark-driver").create(pod)
        except Refused as refusal:
            self.refused.append(str(refusal))

    def report(self, pod: Object, phase: str) -> None:
        """Sets the phase of a pod as its kubelet does: Running, Succeeded or Failed."""
        state = {"running": {}}
        if phase in _ENDS:
            state = {"terminated": _ENDS[phase]}
        (container,) = pod["spec"]["containers"]
        status = {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": phase == "Running",
            "restartCount": 0,
            "state": state,
        }
        self.api.patch_status(
            {**pod, "kind": "Pod"}, {"phase": phase, "containerStatuses": [status]}
        )


def _has_driver(api: Api, job: Wanted) -> bool:
    return any(one["spec"].get("nodeName") for one in pods_of(api, job.application, "driver"))


def _ended(pod: Object) -> bool:
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def test_eighteen_jobs_at_once_in_the_smallest_quota_all_end(api: Api, live: Stack) -> None:
    jobs = [small_job(live, f"job-{number}") for number in range(_JOBS)]
    work = Jobs(api)

    def states() -> list[str]:
        return [state_of(api, one.application) for one in jobs]

    with applied(api, jobs):
        work.until(lambda: states() == ["COMPLETED"] * _JOBS, _SECONDS)
    # One place of the two is an executor's, always.
    assert work.most_drivers == 1


def test_without_the_quota_of_drivers_two_jobs_stop_each_other(api: Api, live: Stack) -> None:
    quota = api.find("ResourceQuota", "drivers", TEAM)
    assert quota is not None
    quota = {**quota, "kind": "ResourceQuota"}
    jobs = [small_job(live, f"stuck-{number}") for number in range(2)]
    work = Jobs(api)
    api.delete(quota)
    try:
        with applied(api, jobs):
            # Both are submitted before either could create its executor.
            placed = "both drivers are placed"
            wait_until(lambda: all(_has_driver(api, one) for one in jobs), placed, seconds=_SECONDS)
            work.until(lambda: work.refused, 60)
            until = time.monotonic() + _STUCK_SECONDS
            while time.monotonic() < until:
                work.step()
                assert not any(state_of(api, one.application) == "COMPLETED" for one in jobs)
                time.sleep(0.5)
            assert "exceeded quota: team" in work.refused[-1]
    finally:
        metadata = {"name": "drivers", "namespace": TEAM}
        api.create({"kind": "ResourceQuota", "apiVersion": "v1", "metadata": metadata,
                    "spec": quota["spec"]})  # fmt: skip


def test_the_operator_s_monitoring_and_ui_work_through_the_doors(api: Api, live: Stack) -> None:
    job = small_job(live, "watched")
    exporter = {"jmxExporterJar": "/opt/exporter/jmx.jar", "port": 8090}
    job.application["spec"] |= {
        "monitoring": {
            "exposeDriverMetrics": True,
            "exposeExecutorMetrics": True,
            "prometheus": exporter,
        },
        "sparkUIOptions": {"servicePort": 4040, "serviceType": "ClusterIP"},
    }
    orchestrator = api.as_account("airflow", "worker")
    with applied(api, [job], by=orchestrator):
        wait_until(lambda: pods_of(api, job.application, "driver"), "a driver", seconds=300)
        (driver,) = pods_of(api, job.application, "driver")
        wait_until(lambda: api.find("Service", "watched-ui-svc", TEAM), "its UI", seconds=60)
        service, doors = (
            api.find(kind, name, TEAM) or {}
            for kind, name in (("Service", "watched-ui-svc"), ("NetworkPolicy", "clients"))
        )
        labels = driver["metadata"]["labels"]
        assert service["spec"]["type"] == "ClusterIP"
        assert service["spec"]["selector"].items() <= labels.items()
        (container,) = driver["spec"]["containers"]
        assert 8090 in {one["containerPort"] for one in container["ports"]}
        (term,) = doors["spec"]["podSelector"]["matchExpressions"]
        assert labels[term["key"]] in term["values"]
        opened = {port["port"] for rule in doors["spec"]["ingress"] for port in rule["ports"]}
        assert opened == {4040, 8090}
        # A submitter follows its job and ends it, as kubectl does.
        assert orchestrator.get(job.application)["metadata"]["name"] == "watched"
        orchestrator.delete(job.application, propagation="Background")
        wait_until(lambda: api.is_gone(job.application), "deleted", seconds=60)
