"""Applications of other teams: what `check-job` refuses fails here too, and what it lets pass is
admitted and placed.

To add a case: one line in a table, with a change of the job `pi` that is right. Each is judged, and
then given to the real API server, operator, spark-submit and scheduler.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import pytest

from ops.jobs.check import Verdict, judged
from ops.jobs.fields import checked
from ops.jobs.judge.amounts import parsed
from ops.jobs.mend import mended
from ops.jobs.model import Application, Target
from ops.jobs.team import rights_of, team_of
from ops.plan.values import mapping
from tests.ops.jobs.own_jobs import CASES, REMAINS
from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.objects import ABSENT, with_value
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import verdict as scheduled
from tests.tiers.operator.applications import applied, placed, pods_of, why_failed
from tests.tiers.operator.cases import PODS_OF, Wanted, job_of
from tests.tiers.operator.conftest import Stack

TEAM = "team-a"
PROGRAM = "local:///opt/spark/examples/src/main/python/pi.py"
_SECONDS = 1200

pytestmark = pytest.mark.parametrize("live", PODS_OF[:1], ids=str, indirect=True)


class Row(NamedTuple):
    """A change of the job that is right: paths, as in `with_value`, and values."""

    name: str
    changes: dict[str, Any]

    def of(self, good: Object) -> Object:
        changed = with_value(good, "metadata/name", f"own-{self.name}")
        for path, value in self.changes.items():
            changed = with_value(changed, path, value)
        return changed


_MOUNT = {"name": "more", "mountPath": "/more"}
_SAFE = {
    "runAsNonRoot": True,
    "runAsUser": 185,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
_SIDECAR = {"name": "shipper", "image": "shipper:1", "securityContext": _SAFE}
_CLAIM = "spark.kubernetes.driver.volumes.persistentVolumeClaim.spark-local-dir-9"

AT_ONCE = [
    Row("no-executors", {"spec/executor/instances": 0}),
    Row("template-without-version", {"spec/sparkVersion": ABSENT}),
    Row("stray-section", {"x-common": {"cores": 1}}),
    Row("stray-metadata", {"metadata/lables": {"a": "b"}}),
    Row("typo", {"spec/driver/priorityClass": "spark-driver"}),
    Row("text-cores", {"spec/driver/cores": "1"}),
    Row("no-cores", {"spec/driver/cores": 0}),
    Row("other-type", {"spec/type": "Pyhton"}),
    Row("boolean-conf", {"spec/sparkConf": {"spark.eventLog.enabled": True}}),
    Row("no-main-file", {"spec/mainApplicationFile": ABSENT}),
    Row("mapping-for-list", {"spec/driver/tolerations": {}}),
    Row("too-many-cores", {"spec/executor/cores": 2**31}),
    Row("low-port", {"spec/monitoring": {
        "exposeDriverMetrics": True, "exposeExecutorMetrics": True,
        "prometheus": {"jmxExporterJar": "/x.jar", "port": 80}}}),
    Row("number-as-argument", {"spec/arguments": [100]}),
    Row("restart-policy", {"spec/restartPolicy": {"type": "Sometimes"}}),
    Row("negative-retries", {"spec/restartPolicy": {"type": "OnFailure", "onFailureRetries": -1}}),
    Row("selectors", {"spec/nodeSelector": {"a": "b"}}),
    Row("number-as-label", {"spec/driver/labels": {"a": 1}}),
    Row("no-quantity", {"spec/volumes/2": {"name": "x", "emptyDir": {"sizeLimit": "much"}}}),
]  # fmt: skip
"""Refused when it is applied."""

DRIVERS = [
    Row("kubernetes-size", {"spec/driver/memory": "2Gi"}),
    Row("fraction", {"spec/driver/memory": "1.5g"}),
    Row("overhead", {"spec/driver/memoryOverhead": "half"}),
    Row("core-request", {"spec/driver/coreRequest": "many"}),
    Row("core-limit", {"spec/driver/coreLimit": "500m"}),
    Row("memory-limit-unit", {"spec/driver/memoryLimit": "12G"}),
    Row("memory-limit", {"spec/driver/memoryLimit": "1g"}),
    Row("label", {"spec/driver/nodeSelector": {"NodeGroupType": "x"}}),
    Row("zone", {"spec/driver/nodeSelector": {"spark-on-eks/pool": "drivers", "disk": "fast"}}),
    Row("taint", {"spec/driver/tolerations": []}),
    Row("every-taint", {"spec/driver/tolerations": [{"operator": "Exists"}]}),
    Row("gpu", {"spec/driver/gpu": {"name": "nvidia.com/gpu", "quantity": 1}}),
    Row("volcano", {"spec/batchScheduler": "volcano"}),
    Row("scheduler", {"spec/driver/schedulerName": "mine"}),
    Row("account", {"spec/driver/serviceAccount": "spark"}),
    Row("class", {"spec/driver/priorityClassName": "urgent"}),
    Row("system-class", {"spec/driver/priorityClassName": "system-node-critical"}),
    Row("network", {"spec/driver/hostNetwork": True}),
    Row("no-context", {"spec/driver/securityContext": ABSENT}),
    Row("root", {"spec/driver/securityContext/runAsUser": 0}),
    Row("privileged", {"spec/driver/securityContext/allowPrivilegeEscalation": True}),
    Row("sidecar", {"spec/driver/sidecars": [{"name": "shipper", "image": "shipper:1"}]}),
    Row("sidecar-s-limit", {"spec/driver/sidecars": [
        {**_SIDECAR, "resources": {"requests": {"memory": "512Mi"}}}]}),
    Row("two-sidecars", {"spec/driver/sidecars": [
        _SIDECAR, {**_SIDECAR, "image": "shipper:2"}]}),
    Row("init-s-volume", {"spec/driver/initContainers": [
        {**_SIDECAR, "volumeMounts": [_MOUNT]}]}),
    Row("host-path", {
        "spec/volumes/3": {"name": "more", "hostPath": {"path": "/etc"}},
        "spec/driver/volumeMounts/2": _MOUNT}),
    Row("nfs", {
        "spec/volumes/3": {"name": "more", "nfs": {"server": "x", "path": "/"}},
        "spec/driver/volumeMounts/2": _MOUNT}),
    Row("local-secret", {
        "spec/volumes/3": {"name": "spark-local-dir-9", "secret": {"secretName": "x"}},
        "spec/driver/volumeMounts/2": {"name": "spark-local-dir-9", "mountPath": "/more"}}),
    Row("mounted-twice", {
        "spec/volumes/3": {"name": "more", "emptyDir": {}},
        "spec/driver/volumeMounts/2": {"name": "more", "mountPath": "/mnt/s3"}}),
    Row("on-demand", {f"spec/sparkConf/{_CLAIM}.mount.path": "/more"}),
    Row("no-image", {"spec/image": ABSENT}),
    Row("two-values", {"spec/driver/env": [
        {"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}),
    Row("port-s-name", {"spec/driver/ports": [
        {"name": "much-too-long-a-name", "containerPort": 9000, "protocol": "TCP"}]}),
    Row("jvm-variable", {"spec/driver/env": [
        {"name": "JAVA_TOOL_OPTIONS", "value": "-Dspark.executor.instances=9"}]}),
    Row("all-variables", {"spec/driver/envFrom": [{"configMapRef": {"name": "x"}}]}),
    Row("quota", {"spec/driver/memory": "300g"}),
    Row("too-much-disk", {"spec/driver/template": {"spec": {"containers": [
        {"name": "spark-kubernetes-driver",
         "resources": {"requests": {"ephemeral-storage": "900Gi"}}}]}}}),
    Row("disk-limit", {"spec/driver/template": {"spec": {"containers": [
        {"name": "spark-kubernetes-driver", "resources": {
            "requests": {"ephemeral-storage": "9Gi"}, "limits": {"ephemeral-storage": "7Gi"}}}]}}}),
    Row("too-large", {"spec/driver/memory": "200g", "spec/driver/memoryOverhead": "1g"}),
    Row("factor", {"spec/memoryOverheadFactor": "half",
                   "spec/driver/memoryOverhead": ABSENT}),
]  # fmt: skip
"""Accepted when they are applied; then spark-submit fails, the API server refuses the driver, or it
stays Pending."""

FINE = [
    Row("template", {"spec/driver/template": {"spec": {
        "containers": [{"name": "spark-kubernetes-driver", "resources": {
            "requests": {"ephemeral-storage": "7Gi"}, "limits": {"ephemeral-storage": "9Gi"}}}],
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone",
                                       "whenUnsatisfiable": "ScheduleAnyway"}]}}}),
    Row("no-template", {"spec/driver/template": ABSENT}),
    Row("gpu-without-quantity", {"spec/executor/gpu": {"name": "nvidia.com/gpu"}}),
    Row("volume-without-name", {"spec/volumes/3": {"emptyDir": {}}}),
    Row("no-version", {"spec/sparkVersion": ABSENT, "spec/driver/template": ABSENT,
                       "spec/executor/template": ABSENT}),
    Row("null-instances", {"spec/executor/instances": None}),
    Row("as-it-is", {}),
    Row("defaults", {
        "spec/driver/coreLimit": ABSENT, "spec/driver/coreRequest": ABSENT,
        "spec/driver/cores": ABSENT, "spec/driver/memory": ABSENT,
        "spec/driver/memoryOverhead": ABSENT, "spec/mode": ABSENT}),
    Row("mebibytes", {"spec/driver/memory": "1024", "spec/driver/memoryOverhead": "512"}),
    Row("java-memory-limit", {"spec/driver/memoryLimit": "2g"}),
    Row("no-priority", {"spec/driver/priorityClassName": ABSENT}),
    Row("no-annotations", {"spec/driver/annotations": ABSENT}),
    Row("safe-sidecar", {"spec/driver/sidecars": [_SIDECAR]}),
    Row("init-container", {
        "spec/volumes/3": {"name": "more", "emptyDir": {"sizeLimit": "1Gi"}},
        "spec/driver/volumeMounts/2": _MOUNT,
        "spec/driver/initContainers": [{**_SIDECAR, "volumeMounts": [_MOUNT]}]}),
    Row("lost-sizes", {"spec/volumes/1/emptyDir": {}, "spec/volumes/2/emptyDir": {}}),
    Row("no-local-disks", {
        "spec/volumes": [{"name": "spark-jars", "persistentVolumeClaim": {
            "claimName": "spark-jars", "readOnly": True}}],
        "spec/driver/volumeMounts": [{"name": "spark-jars", "mountPath": "/mnt/s3"}],
        "spec/executor/volumeMounts": ABSENT}),
    Row("variables", {"spec/driver/env": [{"name": "A", "value": "b"}],
                      "spec/driver/envVars": {"C": "d"}}),
    Row("only-on-demand", {"spec/driver/nodeSelector": {
        "spark-on-eks/pool": "drivers", "karpenter.sh/capacity-type": "on-demand"}}),
    Row("prefixed-variables", {"spec/driver/envFrom": [
        {"prefix": "DB_", "configMapRef": {"name": "x", "optional": True}}]}),
    Row("selector-by-key", {"spec/driver/nodeSelector": ABSENT,
        "spec/sparkConf/spark.kubernetes.driver.node.selector.spark-on-eks~pool": "drivers"}),
    Row("a-name-of-more-than-thirty-six-letters-altogether", {}),
]  # fmt: skip
"""The driver is admitted and placed."""


@pytest.fixture(scope="module")
def good(live: Stack) -> Object:
    """The job that is right."""
    return job_of(live.combination, TEAM, "pi").application


@pytest.fixture(scope="module")
def target(live: Stack) -> Target:
    plan = live.combination.plan
    team = team_of(plan, TEAM)
    return Target(plan, team, rights_of(plan, team))


def judge(target: Target, application: Object) -> Verdict:
    return judged(application, target)


def test_what_is_refused_at_once_is_refused_by_check_job_too(
    api: Api, good: Object, target: Target
) -> None:
    passed = []
    for row in AT_ONCE:
        application = row.of(good)
        assert not judge(target, application).runs, row.name
        try:
            api.create(application, dry_run=True)
            passed.append(row.name)
        except Refused as refused:
            print(f"{row.name}: {refused}")
    assert passed == []


@pytest.fixture(scope="module")
def ends(api: Api, good: Object, target: Target) -> Iterator[dict[str, tuple[str, Object | None]]]:
    """How each application of `DRIVERS` and `FINE` ended, and its driver, by name."""
    rows = [*DRIVERS, *FINE]
    sent = {row.name: row.of(good) for row in rows}
    found: dict[str, tuple[str, Object | None]] = {}
    # So many at a time that the team's quota and its drivers' nodes have room for all.
    for start in range(0, len(rows), _AT_A_TIME):
        batch = {row.name: sent[row.name] for row in rows[start : start + _AT_A_TIME]}
        with applied(api, [Wanted(TEAM, "pi", [], one) for one in batch.values()]):
            for name, one in batch.items():
                wait_until(partial(_has_ended, api, one), f"{name} ended", seconds=_SECONDS)
                found[name] = _end(api, one)
    yield found


_AT_A_TIME = 4


def _has_ended(api: Api, application: Object) -> bool:
    return bool(_end(api, application)[0])


def _end(api: Api, application: Object) -> tuple[str, Object | None]:
    """`failed: why`, `pending: why` or `placed`; empty while it is not known."""
    if why := why_failed(api, application):
        return f"failed: {why[-300:]}", None
    for pod in pods_of(api, application, "driver"):
        if pod["spec"].get("nodeName"):
            return "placed", pod
        if says := scheduled(pod):
            return f"pending: {says}", pod
        if pod["spec"].get("schedulerName") != "default-scheduler":
            return "pending: no such scheduler", pod
    return "", None


@pytest.mark.parametrize("row", DRIVERS, ids=lambda row: row.name)
def test_a_driver_that_check_job_refuses_is_refused_or_stays_pending(
    ends: dict[str, tuple[str, Object | None]], good: Object, target: Target, row: Row
) -> None:
    print(ends[row.name][0])
    assert not judge(target, row.of(good)).runs
    assert ends[row.name][0].startswith(("failed", "pending"))


@pytest.mark.parametrize("row", FINE, ids=lambda row: row.name)
def test_a_driver_that_check_job_lets_pass_is_admitted_and_placed(
    ends: dict[str, tuple[str, Object | None]], good: Object, target: Target, row: Row
) -> None:
    verdict = judge(target, row.of(good))
    assert [one.line for one in verdict.of("error")] == []
    assert ends[row.name][0] == "placed"


@pytest.mark.parametrize("row", FINE, ids=lambda row: row.name)
def test_the_driver_that_is_judged_is_the_real_one(
    ends: dict[str, tuple[str, Object | None]], good: Object, target: Target, row: Row
) -> None:
    application = row.of(good)
    _, real = ends[row.name]
    assert real is not None
    spec, _ = checked(application["spec"])
    model = Application(application["metadata"]["name"], spec, ())
    (driver, _) = model.pods(TEAM)
    assert seen(driver.pod) == seen(real)


def seen(pod: Object) -> Object:
    """What the judge reads of a pod, in a form to compare."""
    spec = pod["spec"]
    own = {one["name"] for one in spec.get("volumes", []) if one["name"].startswith(_SPARKS)}
    return {
        "account": spec["serviceAccountName"],
        "priority": spec.get("priorityClassName"),
        "selector": spec.get("nodeSelector") or {},
        "tolerations": [
            one
            for one in spec.get("tolerations", [])
            if not str(one.get("key")).startswith("node.kubernetes.io/")
        ],
        "context": spec.get("securityContext") or {},
        "grace": spec.get("terminationGracePeriodSeconds"),
        "volumes": {
            one["name"]: sorted({*one} - {"name"})
            for one in spec.get("volumes", [])
            if one["name"] not in own and not one["name"].startswith("kube-api-access")
        },
        "containers": [_container(one, own) for one in spec["containers"]],
        "init": [_container(one, own) for one in spec.get("initContainers", [])],
    }


_SPARKS = ("spark-conf-volume", "hadoop-", "pod-template")


def _container(one: Object, own: set[str]) -> Object:
    resources = mapping(one.get("resources"))
    return {
        "name": one["name"],
        "context": one.get("securityContext") or {},
        "ports": sorted(port["containerPort"] for port in one.get("ports", [])),
        "mounts": {
            mount["name"]: mount["mountPath"] if not _is_made_up(mount) else ""
            for mount in one.get("volumeMounts", [])
            if mount["name"] not in own and not mount["name"].startswith("kube-api-access")
        },
        "env": sorted(
            env["name"] for env in one.get("env", []) if not env["name"].startswith("SPARK_")
        ),
        "resources": {
            part: {key: _number(value) for key, value in mapping(resources, part).items()}
            for part in ("requests", "limits")
        }
        if one["name"].startswith("spark-kubernetes")
        else {},
    }


def _is_made_up(mount: Object) -> bool:
    """Spark invents the folder of a local disk that nobody configured."""
    return mount["mountPath"].startswith("/var/data/spark") and mount["name"].endswith("-1")


def _number(value: Any) -> float:
    return float(parsed(value))


EXECUTORS = [
    Row("ex-context", {"spec/executor/securityContext": ABSENT}),
    Row("ex-taint", {"spec/executor/tolerations": []}),
    Row("ex-drivers-pool", {"spec/executor/tolerations/0/value": "drivers"}),
    Row("ex-label", {"spec/executor/nodeSelector": {"spark-on-eks/pool": "gpu"}}),
    Row("ex-class", {"spec/executor/priorityClassName": "spark-driver"}),
    Row("ex-account", {"spec/executor/serviceAccount": "spark"}),
    Row("ex-gpu", {"spec/executor/gpu": {"name": "nvidia.com/gpu", "quantity": 1}}),
]
"""The executors are refused, or stay Pending."""


@pytest.fixture(scope="module")
def mendable(target: Target) -> list[Object]:
    """The applications of other teams that run once they are put right; their programs in S3 are
    replaced by one that is on this machine."""
    made = []
    for case in CASES:
        right, _, verdict = mended(case.application, target, case.beside)
        if case.name in REMAINS or right["kind"] != "SparkApplication":
            continue
        assert verdict.runs, case.name
        here = with_value(right, "spec/mainApplicationFile", PROGRAM)
        here = with_value(here, "spec/arguments", ["100"])
        if "dynamicAllocation" in right["spec"]:
            here = with_value(here, "spec/dynamicAllocation/initialExecutors", 1)
        made.append(with_value(here, "metadata/name", f"mended-{len(made)}"))
    return made


def test_executors_end_as_check_job_says(
    api: Api,
    good: Object,
    target: Target,
    mendable: Sequence[Object],
    drivers: Callable[..., Any],
) -> None:
    assert len(mendable) >= 4
    for row in EXECUTORS:
        assert not judge(target, row.of(good)).runs, row.name
    jobs = [
        *(Wanted(TEAM, "pi", [], row.of(good)) for row in EXECUTORS),
        *(Wanted(TEAM, "pi", [], one) for one in mendable),
    ]
    wrong = []
    for start in range(0, len(jobs), 3):
        batch = jobs[start : start + 3]
        with drivers(batch) as kubelet:
            done = partial(_executors_have_ended, api, kubelet, batch)
            kubelet.run_until(done, "executors", _SECONDS)
            for one in batch:
                name = one.application["metadata"]["name"]
                end = _executors_end(api, kubelet, one)
                print(f"{name}: {end}")
                if (end == "placed") != name.startswith("mended-"):
                    wrong.append(f"{name}: {end}")
    assert wrong == []


def _executors_have_ended(api: Api, kubelet: Any, jobs: Sequence[Wanted]) -> bool:
    return all(_executors_end(api, kubelet, one) for one in jobs)


def _executors_end(api: Api, kubelet: Any, job: Wanted) -> str:
    if why := why_failed(api, job.application):
        return f"failed: {why[-300:]}"
    if placed(api, job):
        return "placed"
    for pod in pods_of(api, job.application, "executor"):
        if not pod["spec"].get("nodeName") and (says := scheduled(pod)):
            return f"pending: {says}"
    name = f"{job.team}/{job.application['metadata']['name']}-driver"
    said = kubelet.pods[name].said if name in kubelet.pods else ""
    refused = [line for line in said.splitlines() if "forbidden" in line or "denied" in line]
    return f"refused: {refused[-1][-300:]}" if refused else ""
