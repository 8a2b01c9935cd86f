"""A job whose input is cached on its node: read from S3 once, by a real Spark from a FUSE mount."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ops.jobs.application import Request, documents
from ops.jobs.jobfile import load
from ops.jobs.team import team_of
from tests.tiers.cluster.api import Api, Object
from tests.tiers.node.s3_server import S3Server
from tests.tiers.operator.applications import applied, state_at_end
from tests.tiers.operator.cases import DATA, Wanted
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.kubelet import Kubelet
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs
from tests.tiers.operator.published import on_this_machine, served

TEAM, BUCKET, PREFIX = "team-a", "acme-lake", "raw/"
_FILES, _ROWS = 4, 20_000
_SUM = sum(range(_FILES * _ROWS))
_SECONDS = 600
_PROGRAM = """
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
rows = spark.read.csv(sys.argv[1], schema="id long, text string")
print("in all", rows.selectExpr("sum(id)").first()[0], "of", sys.argv[1])
spark.stop()
"""

pytestmark = pytest.mark.parametrize("live", [DATA], ids=str, indirect=True)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """S3 with a folder of the lake, and an object beside it."""
    with closing(S3Server()) as server:
        server.create(BUCKET)
        for number in range(_FILES):
            ids = range(number * _ROWS, (number + 1) * _ROWS)
            text = "".join(f"{one},{'x' * 40}\n" for one in ids)
            server.put(BUCKET, f"{PREFIX}trips/part-{number}.csv", text.encode())
        server.put(BUCKET, "secret/x.csv", b"1,x\n")
        yield server


@contextmanager
def mounted(s3: S3Server, host: PodHost, options: list[str]) -> Iterator[Path]:
    """The volume, with the mount options of the plan: options of mount-s3 without their dashes."""
    point, cache = host.folder / "data", host.folder / "data-cache"
    for folder in (point, cache):
        host.seen(folder).mkdir()
    flags = [f"--{one.replace(' ', '=', 1)}" for one in options if one != "read-only"]
    flags = [one for one in flags if not one.startswith("--region")]
    command = s3.mount_command(BUCKET, point, *flags, "--cache", str(cache))
    with served(s3, host, command, point):
        yield point


def _job(live: Stack, folder: Path, name: str) -> Wanted:
    (folder / "program.py").write_text(_PROGRAM)
    (folder / "job.yaml").write_text(
        "main: program.py\narguments: ['{input}']\nexecutors: 1\ncache: true\n"
        "executor: {cores: 1, request: 500m, memory: 1g, overhead: 1g, localDisk: 1Gi}\n"
    )
    team = team_of(live.combination.plan, TEAM)
    request = Request(name, "none", input=f"s3a://{BUCKET}/{PREFIX}trips/")
    *beside, application = documents(load(folder / "job.yaml"), team, request)
    return Wanted(TEAM, name, beside, application)


def test_the_second_job_reads_nothing_from_s3(
    api: Api, live: Stack, spark: Programs, pod_host: PodHost, s3: S3Server, tmp_path: Path
) -> None:
    (volume,) = [one for one in live.sent if _is_of_data(one)]
    with mounted(s3, pod_host, volume["spec"]["mountOptions"]) as data:
        seen = pod_host.seen(data)
        assert [one.name for one in seen.iterdir()] == ["trips"], "nothing beside the folder"

        def run(name: str, **conf: str) -> int:
            """Runs the job to its good end; how many objects were asked for."""
            s3.requests.clear()
            job = _job(live, tmp_path, name)
            job.application["spec"]["hadoopConf"].update(conf)
            edit = on_this_machine(live.url, s3)
            kubelet = Kubelet(api, spark, pod_host, [TEAM], pod_host.empty, edit, data=data)
            with applied(api, [job]), kubelet:
                state_at_end(kubelet, api, job.application, _SECONDS)
                said = "\n".join(one.said for one in kubelet.pods.values())
                assert f"in all {_SUM} of file:///mnt/data/acme-lake/raw/trips/" in said, said
            return s3.count("GetObject")

        first, second = run("first"), run("second")
        assert first >= _FILES and second == 0, (first, second)
        asked = [one.key for one in s3.requests]
        assert not [key for key in asked if key.endswith(".crc")], asked
        # What the option is for.
        run("checksums", **{"fs.file.impl": "org.apache.hadoop.fs.LocalFileSystem"})
        asked = [one.key for one in s3.requests]
        assert [key for key in asked if key.endswith(".crc")], asked


def _is_of_data(one: Object) -> bool:
    spec: dict[str, Any] = one.get("spec", {})
    return one["kind"] == "PersistentVolume" and "data" in spec["claimRef"]["name"]
