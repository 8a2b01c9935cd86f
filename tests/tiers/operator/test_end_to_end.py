"""taxi-trip, and a job on an Iceberg table, from a published release to COMPLETED: drivers and
executors are real JVMs that the stand-in for kubelet starts from their pods, S3 is on this machine,
the JARs come by FUSE."""

import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.jobs.application import jar_names
from ops.jobs.catalog import JOBS, S3A_RELEASE
from ops.jobs.jobfile import load
from tests.tiers.cluster.api import Api
from tests.tiers.node.s3_server import S3Server
from tests.tiers.operator import published
from tests.tiers.operator.applications import applied, state_at_end, state_of
from tests.tiers.operator.cases import PODS_OF, iceberg_of, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.kubelet import Kubelet
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs
from tests.tiers.operator.published import BUCKET, on_this_machine, publish
from tests.tiers.programs import ROOT

DATA = "taxi-data"
JARS = tuple(jar_names(JOBS["taxi-trip"]))
_SECONDS = 900
_LOG_LINES = 20
"""INFO lines that each pod of this job writes at least; the SDK's slf4j leaves 0."""

# A combination in node level: the mount is the node's.
pytestmark = pytest.mark.parametrize("live", PODS_OF[1:2], ids=str, indirect=True)


@dataclass
class Ended:
    """A pod of the job: its output, the files that it had open, and those that it wrote."""

    role: str
    said: str
    opened: set[str]
    written: dict[str, int]


@dataclass
class Run:
    """Results of the job."""

    state: str
    trips: int
    pods: list[Ended]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """S3 with the buckets of the JARs and of the trips."""
    with closing(S3Server()) as server:
        server.create(BUCKET)
        server.create(DATA)
        yield server


@pytest.fixture(scope="module")
def mounted(s3: S3Server, pod_host: PodHost) -> Iterator[Path]:
    """The folder behind the claim: the release that the job names is mounted in it at `jars`."""
    publish(s3, S3A_RELEASE, load(ROOT / "examples" / "iceberg.yaml").jars)
    with published.mounted(s3, pod_host) as parent:
        yield parent


@pytest.fixture(scope="module")
def run(
    api: Api,
    live: Stack,
    spark: Programs,
    pod_host: PodHost,
    s3: S3Server,
    mounted: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """taxi-trip, as it was when it ended."""
    trips = _put_trips(s3, spark, tmp_path_factory.mktemp("trips") / "trips.parquet")
    job = job_of(live.combination, live.spark_teams[0], "taxi-trip")
    edit = on_this_machine(live.url, s3)
    kubelet = Kubelet(api, spark, pod_host, [job.team], mounted, edit, s3.environment())
    opened: dict[str, set[str]] = defaultdict(set)
    with applied(api, [job]), kubelet:

        def ended() -> bool:
            for name, one in kubelet.pods.items():
                if not one.ended:
                    opened[name] |= kubelet.open_files(name)
            return state_of(api, job.application) in ("COMPLETED", "FAILED")

        kubelet.run_until(ended, "the job has ended", _SECONDS)
        pods = [
            Ended(
                one.pod["metadata"]["labels"]["spark-role"],
                one.said,
                opened[name],
                kubelet.written(name),
            )
            for name, one in kubelet.pods.items()
        ]
        return Run(state_of(api, job.application), trips, pods)


def test_the_job_completes_with_the_right_numbers(run: Run, s3: S3Server) -> None:
    (driver,) = [one for one in run.pods if one.role == "driver"]
    assert run.state == "COMPLETED", driver.said[-5000:]
    assert f"taxi-trip: {run.trips} trips" in driver.said
    written = s3.client.list_objects_v2(Bucket=DATA, Prefix="out/")
    assert any(one["Key"].endswith(".parquet") for one in written["Contents"])


def test_every_pod_opened_the_jars_on_the_mount(run: Run) -> None:
    paths = {f"/mnt/s3/jars/{S3A_RELEASE}/{jar}" for jar in JARS}
    assert {one.role for one in run.pods} == {"driver", "executor"}
    for pod in run.pods:
        assert paths <= pod.opened, (pod.role, pod.opened)


def test_nothing_of_the_mount_was_copied_into_a_pod(run: Run) -> None:
    copied = [_jars_in(pod.written) for pod in run.pods]
    assert sum(sum(files.values()) for files in copied) == 0, copied


def test_a_job_writes_updates_and_reads_an_iceberg_table(
    api: Api, live: Stack, spark: Programs, pod_host: PodHost, s3: S3Server, mounted: Path
) -> None:
    job = iceberg_of(live.combination, live.spark_teams[0], f"s3a://{DATA}/tables")
    edit = on_this_machine(live.url, s3)
    kubelet = Kubelet(api, spark, pod_host, [job.team], mounted, edit, s3.environment())
    with applied(api, [job]), kubelet:
        state = state_at_end(kubelet, api, job.application, _SECONDS)
        said = "".join(one.said for name, one in kubelet.pods.items() if "driver" in name)
        assert state == "COMPLETED", said[-5000:]
        copied = [_jars_in(kubelet.written(name)) for name in kubelet.pods]
    # Days are id % 7, and those of day 0 have no price.
    total = sum(number for number in range(1000) if number % 7)
    assert f"iceberg: 1000 rows, {total} in all, 2 commits" in said
    assert sum(sum(files.values()) for files in copied) == 0, copied
    written = s3.client.list_objects_v2(Bucket=DATA, Prefix="tables/sales/orders/")["Contents"]
    assert any(one["Key"].endswith(".metadata.json") for one in written)


def test_a_job_that_names_a_jar_in_deps_would_be_seen_to_copy_it(
    api: Api, live: Stack, spark: Programs, pod_host: PodHost, s3: S3Server, mounted: Path
) -> None:
    job = job_of(live.combination, live.spark_teams[0], "pi")
    jar = f"/mnt/s3/jars/{S3A_RELEASE}/{JARS[0]}"
    job.application["spec"]["deps"] = {"jars": [f"local://{jar}"]}
    edit = on_this_machine(live.url, s3)
    kubelet = Kubelet(
        api, spark, pod_host, [job.team], mounted, edit, s3.environment(), roles=["driver"]
    )
    with applied(api, [job]), kubelet:
        kubelet.run_until(
            lambda: any(_jars_in(kubelet.written(name)) for name in kubelet.pods),
            "the driver copies the JAR",
            _SECONDS,
        )


def test_spark_s_logs_are_there(run: Run) -> None:
    for pod in run.pods:
        assert pod.said.count(" INFO ") > _LOG_LINES, pod.role


def _jars_in(files: dict[str, int]) -> dict[str, int]:
    """Those of the files that are a JAR of the release, or may be a part of one."""
    return {path: size for path, size in files.items() if ".jar" in path}


def _put_trips(s3: S3Server, spark: Programs, file: Path) -> int:
    """Puts a file of trips where the job reads; returns how many of them count."""
    script = Path(__file__).with_name("trips.py")
    done = subprocess.run([spark.python, script, file], capture_output=True, text=True, check=True)
    s3.client.put_object(Bucket=DATA, Key="trips/trips.parquet", Body=file.read_bytes())
    return int(done.stdout)
