"""taxi-trip, once, from a published release to COMPLETED: drivers and executors are real JVMs that
the stand-in for kubelet starts from their pods, S3 is on this machine, the JARs come by FUSE."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ops.jobs.application import jar_names
from ops.jobs.catalog import JOBS, S3A_RELEASE
from tests.ops.publish.s3 import REGION
from tests.tiers.cluster.api import Api
from tests.tiers.operator.applications import applied, state_of
from tests.tiers.operator.cases import PODS_OF, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.jars import JarStore, mount, publish
from tests.tiers.operator.kubelet import Kubelet, Ways
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs

BUCKET, DATA = "spark-jars", "taxi-data"
JARS = tuple(jar_names(JOBS["taxi-trip"]))
_SECONDS = 900
_LOG_LINES = 20
"""INFO lines that each pod of this job writes at least; the SDK's slf4j leaves 0."""

# A combination in node level: the mount is the node's.
pytestmark = pytest.mark.parametrize("live", PODS_OF[1:2], ids=str, indirect=True)


@dataclass
class Run:
    """Results of the job, by pod: its output, its open files, and the files that it wrote."""

    state: str
    trips: int
    said: dict[str, str]
    opened: dict[str, set[str]] = field(default_factory=dict)
    written: dict[str, dict[str, int]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def s3() -> Iterator[JarStore]:
    """S3 with the buckets of the JARs and of the trips."""
    server = JarStore()
    where = {"LocationConstraint": REGION}
    for bucket in (BUCKET, DATA):
        server.client.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    yield server
    server.close()


@pytest.fixture(scope="module")
def mounted(s3: JarStore, pod_host: PodHost) -> Iterator[Path]:
    """The folder behind the claim, with the release that the job names."""
    publish(s3, BUCKET, S3A_RELEASE, JOBS["taxi-trip"].jars)
    child, parent = mount(s3, BUCKET, pod_host)
    yield parent
    child.stop()


@pytest.fixture(scope="module")
def run(
    api: Api,
    live: Stack,
    spark: Programs,
    pod_host: PodHost,
    s3: JarStore,
    mounted: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """taxi-trip, as it was when it ended."""
    trips = _put_trips(s3, spark, tmp_path_factory.mktemp("trips") / "trips.parquet")
    job = job_of(live.combination, live.spark_teams[0], "taxi-trip")
    ways = Ways(mounted, _on_this_machine(live.url, s3.url), s3.environment())
    opened: dict[str, set[str]] = {}
    with applied(api, [job]), Kubelet(api, spark, pod_host, [job.team], ways) as kubelet:

        def ended() -> bool:
            for name, one in kubelet.pods.items():
                if not one.ended:
                    opened.setdefault(name, set()).update(kubelet.open_files(name))
            return state_of(api, job.application) in ("COMPLETED", "FAILED")

        kubelet.run_until(ended, "the job has ended", _SECONDS)
        return Run(
            state_of(api, job.application),
            trips,
            {name: one.said for name, one in kubelet.pods.items()},
            opened,
            {name: kubelet.written(name) for name in kubelet.pods},
            {
                name: one.pod["metadata"]["labels"]["spark-role"]
                for name, one in kubelet.pods.items()
            },
        )


def test_the_job_completes_with_the_right_numbers(run: Run, s3: JarStore) -> None:
    driver = run.said[_one(run, "driver")]
    assert run.state == "COMPLETED", driver[-5000:]
    assert f"taxi-trip: {run.trips} trips" in driver
    written = s3.client.list_objects_v2(Bucket=DATA, Prefix="out/")
    assert any(one["Key"].endswith(".parquet") for one in written["Contents"])


def test_every_pod_opened_the_jars_on_the_mount(run: Run) -> None:
    paths = {f"/mnt/s3/jars/{S3A_RELEASE}/{jar}" for jar in JARS}
    assert set(run.roles.values()) == {"driver", "executor"}
    for pod in run.roles:
        assert paths <= run.opened[pod], (pod, run.opened[pod])


def test_nothing_of_the_mount_was_copied_into_a_pod(run: Run) -> None:
    copied = {pod: _jars_in(files) for pod, files in run.written.items()}
    assert sum(sum(files.values()) for files in copied.values()) == 0, copied


def test_a_job_that_names_a_jar_in_deps_would_be_seen_to_copy_it(
    api: Api, live: Stack, spark: Programs, pod_host: PodHost, s3: JarStore, mounted: Path
) -> None:
    job = job_of(live.combination, live.spark_teams[0], "pi")
    jar = f"/mnt/s3/jars/{S3A_RELEASE}/{JARS[0]}"
    job.application["spec"]["deps"] = {"jars": [f"local://{jar}"]}
    ways = Ways(mounted, _on_this_machine(live.url, s3.url), s3.environment())
    roles = ["driver"]
    with applied(api, [job]), Kubelet(api, spark, pod_host, [job.team], ways, roles) as kubelet:
        kubelet.run_until(
            lambda: any(_jars_in(kubelet.written(name)) for name in kubelet.pods),
            "the driver copies the JAR",
            _SECONDS,
        )


def test_spark_s_logs_are_there(run: Run) -> None:
    for pod, said in run.said.items():
        assert len(re.findall(" INFO ", said)) > _LOG_LINES, pod


def _jars_in(files: dict[str, int]) -> dict[str, int]:
    """Those of the files that are a JAR of the release, or may be a part of one."""
    return {path: size for path, size in files.items() if ".jar" in path}


def _one(run: Run, role: str) -> str:
    (name,) = [name for name, found in run.roles.items() if found == role]
    return name


def _put_trips(s3: JarStore, spark: Programs, file: Path) -> int:
    """Puts a file of trips where the job reads; returns how many of them count."""
    script = Path(__file__).with_name("trips.py")
    done = subprocess.run([spark.python, script, file], capture_output=True, text=True, check=True)
    s3.client.put_object(Bucket=DATA, Key="trips/trips.parquet", Body=file.read_bytes())
    return int(done.stdout)


def _on_this_machine(server: str, s3_url: str):
    """The only differences from a cluster in AWS."""
    properties = {
        # A cluster's DNS knows kubernetes.default.svc, this machine does not.
        "spark.kubernetes.driver.master": server,
        "spark.hadoop.fs.s3a.endpoint": s3_url,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        # For the role's token: there is no STS.
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider"
        ),
    }
    added = "".join(f"{key}={value}\n" for key, value in properties.items())

    def edit(name: str, text: str) -> str:
        return text + added if name == "spark.properties" else text

    return edit
