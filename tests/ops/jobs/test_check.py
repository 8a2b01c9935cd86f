"""What is found of a job after one change: refused, failing, hanging, or hurting."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ops.jobs.check import Verdict
from ops.jobs.judge.amounts import requests
from ops.jobs.model import Application
from ops.jobs.team import team_of
from ops.plan.errors import UserError
from ops.plan.nodes import node_sets
from tests.ops.jobs.variants import application, errors, objects_of, verdict_of, warnings
from tests.plans import CLUSTER_AUTOSCALER, NODE, plan_of

POOL_LABEL = "spark-on-eks/pool"
ABSENT = object()
Change = Callable[[dict[str, Any]], Any]


def changed(change: Change, *overrides: str, team: str = "team-a") -> Verdict:
    """The verdict on a taxi-trip job of dev after a change of its spec."""
    plan = plan_of("dev", *overrides)
    objects = copied(objects_of(plan, "taxi-trip", team))
    change(objects[-1]["spec"])
    return verdict_of(objects, plan, team)


def copied(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "spec": _copy(one.get("spec"))} for one in objects]


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def put(path: str, value: Any) -> Change:
    """A change that assigns a value to a path, `driver/memory`; ABSENT removes it."""

    def change(spec: dict[str, Any]) -> None:
        *above, last = path.split("/")
        target: Any = spec
        for step in above:
            target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
        if value is ABSENT:
            target.pop(last)
        else:
            target[int(last) if isinstance(target, list) else last] = value

    return change


def conf(key: str, value: str) -> Change:
    return lambda spec: spec["sparkConf"].update({key: value})


def toleration(value: str) -> dict[str, str]:
    return {"key": POOL_LABEL, "operator": "Equal", "value": value, "effect": "NoSchedule"}


_ON_DEMAND = "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-1"
_HOST_PATH = {"name": "x", "hostPath": {"path": "/etc"}}
_SIDECAR = {"name": "shipper", "image": "x:1"}
_TEMPLATE = {"spec": {"containers": [{"name": "spark-kubernetes-driver"}, _SIDECAR]}}


def _disk_template(request: str, **limit: str) -> dict[str, Any]:
    resources = {"requests": {"ephemeral-storage": request}}
    if limit:
        resources["limits"] = {"ephemeral-storage": limit["limit"]}
    return {"spec": {"containers": [{"name": "spark-kubernetes-executor", "resources": resources}]}}


ERRORS: list[tuple[Change, str]] = [
    # The CRD
    (put("driver/priorityClass", "x"), "spec.driver.priorityClass x: the SparkApplication has no"),
    (put("driver/cores", "2"), "spec.driver.cores 2: must be a whole number; write: 2"),
    (put("driver/cores", 0), "spec.driver.cores 0: must be 1 or more"),
    (put("type", "Pyhton"), 'write: "Python"'),
    (put("sparkConf", {"spark.eventLog.enabled": True}), "must be text; quote numbers"),
    (put("mainApplicationFile", ABSENT), "spec.mainApplicationFile: is required"),
    (put("driver/tolerations", {}), "spec.driver.tolerations {}: must be a list"),
    (put("executor/cores", 2**31), "spec.executor.cores 2147483648: must be 1 or more"),
    # Sizes
    (put("driver/memory", "2Gi"), "spec.driver.memory 2Gi: is not a size that Spark reads"),
    (put("executor/memory", "1.5g"), "write: 1536m"),
    (put("executor/memory", "100m"), "Spark does not start with less than 450m"),
    (put("driver/coreRequest", "many"), "spec.driver.coreRequest many: is not a quantity"),
    (put("driver/coreLimit", "500m"), "the limit of cpu is below what the driver requests"),
    (put("executor/memoryLimit", "8Gi"), "the limit of memory is below what the executor requests"),
    (put("executor/memoryLimit", "12G"), "spec.executor.memoryLimit 12G: has a unit"),
    (put("executor/instances", 0), "spec.executor.instances 0: must be 1 or more"),
    (put("executor/instances", 21), "spec.executor.instances 21: spec.executor.instances is above"),
    (put("executor/memory", "900g"), "no instance type of its pool has that much free"),
    (conf("spark.task.cpus", "5"), "a task needs 5 cores and an executor has 4"),
    (conf("spark.shuffle.service.enabled", "true"), "has no external shuffle service"),
    (put("dynamicAllocation", {"enabled": True}), "spec.dynamicAllocation needs maxExecutors"),
    (
        put("dynamicAllocation", {"enabled": True, "minExecutors": 5, "maxExecutors": 4}),
        "spec.dynamicAllocation.minExecutors 5: is above maxExecutors, 4",
    ),
    # Nodes
    (put("executor/nodeSelector", {POOL_LABEL: "gpu"}), "no node of the stack has the label"),
    (put("driver/nodeSelector", {"NodeGroupType": "x"}), "no node of the stack has the label"),
    (put("executor/tolerations", []), "has a taint that it does not tolerate (spark-on-eks/pool="),
    (put("executor/tolerations", [toleration("drivers")]), "tolerations must be for the team's"),
    (put("driver/tolerations", [{"operator": "Exists"}]), "tolerations must be for the team's"),
    (put("executor/gpu", {"name": "nvidia.com/gpu", "quantity": 1}), "no node of the stack offers"),
    (put("batchScheduler", "volcano"), "the stack has no scheduler volcano"),
    (put("driver/schedulerName", "mine"), "the stack has no scheduler mine"),
    # Accounts and priorities
    (put("driver/serviceAccount", "spark"), "the stack creates no such account"),
    (put("driver/serviceAccount", ABSENT), "the account default may create no pods"),
    (put("driver/priorityClassName", "urgent"), "the stack has no such PriorityClass"),
    (put("driver/priorityClassName", "system-node-critical"), "the team's quota refuses pods"),
    (put("executor/priorityClassName", "spark-driver"), "the priority is above the one of the"),
    # Pod security
    (put("driver/securityContext/allowPrivilegeEscalation", True), "refuses allowPrivilegeEsc"),
    (put("executor/securityContext/runAsUser", 0), "restricted refuses runAsUser 0"),
    (put("executor/securityContext/capabilities", {"drop": ["NET_RAW"]}), "refuses capabilities"),
    (put("driver/securityContext/seccompProfile", {"type": "Unconfined"}), "seccompProfile"),
    (put("driver/securityContext", ABSENT), "restricted refuses allowPrivilegeEscalation, cap"),
    (put("driver/hostNetwork", True), "restricted refuses the node's namespaces"),
    (put("executor/sidecars", [_SIDECAR]), "spec.executor.sidecars[0].securityContext"),
    (
        lambda spec: (spec["volumes"].append(_HOST_PATH), spec["driver"]["volumeMounts"].append(
            {"name": "x", "mountPath": "/x"})),
        "spec.volumes[4].hostPath",
    ),
    # Volumes
    (put("volumes", []), "spec.executor.volumeMounts[0].name spark-jars: spec.volumes has no such"),
    (put("driver/volumeMounts", []), "the driver opens files below /mnt/s3 and mounts nothing"),
    (
        lambda spec: spec["driver"]["volumeMounts"].append(
            {"name": "spark-jars", "mountPath": "/mnt/s3"}
        ),
        "two volumes are mounted at /mnt/s3",
    ),
    (conf(f"{_ON_DEMAND}.mount.path", "/data"), "options.claimName]: is required; write: OnDemand"),
    (
        lambda spec: spec["sparkConf"].update(
            {f"{_ON_DEMAND}.mount.path": "/d", f"{_ON_DEMAND}.options.claimName": "OnDemand",
             f"{_ON_DEMAND}.options.storageClass": "fast", f"{_ON_DEMAND}.options.sizeLimit": "9Gi"}
        ),
        "options.storageClass] fast: the stack creates no such storage class",
    ),
    (
        conf(f"{_ON_DEMAND.replace('executor', 'driver')}.options.claimName", "OnDemand"),
        "spark-submit makes a driver's claim with the operator's rights",
    ),
    (put("driver/template", {"spec": {"containers": "x"}}), "a part of it has the wrong type"),
    (
        put("driver/template", _TEMPLATE),
        "spec.driver.template.spec.containers[1].securityContext",
    ),
    (put("driver/template", {"spec": {"nodeName": "x"}}), "spec.nodeName must not be set"),
    (
        put("executor/template", {"metadata": {"labels": {"a": "b"}}}),
        "spec.executor.template may only request ephemeral-storage",
    ),
    (put("sparkVersion", ABSENT), "refuses pod templates without a version of Spark"),
    (put("sparkVersion", "latest"), "refuses pod templates without a version of Spark"),
    (
        put("executor/template", _disk_template("900Gi")),
        "one executor asks for 900.0 GiB of local disk, and no instance type of its pool has",
    ),
    (
        put("executor/template", _disk_template("5gi")),
        "the request of ephemeral-storage is not a quantity",
    ),
    (
        put("executor/template", _disk_template("-5Gi")),
        "the request of ephemeral-storage is not a quantity",
    ),
    (
        put("executor/template", _disk_template("1Gi", limit="7 Gi")),
        "the limit of ephemeral-storage is not a quantity",
    ),
    (
        lambda spec: spec["volumes"][-1]["emptyDir"].update(sizeLimit="-1Gi"),
        "the API server refuses a size limit below nothing",
    ),
    (
        lambda spec: spec["sparkConf"].update(
            {f"{_ON_DEMAND}.options.claimName": "OnDemand", f"{_ON_DEMAND}.mount.path": "/x",
             f"{_ON_DEMAND}.options.storageClass": "gp2", f"{_ON_DEMAND}.options.sizeLimit": "-9Gi"}
        ),
        "options.sizeLimit] -9Gi: is not a quantity such as 10Gi",
    ),
    (
        put("executor/template", _disk_template("9Gi", limit="7Gi")),
        "spec.executor.template 7Gi: the limit of ephemeral-storage is below what the executor",
    ),
    # JARs and S3
    (lambda spec: spec["sparkConf"].pop("spark.executor.extraClassPath"), "the same JARs"),
    (
        lambda spec: [spec["sparkConf"].pop(f"spark.{role}.extraClassPath")
                      for role in ("driver", "executor")],
        "Apache's images have no file system for s3a://",
    ),
    (put("hadoopConf", {}), "Hadoop's default list lacks the service account's token"),
    (
        put("hadoopConf/fs.s3a.aws.credentials.provider", "x.ContainerCredentialsProvider"),
        "it does not use the service account's token",
    ),
    (put("mainApplicationFile", "s3://lake/x.py"), "Hadoop has no file system for s3://"),
    (put("mainApplicationFile", "/opt/x.py"), "spec.mainApplicationFile must begin with local:///"),
    (conf("spark.eventLog.enabled", "true"), "spec.sparkConf[spark.eventLog.dir]: is not set"),
    (
        conf("spark.sql.parquet.output.committer.class",
             "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter"),
        "its class is in spark-hadoop-cloud, which the class path lacks",
    ),
    (put("deps", {"packages": ["a:b:1"]}), "spec.deps.packages and repositories are loaded"),
    (put("deps", {"jars": ["s3a://lake/x.jar"]}), "spec.deps and the files in spec.sparkConf"),
    # The operator
    (put("nodeSelector", {POOL_LABEL: "default"}), "refuses it beside that of driver or executor"),
    (conf("spark.kubernetes.container.image", "x:1"), "the operator's webhook refuses this key"),
    (conf("spark.kubernetes.namespace", "other"), "must be the application's namespace"),
    (put("image", ABSENT), "no image is set: spark-submit fails"),
    (put("image", "x y"), "is no name of an image"),
    (put("type", "Scala"), "taxi_trip.py is no program of type Scala"),
    (put("mainApplicationFile", "local:///opt/spark/program/x.py"), "has no x.py; write: one of"),
    (put("sparkConfigMap", "conf"), "spec.sparkConfigMap cannot be checked"),
    (put("pythonVersion", "2"), "Spark has no Python 2"),
    (
        lambda spec: spec["sparkConf"].update({"spark.executor.resource.gpu.amount": "1"}),
        "spark.executor.resource.gpu.vendor]: is not set: spark-submit fails",
    ),
    (
        lambda spec: spec["sparkConf"].update(
            {"spark.executor.resource.gpu.amount": "1",
             "spark.executor.resource.gpu.vendor": "nvidia.com"}
        ),
        "no node of the stack offers nvidia.com/gpu",
    ),
    # The network
    (conf("spark.sql.catalog.a.uri", "http://nessie.catalog.svc:19120"), "services of namespace"),
    (conf("spark.openlineage.url", "http://lineage.example.com:5000"), "close port 5000"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "says"), ERRORS, ids=[says[:70] for _, says in ERRORS])
def test_what_is_refused_fails_or_hangs_is_an_error(change: Change, says: str) -> None:
    found = errors(changed(change))
    assert [line for line in found if says in line], found


def _without_version(spec: dict[str, Any]) -> None:
    """Without templates, too, which need a version."""
    del spec["sparkVersion"], spec["driver"]["template"], spec["executor"]["template"]


WARNINGS: list[tuple[Change, str]] = [
    (_without_version, "spec.sparkVersion: is required, and the operator"),
    (
        put("executor/nodeSelector", {POOL_LABEL: "default", "kubernetes.io/arch": "arm64"}),
        "kubernetes.io/arch excludes nodes of the pool",
    ),
    (
        put("executor/nodeSelector", {POOL_LABEL: "default", "karpenter.sh/capacity-type": "spot"}),
        "karpenter.sh/capacity-type excludes nodes of the pool",
    ),
    (put("executor/terminationGracePeriodSeconds", 120), "EC2 ends a Spot instance 120 s after"),
    (put("driver/annotations", {}), "an autoscaler that consolidates nodes may evict the driver"),
    (
        put("driver/volumeMounts", [{"name": "spark-jars", "mountPath": "/mnt/s3"}]),
        "readOnly: true, mountPropagation: HostToContainer",
    ),
    (put("executor/serviceAccount", ABSENT), "executors run as spark-driver"),
    (put("executor/priorityClassName", ABSENT), "other teams' pods preempt it"),
    (put("volumes/3", {"name": "spark-local-dir-executor", "emptyDir": {}}), "has no limit and no"),
    (
        put("deps", {"jars": ["local:///mnt/s3/jars/r/a.jar"]}),
        "Spark copies JARs of this list into every pod, although the mount has them",
    ),
    (conf("spark.hadoop.fs.s3a.access.key", "AKIA"), "(not shown): a key in clear"),
    (put("driver/env", [{"name": "AWS_SECRET_ACCESS_KEY", "value": "x"}]), "_ACCESS_KEY in clear"),
    (put("arguments", ["--input", "s3a://elsewhere/x/"]), "gives team team-a no permission on it"),
    (lambda spec: None, "output is committed by renames"),
    (put("image", "apache/spark:4.0.4-arm64"), "an image of one processor (arm64)"),
    (put("sparkVersion", "4.0.3"), "the image's tag says 4.0.4"),
    (put("sparkVersion", "3.1.1"), "Spark 3.1.1: it has decommissioning"),
    (put("restartPolicy", {"type": "Always"}), "again after each success, too; write"),
    (put("failureRetries", 3), "spec.failureRetries 3: the operator does not read it"),
    (put("retryInterval", 3), "spec.retryInterval 3: the operator does not read it"),
    (put("restartPolicy", {"type": "OnFailure"}), "OnFailure retries only with a number"),
    (
        put("monitoring", {"exposeDriverMetrics": True, "exposeExecutorMetrics": False,
                           "prometheus": {"jmxExporterJar": "/x.jar"}}),
        "network policies close port 8090",
    ),
    (put("batchSchedulerOptions", {"queue": "root.x"}), "the stack has no queues"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "says"), WARNINGS, ids=[says[:70] for _, says in WARNINGS])
def test_what_works_and_hurts_is_a_warning(change: Change, says: str) -> None:
    verdict = changed(change)
    assert [line for line in warnings(verdict) if says in line], warnings(verdict)
    assert errors(verdict) == [] or says == "an image of one processor (arm64)"


def test_keys_in_clear_are_never_repeated() -> None:
    verdict = changed(conf("spark.hadoop.fs.s3a.secret.key", "very-secret"))
    assert "very-secret" not in str(verdict)


def test_a_generated_job_has_no_error_and_is_warned_of_renames_and_of_folders_of_others() -> None:
    for overrides in ((), CLUSTER_AUTOSCALER):
        verdict = changed(lambda spec: None, *overrides)
        assert errors(verdict) == []
        renames = [line for line in warnings(verdict) if "committed by renames" in line]
        denied = [line for line in warnings(verdict) if "no permission on it" in line]
        assert len(renames) == 1 and len(denied) == 2
        assert len(warnings(verdict)) == 3


def test_node_groups_are_held_to_the_same_as_nodepools() -> None:
    plan = plan_of("dev", *CLUSTER_AUTOSCALER)
    groups = [one for one in node_sets(plan) if one.pool == "default"]
    assert groups and all(one.kind == "node group" for one in groups)
    # A job need not tolerate the taint that the CSI driver removes.
    assert {taint.key for one in groups for taint in one.taints} == {POOL_LABEL}
    assert errors(changed(put("executor/tolerations", []), *CLUSTER_AUTOSCALER))


@pytest.mark.parametrize(
    ("hard", "says"),
    [
        ({"requests.cpu": "7"}, "needs 8 of requests.cpu and the quota of team team-a is 7"),
        ({"cpu": "7900m"}, "needs 8 of requests.cpu and the quota of team team-a is 7.9"),
        ({"limits.cpu": "8"}, "needs 9 of limits.cpu"),
        ({"requests.memory": "24Gi"}, "needs 25.0 GiB of requests.memory"),
        ({"limits.memory": "24Gi"}, "quota of team team-a is 24.0 GiB"),
        ({"pods": "2"}, "needs 3 of pods and the quota of team team-a is 2"),
        ({"count/pods": 2}, "needs 3 of pods"),
        ({"requests.memory": "2Gi"}, "one driver needs 3.0 GiB of requests.memory"),
    ],
)
def test_a_job_larger_than_its_teams_quota_is_refused(hard: dict[str, Any], says: str) -> None:
    plan = plan_of("dev")
    found = errors(
        verdict_of(objects_of(plan, "taxi-trip", "team-a"), plan, quotas=[{"hard": hard}])
    )
    assert len(found) == 1
    assert says in found[0]
    assert "spark.teams[].quota" in found[0]


def test_a_quota_is_met_to_the_last_unit_and_dynamic_executors_beyond_it_are_a_warning() -> None:
    plan = plan_of("dev")
    exact = {"requests.cpu": "8", "limits.cpu": "9", "requests.memory": "25Gi", "pods": "3"}
    quotas = [{"hard": exact}]
    job = objects_of(plan, "taxi-trip", "team-a")
    assert errors(verdict_of(job, plan, quotas=quotas)) == []
    larger = objects_of(plan, "taxi-trip", "team-a", executors=3)
    assert len(errors(verdict_of(larger, plan, quotas=quotas))) == 4
    dynamic = verdict_of(
        objects_of(plan, "etl-dynamic", "team-a"), plan, quotas=[{"hard": {"pods": "6"}}]
    )
    assert errors(dynamic) == []
    assert [line for line in warnings(dynamic) if "needs 7 of pods" in line]


def test_a_quota_counts_only_the_priorities_that_it_is_for() -> None:
    plan = plan_of("dev")
    job = objects_of(plan, "taxi-trip", "team-a")
    term = {"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]}
    quota = {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [term]}}
    assert errors(verdict_of(job, plan, quotas=[quota])) == []
    mine = {**term, "values": ["spark-driver"]}
    quota = {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [mine]}}
    assert "one driver needs 1 of pods" in errors(verdict_of(job, plan, quotas=[quota]))[0]


def test_a_quota_on_limits_refuses_pods_without_one() -> None:
    plan = plan_of("dev")
    objects = copied(objects_of(plan, "taxi-trip", "team-a"))
    del objects[-1]["spec"]["driver"]["coreLimit"]
    found = errors(verdict_of(objects, plan, quotas=[{"hard": {"limits.cpu": "100"}}]))
    assert found == [
        "spec.driver.coreLimit: a quota on limits.cpu needs one in driver and executor"
    ]


def test_a_container_larger_or_smaller_than_its_limit_range_is_refused() -> None:
    plan = plan_of("dev")
    limits = [{"type": "Container", "max": {"memory": "10Gi"}, "min": {"cpu": "2"}}]
    objects = objects_of(plan, "taxi-trip", "team-a")
    found = errors(verdict_of(objects, plan, container_limits=limits))
    assert [line for line in found if line.startswith("spec.executor.memory: 11.0 GiB of memory")]
    assert [line for line in found if line.startswith("spec.driver.cores: 1 of cpu")]
    assert len(found) == 2


def test_yunikorns_queue_is_smaller_than_the_namespaces_quota_and_is_what_counts() -> None:
    small = "{name: team-a, quota: {cpu: 21, memoryGiB: 128}, maxExecutors: 20}"
    plan = plan_of("dev", "spark.yunikorn={enabled: true}", f"spark.teams=[{small}]")
    fits = verdict_of(objects_of(plan, "taxi-trip", "team-a"), plan)
    assert errors(fits) == []
    (line,) = errors(verdict_of(objects_of(plan, "taxi-trip", "team-a", executors=6), plan))
    assert "YuniKorn's queue root.team-a has 21 at most" in line


def test_a_volume_that_is_not_on_the_pools_nodes_is_refused() -> None:
    plan = plan_of("dev", *NODE)
    volume = _copy(team_of(plan, "team-a").volume)
    (term,) = volume["nodeAffinity"]["required"]["nodeSelectorTerms"]
    term["matchExpressions"][0]["values"] = ["etl-jars"]
    found = errors(verdict_of(objects_of(plan, "taxi-trip", "team-a"), plan, volume=volume))
    assert [line.partition(":")[0] for line in found] == [
        "spec.driver.volumeMounts",
        "spec.executor.volumeMounts",
    ]
    assert all("has the JARs of team team-a" in line for line in found)


def test_drivers_that_may_be_spot_are_told() -> None:
    plan = plan_of("dev")
    spot = [
        replace(one, capacity_types=("spot", "on-demand"))
        for one in team_of(plan, "team-a").driver_nodes
    ]
    found = verdict_of(objects_of(plan, "taxi-trip", "team-a"), plan, driver_nodes=spot)
    assert [x for x in warnings(found) if "drivers may be Spot, and a job ends with its" in x]


def test_in_an_existing_cluster_selectors_are_not_known() -> None:
    plan = plan_of("existing")
    objects = copied(objects_of(plan, "taxi-trip", "team-a"))
    objects[-1]["spec"]["driver"]["nodeSelector"] = {"group": "spark"}
    verdict = verdict_of(objects, plan)
    assert errors(verdict) == []
    assert [one.field for one in verdict.of("not known")] == ["spec.driver.nodeSelector"]


def test_executors_request_the_memory_that_spark_computes() -> None:
    given = application(plan_of("dev"), "taxi-trip", "team-a")["spec"]
    (_, executor) = Application("x", given, ()).pods("team-a")
    assert requests(executor.pod) == {
        "requests.cpu": Fraction("3.5"),
        "limits.cpu": 4,
        "requests.memory": 11 * 1024**3,
        "limits.memory": 11 * 1024**3,
        # 5 GiB of local disk, 50 MiB of logs, 256 MiB of blocks a core.
        "requests.ephemeral-storage": (5 * 1024 + 50 + 4 * 256) * 1024**2,
        "pods": 1,
    }


@pytest.mark.parametrize(
    ("kind", "memory", "conf", "mebibytes"),
    [
        ("Python", "1g", {}, 1024 + 409),
        ("Scala", "1g", {}, 1024 + 384),
        ("Scala", "8g", {}, 8192 + 819),
        ("Python", "2048", {}, 2048 + 819),
        ("Scala", "1g", {"spark.executor.memoryOverhead": "1g"}, 2048),
        ("Scala", "8g", {"spark.executor.memoryOverheadFactor": "0.5"}, 8192 + 4096),
        ("Python", "1g", {"spark.executor.pyspark.memory": "512m"}, 1024 + 409 + 512),
    ],
)
def test_memory_without_an_overhead_is_computed_as_spark_does(
    kind: str, memory: str, conf: dict[str, str], mebibytes: int
) -> None:
    given = {"type": kind, "sparkConf": conf, "driver": {}, "executor": {"memory": memory}}
    (_, executor) = Application("x", given, ()).pods("team-a")
    assert requests(executor.pod)["requests.memory"] == mebibytes * 1024**2


@pytest.mark.parametrize(
    ("section", "key", "told"),
    [
        (None, "x-common", "x-common {}: the SparkApplication has no such field"),
        ("metadata", "lables", "metadata.lables {}: the SparkApplication has no such field"),
    ],
)
def test_a_field_that_no_application_has_is_refused_outside_of_the_spec_too(
    section: str | None, key: str, told: str
) -> None:
    plan = plan_of("dev")
    objects = copied(objects_of(plan, "taxi-trip", "team-a"))
    objects[-1] = {**objects[-1], "metadata": dict(objects[-1]["metadata"])}
    (objects[-1][section] if section else objects[-1])[key] = {}
    (line,) = errors(verdict_of(objects, plan))
    assert line.startswith(told)


def test_a_key_that_a_field_overrides_is_told() -> None:
    (line,) = [one for one in warnings(changed(conf("spark.executor.memory", "4g"))) if "4g" in one]
    assert "spec.sparkConf[spark.executor.memory] 4g: a field of the application sets it" in line
    assert not [
        one
        for one in warnings(changed(conf("spark.sql.shuffle.partitions", "4")))
        if "a field of the application" in one
    ]


def test_a_whole_number_may_be_written_with_a_point_as_for_kubectl() -> None:
    assert errors(changed(put("executor/instances", 2.0))) == []


def test_a_size_limit_that_is_refused_is_not_told_as_absent_too() -> None:
    def change(spec: dict[str, Any]) -> None:
        for one in spec["volumes"]:
            if "emptyDir" in one:
                one["emptyDir"]["sizeLimit"] = "10gb"

    verdict = changed(change)
    assert [line for line in errors(verdict) if "sizeLimit 10gb: is not a quantity" in line]
    assert not [line for line in warnings(verdict) if "has no limit" in line]


def test_a_schedule_whose_run_always_starts_again_is_told_that_no_later_run_starts() -> None:
    plan = plan_of("dev")
    *beside, one = copied(objects_of(plan, "taxi-trip", "team-a"))
    one["spec"]["restartPolicy"] = {"type": "Always"}
    spec = {"schedule": "@daily", "concurrencyPolicy": "Forbid", "template": one["spec"]}
    scheduled = {**one, "kind": "ScheduledSparkApplication", "spec": spec}
    found = warnings(verdict_of([*beside, scheduled], plan))
    assert [x for x in found if x.startswith("spec.template.restartPolicy.type Always")]
    assert [x for x in found if "no later run of the schedule starts" in x]


@pytest.mark.parametrize("name", ["1-job", "Job", "job-", "a.b", "a" * 37, ""])
def test_a_name_that_no_job_can_have_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot be a job's"):
        objects_of(plan_of("dev"), "pi", "team-a", name=name)


def test_an_image_that_does_not_tell_its_spark_is_refused() -> None:
    team = replace(team_of(plan_of("dev"), "team-a"), image="registry/spark@sha256:" + "0" * 64)
    with pytest.raises(UserError, match=r"spark-on-eks:spark\.image"):
        assert team.spark_version
    for tag in ("4.0.4", "4.0.4-scala2.13-java17-python3-ubuntu", "4.0.4@sha256:" + "0" * 64):
        assert replace(team, image=f"docker.io/apache/spark:{tag}").spark_version == "4.0.4"


FINE: dict[str, Change] = {
    "keys of a user, which reach S3": put(
        "hadoopConf", {"fs.s3a.access.key": "a", "fs.s3a.secret.key": "b"}
    ),
    "public data": put("hadoopConf/fs.s3a.aws.credentials.provider", "x.AnonymousAWSCredentials"),
    "another store than AWS's": put("hadoopConf", {"fs.s3a.endpoint": "https://store.example.com"}),
    "the SDK's own chain": put(
        "hadoopConf/fs.s3a.aws.credentials.provider", "x.DefaultCredentialsProvider"
    ),
    "an address on port 443": conf("spark.sql.catalog.a.uri", "https://catalog.example.com/api"),
    "a pod template": put(
        "driver/template/spec/topologySpreadConstraints",
        [{"maxSkew": 1, "topologyKey": "x", "whenUnsatisfiable": "ScheduleAnyway"}],
    ),
    "no overhead": put("executor/memoryOverhead", ABSENT),
    "a secret by reference": put(
        "driver/envSecretKeyRefs", {"PASSWORD": {"name": "database", "key": "password"}}
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_what_runs_is_no_error(name: str) -> None:
    assert errors(changed(FINE[name])) == []


def test_what_the_plan_does_not_tell_is_said() -> None:
    verdict = changed(FINE["a secret by reference"])
    assert [one.value for one in verdict.of("not known")] == ["database"]
    verdict = changed(conf("spark.hive.metastore.uris", "thrift://metastore:9083"))
    assert [one.value for one in verdict.of("not known")] == ["metastore:9083"]
