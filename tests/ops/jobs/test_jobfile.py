"""A job's file: what it may say, what is wrong with it, and the application that comes of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.jobs.application import Request, documents, jar_names
from ops.jobs.catalog import JOBS
from ops.jobs.jobfile import Job, load
from ops.jobs.team import team_of
from ops.plan.errors import UserError
from tests.ops.jobs.variants import errors, verdict_of
from tests.plans import ROOT, plan_of
from tests.validate.manifest import errors_of

PLAN = plan_of("dev")
S3A = ["org.apache.hadoop:hadoop-aws:3.4.1", "software.amazon.awssdk:bundle:2.24.6"]
MINE = "s3a://example-lake-dev/team-a"


def written(folder: Path, **content: Any) -> Path:
    (folder / "program.py").write_text("print(1)\n")
    path = folder / "my-job.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def made(folder: Path, **content: Any) -> list[dict[str, Any]]:
    """The objects of a job's file, held against CRD and stack."""
    job: Job = load(written(folder, **content))
    objects = documents(job, team_of(PLAN, "team-a"), Request(job.name, job.release or "r1"))
    assert [line for one in objects for line in errors_of(plain(one))] == []
    assert errors(verdict_of(objects, PLAN)) == []
    return objects


def plain(one: dict[str, Any]) -> dict[str, Any]:
    """The application of a schedule, as each run creates it."""
    if one["kind"] != "ScheduledSparkApplication":
        return one
    return {**one, "kind": "SparkApplication", "spec": one["spec"]["template"]}


def spec_of(folder: Path, **content: Any) -> dict[str, Any]:
    return made(folder, **content)[-1]["spec"]


def test_three_lines_are_a_job_with_its_program_beside_it(tmp_path: Path) -> None:
    config_map, application = made(tmp_path, main="program.py", executors=3)
    assert config_map["data"] == {"program.py": "print(1)\n"}
    assert application["metadata"] == {"name": "my-job", "namespace": "team-a"}
    assert application["spec"]["mainApplicationFile"] == "local:///opt/spark/program/program.py"
    assert application["spec"]["executor"]["instances"] == 3


def test_a_scala_job_of_a_release(tmp_path: Path) -> None:
    spec = spec_of(
        tmp_path,
        main="local:///mnt/s3/jars/r1/etl-1.0.jar",
        **{"class": "com.example.Etl"},
        release="r1",
        jars=[*S3A, "etl-1.0.jar"],
        arguments=[f"{MINE}/in/", 3],
        executors={"min": 2, "max": 8},
    )
    assert (spec["type"], spec["mainClass"]) == ("Scala", "com.example.Etl")
    assert "pythonVersion" not in spec
    assert spec["arguments"] == [f"{MINE}/in/", "3"]
    assert spec["sparkConf"]["spark.executor.extraClassPath"].endswith(
        "/mnt/s3/jars/r1/bundle-2.24.6.jar:/mnt/s3/jars/r1/etl-1.0.jar"
    )
    assert spec["dynamicAllocation"]["maxExecutors"] == 8


def test_a_program_in_s3(tmp_path: Path) -> None:
    objects = made(tmp_path, main=f"{MINE}/etl.py", jars=S3A)
    assert len(objects) == 1
    assert objects[0]["spec"]["mainApplicationFile"] == f"{MINE}/etl.py"
    assert objects[0]["spec"]["hadoopConf"]["fs.s3a.endpoint.region"] == "us-west-2"


def test_a_schedule_makes_a_scheduled_application(tmp_path: Path) -> None:
    (_, application) = made(tmp_path, main="program.py", schedule="0 3 * * *")
    assert application["kind"] == "ScheduledSparkApplication"
    assert application["spec"]["schedule"] == "0 3 * * *"
    assert application["spec"]["concurrencyPolicy"] == "Forbid"
    assert application["spec"]["template"]["type"] == "Python"


def test_variables_are_set_in_driver_and_executors_and_secrets_by_reference(tmp_path: Path) -> None:
    spec = spec_of(
        tmp_path,
        main="program.py",
        env={"LEVEL": "debug"},
        secrets={"PASSWORD": {"secret": "database", "key": "password"}},
    )
    for role in ("driver", "executor"):
        assert spec[role]["env"] == [
            {"name": "LEVEL", "value": "debug"},
            {
                "name": "PASSWORD",
                "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}},
            },
        ]


def policy(kind: str, *numbers: int) -> dict[str, Any]:
    """A restartPolicy: retries and interval of runs, then those of submissions."""
    keys = ("onFailureRetries", "onFailureRetryInterval")
    keys += ("onSubmissionFailureRetries", "onSubmissionFailureRetryInterval")
    return {"type": kind, **dict(zip(keys, numbers, strict=False))}


_ALWAYS = {"onFailureRetryInterval": 60, "onSubmissionFailureRetryInterval": 60}


@pytest.mark.parametrize(
    ("restart", "expected"),
    [
        ({}, {"type": "Never"}),
        ({"interval": 5}, {"type": "Never"}),
        ({"retries": 3, "interval": 30}, policy("OnFailure", 3, 30, 3, 30)),
        ({"retries": 3, "submissionRetries": 0}, policy("OnFailure", 3, 60, 0, 60)),
        (
            {"submissionRetries": 9, "submissionInterval": 600},
            policy("OnFailure", 0, 60, 9, 600),
        ),
        ({"type": "Always"}, {"type": "Always", **_ALWAYS}),
    ],
)
@pytest.mark.parametrize("schedule", [None, "0 3 * * *"])
def test_retries_are_of_runs_and_of_submissions(
    tmp_path: Path, restart: dict[str, Any], expected: dict[str, Any], schedule: str | None
) -> None:
    if schedule and restart.get("type") == "Always":
        with pytest.raises(UserError, match="never ends, and no later run of the schedule starts"):
            load(written(tmp_path, main="program.py", restart=restart, schedule=schedule))
        return
    spec = spec_of(tmp_path, main="program.py", restart=restart, schedule=schedule)
    assert (spec["template"] if schedule else spec)["restartPolicy"] == expected


@pytest.mark.parametrize(
    ("archive", "command"),
    [
        ("environment.tar.gz", "tar -xzf /mnt/s3/jars/r1/environment.tar"),
        ("local:///mnt/s3/jars/r1/environment.tar.gz", "tar -xzf /mnt/s3/jars/r1/environment.tar"),
        (f"{MINE}/environment.tar.gz", f"-get {MINE}/environment.tar.gz"),
    ],
)
def test_a_python_environment_is_unpacked_before_spark_starts(
    tmp_path: Path, archive: str, command: str
) -> None:
    spec = spec_of(tmp_path, main="program.py", jars=S3A, python={"archive": archive})
    for role in ("driver", "executor"):
        (container,) = spec[role]["initContainers"]
        assert command in container["command"][-1]
        assert container["securityContext"] == spec[role]["securityContext"]
        assert {"name": "PYSPARK_PYTHON", "value": "/opt/python-environment/bin/python"} in spec[
            role
        ]["env"]
        mounted = {one["name"] for one in spec[role]["volumeMounts"]}
        assert {one["name"] for one in container["volumeMounts"]} <= mounted


def test_modules_of_the_release_are_on_the_path_of_both_and_copied_into_neither(
    tmp_path: Path,
) -> None:
    python = {"path": ["ours.zip", "theirs-1.0-py3-none-any.whl"]}
    spec = spec_of(tmp_path, main="program.py", release="r1", python=python, env={"LEVEL": "1"})
    path = "/mnt/s3/jars/r1/ours.zip:/mnt/s3/jars/r1/theirs-1.0-py3-none-any.whl"
    for role in ("driver", "executor"):
        assert spec[role]["env"] == [
            {"name": "LEVEL", "value": "1"},
            {"name": "PYTHONPATH", "value": path},
        ]
        assert "initContainers" not in spec[role]
    assert "deps" not in spec and "spark.submit.pyFiles" not in spec["sparkConf"]
    assert "spark.driver.extraClassPath" not in spec["sparkConf"]


@pytest.mark.parametrize("archive", ["local:///mnt/s3/jars/r1/e.tar.gz", f"{MINE}/e.tar.gz"])
def test_the_archives_key_of_spark_which_the_policies_refuse_is_not_used(
    tmp_path: Path, archive: str
) -> None:
    spec = spec_of(tmp_path, main="program.py", jars=S3A, python={"archive": archive})
    assert "deps" not in spec and "spark.archives" not in spec["sparkConf"]


def test_with_spark_hadoop_cloud_output_is_committed_without_renames(tmp_path: Path) -> None:
    cloud = "org.apache.spark:spark-hadoop-cloud_2.13:4.0.4"
    with_it = spec_of(tmp_path, main=f"{MINE}/x.py", jars=[*S3A, cloud])
    assert with_it["hadoopConf"]["fs.s3a.committer.name"] == "magic"
    assert with_it["sparkConf"]["spark.sql.sources.commitProtocolClass"].endswith(
        ".PathOutputCommitProtocol"
    )
    without = spec_of(tmp_path, main=f"{MINE}/x.py", jars=S3A)
    assert "fs.s3a.committer.name" not in without["hadoopConf"]
    assert not [key for key in without["sparkConf"] if "commit" in key.lower()]


@pytest.mark.parametrize(
    ("catalog", "keys"),
    [
        (
            {"type": "glue"},
            {"type": "glue", "warehouse": "s3://lake/tables", "client.region": "us-west-2",
             "io-impl": "org.apache.iceberg.aws.s3.S3FileIO"},
        ),
        (
            {"type": "rest", "uri": "https://catalog.example.com"},
            {"type": "rest", "uri": "https://catalog.example.com", "warehouse": "s3://lake/tables",
             "client.region": "us-west-2", "io-impl": "org.apache.iceberg.aws.s3.S3FileIO"},
        ),
        ({"type": "hadoop"}, {"type": "hadoop", "warehouse": "s3a://lake/tables"}),
    ],
)  # fmt: skip
def test_a_catalog_is_a_section(
    tmp_path: Path, catalog: dict[str, str], keys: dict[str, str]
) -> None:
    given = {"name": "lake", "warehouse": "s3a://lake/tables", "default": True, **catalog}
    conf = spec_of(tmp_path, main="program.py", jars=S3A, catalog=given)["sparkConf"]
    prefix = "spark.sql.catalog.lake."
    found = {key.removeprefix(prefix): conf[key] for key in conf if key.startswith(prefix)}
    assert found == keys
    assert conf["spark.sql.catalog.lake"] == "org.apache.iceberg.spark.SparkCatalog"
    assert conf["spark.sql.defaultCatalog"] == "lake"


def test_a_key_of_its_own_overrides_the_platforms(tmp_path: Path) -> None:
    conf = {"spark.executor.decommission.killInterval": "60s", "spark.sql.ansi.enabled": True}
    spec = spec_of(tmp_path, main="program.py", conf=conf)
    assert spec["sparkConf"]["spark.executor.decommission.killInterval"] == "60s"
    assert spec["sparkConf"]["spark.sql.ansi.enabled"] == "true"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "main: is missing"),
    ({"main": "other.py"}, "other.py does not exist"),
    ({"main": "program.sh"}, "main must end in .py or .jar"),
    ({"main": "https://x/y.py"}, "main: 'https://x/y.py' is not local:///..., s3a://... or a file"),
    ({"main": "s3a://lake/x.jar"}, "class is missing: main is a JAR"),
    ({"main": "x.jar", "class": "x.Y"}, "a JAR is in a release or in S3, not beside this file"),
    ({"main": "program.py", "class": "x.Y"}, "class is for a JAR; main is a Python"),
    ({"main": "program.py", "drivers": {}}, "drivers: there is no such key; allowed: name"),
    ({"main": "program.py", "driver": {"cores": 0}}, "driver.cores: 0 must be 1 or more"),
    (
        {"main": "program.py", "executor": {"cores": 1, "memory": "2Gi", "overhead": "1g",
                                            "localDisk": "1Gi"}},
        "executor.memory: '2Gi' is not a size such as 512m or 8g",
    ),
    (
        {"main": "program.py", "driver": {"cores": 1, "memory": "1g", "overhead": "1g",
                                          "localDisk": "much"}},
        "driver.localDisk: 'much' is not a quantity such as 500m or 10Gi",
    ),
    ({"main": "program.py", "executors": {"min": 3, "max": 2}}, "executors: min 3 is above max"),
    ({"main": "program.py", "executors": "two"}, "executors"),
    ({"main": "program.py", "jars": ["x"]}, "jars[0]: 'x' is neither group:artifact:version nor"),
    ({"main": "program.py", "env": {"a-b": "c"}}, "env.a-b: 'a-b' is not the name of a"),
    ({"main": "program.py", "secrets": {"A": {"secret": "s"}}}, "secrets.A.key: is missing"),
    ({"main": "program.py", "schedule": "daily"}, "'daily' is not a schedule of five fields"),
    ({"main": "program.py", "conf": {"hive.x": "y"}}, "'hive.x' is not a key of Spark"),
    ({"main": "program.py", "python": {"archive": "x.zip"}}, "'x.zip' is no .tar.gz file"),
    ({"main": "program.py", "python": {"archive": "a/x.tar.gz"}}, "'a/x.tar.gz' is no"),
    ({"main": "program.py", "python": {"path": ["x.py"]}}, "python.path[0]: 'x.py' is no .zip or"),
    ({"main": "program.py", "python": {"path": ["s3a://b/x.zip"]}}, "is no .zip or .whl file"),
    ({"main": "program.py", "restart": {"retries": 101}}, "restart.retries: 101 must be 100 or"),
    ({"main": "program.py", "restart": {"interval": 0}}, "restart.interval: 0 must be 1 or more"),
    (
        {"main": "program.py", "restart": {"type": "Always", "retries": 1}},
        "restart: retries are of type OnFailure",
    ),
    ({"main": "program.py", "python": {}}, "python: needs archive or path"),
    (
        {"main": "program.py", "env": {"PYTHONPATH": "/x"}, "python": {"path": ["x.zip"]}},
        "PYTHONPATH is set by python",
    ),
    (
        {"main": "s3a://b/x.jar", "class": "x.Y", "python": {"path": ["x.zip"]}},
        "python is for a Python program",
    ),
    (
        {"main": "program.py", "catalog": {"name": "a", "type": "hive", "warehouse": "s3a://b/c"}},
        "catalog.type: 'hive' must be 'glue', 'rest' or 'hadoop'",
    ),
    (
        {"main": "program.py", "catalog": {"name": "a", "type": "rest", "warehouse": "s3a://b/c"}},
        "uri is for type rest, which needs it",
    ),
    ({"kind": "SparkApplication", "apiVersion": "x"}, "is a SparkApplication already: make"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "says"), WRONG, ids=[says[:50] for _, says in WRONG])
def test_a_file_that_is_wrong_is_refused_with_key_value_and_what_is_allowed(
    tmp_path: Path, content: dict[str, Any], says: str
) -> None:
    with pytest.raises(UserError) as raised:
        load(written(tmp_path, **content))
    assert says in str(raised.value)
    assert "my-job.yaml" in str(raised.value)
    assert "pydantic" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "a: [", "- a", "just text", "\x00"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"job\.yaml"):
        load(path)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        load(written(tmp_path, main="program.py", foo=1, executors={"max": 0}))
    assert len(str(raised.value).splitlines()) == 3


def test_the_projects_own_jobs_are_such_files() -> None:
    assert [*JOBS] == ["pi", "taxi-trip", "etl-dynamic"]
    for name, job in JOBS.items():
        assert load(ROOT / "examples" / f"{name}.yaml") == job
        assert job.name == name
    assert jar_names(JOBS["taxi-trip"]) == ["hadoop-aws-3.4.1.jar", "bundle-2.24.6.jar"]
