"""Fallback storage: the real Spark of the pinned version puts shuffle files of its only executor in
S3 when that is decommissioned, with the keys of the job and the rights of its team, and the next
executor reads them.

A local cluster runs each executor in a JVM of its own, which gets the signal that a pod's gets.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest
import yaml

from ops.jobs.application import Request as Wanted
from ops.jobs.application import documents
from ops.jobs.jobfile import load
from ops.jobs.team import team_of
from ops.plan.model import Plan
from ops.plan.releases import Coordinate
from ops.publish.maven import CENTRAL, Repository
from ops.publish.progress import Report
from tests.ops.publish.s3 import Refuse, Request
from tests.plans import FALLBACK, plan_of
from tests.rights import may
from tests.tiers.node.s3_server import S3Server
from tests.tiers.operator.programs import Programs
from tests.tiers.programs import ROOT

_JARS = ("org.apache.hadoop:hadoop-aws:3.4.1", "software.amazon.awssdk:bundle:2.24.6")
_MAPS = 4
_PROGRAM = f"""
import os, signal, time
from pathlib import Path
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
rows = spark.range(0, 1000, 1, {_MAPS}).repartition(2, "id")._jdf.rdd()
driver = ":" + spark.conf.get("spark.driver.port")
rows.count()
def executors():
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = one.read_bytes().decode().split("\\0")
        except OSError:
            continue
        if any(word.endswith(".CoarseGrainedExecutorBackend") for word in words):
            if any(word.endswith(driver) for word in words):
                yield one.parent
(first,) = executors()
os.kill(int(first.name), signal.SIGPWR)  # what the image's decom.sh sends
while first.exists():
    time.sleep(0.1)
print("rows", rows.count())
spark.stop()
"""
_ACTIONS = {
    **dict.fromkeys(("GetObject", "HeadObject"), "s3:GetObject"),
    **dict.fromkeys(("PutObject", "POST"), "s3:PutObject"),
    "DELETE": "s3:DeleteObject",
}


class _Guarded(S3Server):
    """Denies what the role of a team's jobs may not do."""

    def __init__(self, plan: Plan, role: str) -> None:
        super().__init__()
        self._plan, self._role, self.refused = plan, role, []

    def _refuse(self, request: Request, environ: dict[str, Any]) -> None:
        if "Boto3" not in environ.get("HTTP_USER_AGENT", ""):
            self._judge(request, environ)
        super()._refuse(request, environ)

    def _judge(self, request: Request, environ: dict[str, Any]) -> None:
        arn = f"arn:aws:s3:::{environ['PATH_INFO'].split('/')[1]}"
        if request.operation == "ListObjectsV2":
            prefix = parse_qs(environ["QUERY_STRING"]).get("prefix", [""])[0]
            fine = may(self._plan, self._role, "s3:ListBucket", arn, s3_prefix=prefix)
        elif request.operation == "POST bucket":
            fine = True  # deletes several at once: the keys are in the body, and were listed
        else:
            action = _ACTIONS[request.operation]
            fine = may(self._plan, self._role, action, f"{arn}/{request.key}")
        if not fine:
            self.refused.append((request.operation, request.key, environ["QUERY_STRING"]))
            raise Refuse(403, "AccessDenied", "Access Denied")


class _Ran(NamedTuple):
    """What a run did."""

    maps: int
    """Map tasks that ended well."""
    stored: Counter[str]
    """Objects that were written, by key."""
    left: set[str]
    """Keys that are still there."""
    refused: list[tuple[str, str, str]]


@pytest.fixture(scope="module", params=["with", "without"])
def ran(
    request: pytest.FixtureRequest, spark: Programs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[bool, _Ran]]:
    """Whether the stack has the fallback, and what a job of its team then did."""
    on = request.param == "with"
    plan = plan_of("dev", *(FALLBACK if on else FALLBACK[:1]))
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "program.py").write_text(_PROGRAM)
    (folder / "events").mkdir()
    conf = _conf_of(plan, folder)
    bucket = conf["spark.eventLog.dir"].split("/")[2]
    with closing(_Guarded(plan, "team-team-a-access-role")) as s3:
        s3.create(bucket)
        _run(spark, s3, folder, conf)
        listed = s3.client.list_objects_v2(Bucket=bucket)
        left = {one["Key"] for one in listed.get("Contents", [])}
        # moto keeps buckets from one server to the next.
        for key in left:
            s3.client.delete_object(Bucket=bucket, Key=key)
        s3.client.delete_bucket(Bucket=bucket)
        yield on, _Ran(_map_tasks(folder / "events"), s3.stored, left, s3.refused)


def _conf_of(plan: Plan, folder: Path) -> dict[str, str]:
    """Spark's configuration of a team's job."""
    file = folder / "job.yaml"
    job = {"main": "program.py", "jars": list(_JARS), "arguments": ["s3a://lake/out"]}
    file.write_text(yaml.safe_dump(job))
    *_, application = documents(load(file), team_of(plan, "team-a"), Wanted("falls-back", "r1"))
    return application["spec"]["sparkConf"]


def _run(spark: Programs, s3: S3Server, folder: Path, conf: dict[str, str]) -> None:
    repository = Repository(os.environ.get("MAVEN_REPOSITORY", CENTRAL), ROOT / ".cache/jars")
    wanted = [found for one in _JARS if (found := Coordinate.parse(one))]
    paths = repository.fetch_all(wanted, Report()).values()
    class_path = ":".join([f"{spark.spark_home}/jars/*", *map(str, paths)])
    # The executor waits two rounds before it says that nothing is left, 30 s each.
    here = {
        "spark.storage.decommission.replicationReattemptInterval": "1s",
        "spark.executor.memory": "512m",
        "spark.driver.extraClassPath": class_path,
        "spark.executor.extraClassPath": class_path,
        "spark.ui.enabled": "false",
        "spark.eventLog.dir": str(folder / "events"),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
        **s3.s3a(),
    }
    home = folder / "spark"
    home.mkdir()
    for one in spark.spark_home.iterdir():
        # Executors of a local cluster work in a folder of Spark's own: here in one of the test.
        if one.name != "work":
            (home / one.name).symlink_to(one)
    submit = [str(home / "bin" / "spark-submit"), "--master", "local-cluster[1,1,1024]"]
    for key, value in {**conf, **here}.items():
        submit += ["--conf", f"{key}={value}"]
    done = subprocess.run(
        [*submit, str(folder / "program.py")],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **spark.environment, **s3.environment(),
             "SPARK_HOME": str(home), "PYSPARK_PYTHON": str(spark.python)},
        capture_output=True, text=True, check=False, timeout=600, cwd=folder,
    )  # fmt: skip
    assert done.stdout.split() == ["rows", "1000"], done.stderr[-5000:]


def _map_tasks(events: Path) -> int:
    (log,) = events.iterdir()
    ended = [json.loads(line) for line in log.read_text().splitlines()]
    return sum(
        one["Event"] == "SparkListenerTaskEnd"
        and one["Task Type"] == "ShuffleMapTask"
        and one["Task End Reason"]["Reason"] == "Success"
        for one in ended
    )


def test_a_decommissioned_executor_s_files_are_read_from_s3_and_computed_once(
    ran: tuple[bool, _Ran],
) -> None:
    on, found = ran
    assert found.maps == (_MAPS if on else 2 * _MAPS)
    files = Counter(key.rpartition(".")[2] for key in found.stored if not key.endswith("/"))
    assert files == ({"data": _MAPS, "index": _MAPS} if on else {})


def test_the_team_s_rights_are_enough_and_the_job_deletes_its_files(
    ran: tuple[bool, _Ran],
) -> None:
    _, found = ran
    assert found.refused == []
    assert found.left <= {"shuffle-fallback/team-a/"}
