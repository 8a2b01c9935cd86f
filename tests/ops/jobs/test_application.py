"""Jobs of every stack, team and mount level."""

import re

import pytest

from ops.jobs.application import jar_names
from ops.jobs.catalog import JOBS, S3A, S3A_RELEASE
from ops.jobs.team import rights_of, team_of
from ops.plan.manifests import to_yaml
from ops.plan.releases import MOUNTED_JARS, SPARK_JARS
from tests.ops.jobs.variants import Variant, application, errors, every, over, verdict_of
from tests.plans import ROOT, plan_of
from tests.validate.manifest import errors_of

POOL_LABEL = "spark-on-eks/pool"
KEYS = (ROOT / "tests" / "ops" / "jobs" / "keys.txt").read_text().splitlines()


@over()
def test_a_job_is_the_same_text_in_every_mount_level(variant: Variant) -> None:
    texts = [
        {(team, job): "---\n".join(map(to_yaml, objects)) for team, job, objects in every(plan)}
        for plan in variant.plans()
    ]
    assert len(texts) >= 2
    assert all(text == texts[0] for text in texts)
    assert len(set(texts[0].values())) == len(texts[0]), "each team's and each job's is its own"


@over()
def test_a_job_is_valid_and_its_plan_can_run_it(variant: Variant) -> None:
    for plan in variant.plans():
        for team_name, _, objects in every(plan):
            assert [line for one in objects for line in errors_of(one)] == []
            assert errors(verdict_of(objects, plan, team_name)) == []


def test_a_team_on_a_pool_with_its_own_bucket_has_that_pools_drivers_and_jars() -> None:
    plan = plan_of("staging")
    spec = application(plan, "pi", "team-etl")["spec"]
    assert spec["driver"]["nodeSelector"] == {POOL_LABEL: "etl-drivers"}
    assert spec["executor"]["nodeSelector"] == {POOL_LABEL: "etl"}
    assert spec["driver"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    assert "annotations" not in spec["executor"]
    assert team_of(plan, "team-etl").jar_set == "etl-jars"
    assert team_of(plan, "team-a").jar_set == "jars"


def test_in_an_existing_cluster_a_job_selects_no_nodes_because_the_stack_creates_none() -> None:
    spec = application(plan_of("existing"), "pi", "team-a")["spec"]
    assert not {"nodeSelector", "tolerations"} & (set(spec["driver"]) | set(spec["executor"]))


def test_jars_are_read_in_place_sparks_own_first_then_one_by_one() -> None:
    spec = application(plan_of("dev"), "taxi-trip", "team-a", release="2026-11-01")["spec"]
    names = ["hadoop-aws-3.4.1.jar", "bundle-2.24.6.jar"]
    wanted = ":".join([SPARK_JARS, *(f"{MOUNTED_JARS}/2026-11-01/{name}" for name in names)])
    conf = spec["sparkConf"]
    assert conf["spark.driver.extraClassPath"] == conf["spark.executor.extraClassPath"] == wanted
    assert jar_names(JOBS["taxi-trip"]) == names
    # Spark copies files of these keys into every pod.
    assert "deps" not in spec
    assert not {"spark.jars", "spark.jars.packages", "spark.files"} & set(conf)


def test_a_job_without_jars_has_no_class_path_and_no_release() -> None:
    conf = application(plan_of("dev"), "pi", "team-a")["spec"]["sparkConf"]
    assert not [key for key in conf if "ClassPath" in key]
    assert S3A_RELEASE not in str(conf)


@pytest.mark.parametrize("job", JOBS)
def test_the_claim_is_mounted_read_only_and_sees_a_restarted_mount(job: str) -> None:
    spec = application(plan_of("dev"), job, "team-a")["spec"]
    for role in ("driver", "executor"):
        (mount,) = [m for m in spec[role]["volumeMounts"] if m["name"] == "spark-jars"]
        assert mount == {
            "name": "spark-jars",
            "mountPath": "/mnt/s3",
            "readOnly": True,
            "mountPropagation": "HostToContainer",
        }
        # The operator passes volumes with this prefix to Spark, which drops the propagation.
        assert not mount["name"].startswith("spark-local-dir-")
        assert [m["mountPath"] for m in spec[role]["volumeMounts"] if "local-dir" in m["name"]]


@pytest.mark.parametrize("job", JOBS)
def test_every_key_is_one_that_this_version_of_spark_and_hadoop_has(job: str) -> None:
    app = application(plan_of("dev"), job, "team-a")["spec"]
    version = app["sparkVersion"]
    assert f"# Configuration keys of org.apache.spark:spark-core_2.13:{version}" in KEYS, (
        f"run: python -m dev.spark_keys {version} <hadoop>"
    )
    assert f"# Configuration keys of {S3A[0]}" in KEYS
    used = {*app["sparkConf"], *app.get("hadoopConf", {})}
    assert used - set(KEYS) == set(), "run the same: it writes down those that exist"


def test_dynamic_allocation_is_a_field_because_in_spark_conf_an_executor_would_be_added() -> None:
    spec = application(plan_of("dev"), "etl-dynamic", "team-a")["spec"]
    assert spec["dynamicAllocation"]["shuffleTrackingEnabled"] is True
    assert spec["dynamicAllocation"]["maxExecutors"] == JOBS["etl-dynamic"].executors.most
    assert "instances" not in spec["executor"]
    assert "spark.dynamicAllocation.enabled" not in spec["sparkConf"]


@pytest.mark.parametrize("job", ["taxi-trip", "etl-dynamic"])
def test_jobs_call_s3_with_the_teams_role_and_never_with_the_nodes(job: str) -> None:
    conf = application(plan_of("prod"), job, "analytics")["spec"]["hadoopConf"]
    provider = conf["fs.s3a.aws.credentials.provider"]
    assert provider.endswith(".WebIdentityTokenFileCredentialsProvider")
    assert "," not in provider
    assert conf["fs.s3a.endpoint.region"] == "us-west-2"


@pytest.mark.parametrize("job", ["taxi-trip", "etl-dynamic"])
def test_the_job_includes_its_program_which_is_the_file_of_examples(job: str) -> None:
    plan = plan_of("dev")
    (config_map, app) = next(found for _, name, found in every(plan) if name == job)
    (name,) = config_map["data"]
    assert config_map["data"][name] == (ROOT / "examples" / name).read_text()
    main = app["spec"]["mainApplicationFile"].removeprefix("local://")
    (volume,) = [v for v in app["spec"]["volumes"] if "configMap" in v]
    assert volume["configMap"]["name"] == config_map["metadata"]["name"]
    (mount,) = [m for m in app["spec"]["driver"]["volumeMounts"] if m["name"] == volume["name"]]
    assert main == f"{mount['mountPath']}/{name}"
    assert len(config_map["data"][name].encode()) < 900_000, "a ConfigMap holds 1 MiB"


YUNIKORN = (
    "spark={yunikorn: {enabled: true}, teams: [{name: team-a, queue: root.etl.team-a}, "
    "{name: team-b}]}"
)
LOGS = "spark={historyServer: {enabled: true, release: r1}, teams: [{name: team-a}]}"


def test_with_yunikorn_a_job_is_a_gang_in_its_teams_queue_and_without_it_none() -> None:
    plan = plan_of("dev", YUNIKORN)
    for name, queue in (("team-a", "root.etl.team-a"), ("team-b", "root.team-b")):
        spec = application(plan, "etl-dynamic", name)["spec"]
        assert spec["batchScheduler"] == "yunikorn"
        assert spec["batchSchedulerOptions"] == {"queue": queue}
        assert errors_of(application(plan, "etl-dynamic", name)) == []
        # The operator sets the scheduler of the pods; a job must not set it.
        assert not {"schedulerName"} & (set(spec["driver"]) | set(spec["executor"]))
    assert "batchScheduler" not in application(plan_of("dev"), "etl-dynamic", "team-a")["spec"]


def test_a_job_that_reads_s3_writes_its_event_log_where_its_team_may() -> None:
    plan = plan_of("dev", LOGS)
    conf = application(plan, "taxi-trip", "team-a")["spec"]["sparkConf"]
    assert conf["spark.eventLog.enabled"] == "true"
    assert conf["spark.eventLog.dir"] == plan.exports["eventLogs"]["team-a"]
    assert set(conf) - set(KEYS) == set()
    rights = rights_of(plan, team_of(plan, "team-a"))
    assert rights.may_write(conf["spark.eventLog.dir"])
    assert rights.folder is None, "the folder of event logs is for nothing else"
    # Without the JARs for S3, Spark would not start.
    assert "spark.eventLog.dir" not in application(plan, "pi", "team-a")["spec"]["sparkConf"]
    without = application(plan_of("dev"), "taxi-trip", "team-a")["spec"]["sparkConf"]
    assert "spark.eventLog.enabled" not in without


def test_the_image_is_of_several_architectures_and_tells_its_spark() -> None:
    for stack in ("dev", "prod"):
        spec = application(plan_of(stack), "pi", plan_of(stack).exports["teams"][0])["spec"]
        assert f":{spec['sparkVersion']}" in spec["image"]
        assert not re.search(r"amd64|arm64|x86|aarch64", spec["image"])
