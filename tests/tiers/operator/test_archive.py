"""A class-data archive, from its training run on a published release to a job that uses it; and
the JVM where the archive does not fit, is damaged or is gone: each runs on, without it."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ops.jobs.application import Request, documents
from ops.jobs.archive import OPTIONS, VERIFY
from ops.jobs.catalog import JOBS, S3A_RELEASE
from ops.jobs.team import team_of
from ops.plan.archives import ARCHIVE, DESCRIPTION, Archive, mounted_archive
from ops.publish import train
from tests.tiers.cluster.api import Api
from tests.tiers.node.s3_server import S3Server
from tests.tiers.operator import published
from tests.tiers.operator.applications import applied, state_at_end
from tests.tiers.operator.cases import PODS_OF, Wanted
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.container import Container
from tests.tiers.operator.kubelet import Kubelet
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs
from tests.tiers.operator.published import BUCKET, on_this_machine, publish

_SECONDS = 900
_DIGEST = f"@sha256:{'1' * 64}"
# The tier's JVMs have one compiler only.
_USED, _NOT_USED = "mixed mode, emulated-client, sharing)", "mixed mode, emulated-client)"

pytestmark = pytest.mark.parametrize("live", PODS_OF[1:2], ids=str, indirect=True)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """S3 with the bucket of the JARs."""
    with closing(S3Server()) as server:
        server.create(BUCKET)
        yield server


@pytest.fixture(scope="module")
def mounted(s3: S3Server, pod_host: PodHost) -> Iterator[Path]:
    """The folder behind the claim, with the published release in it."""
    publish(s3, S3A_RELEASE, JOBS["taxi-trip"].jars)
    with published.mounted(s3, pod_host) as parent:
        yield parent


@pytest.fixture(scope="module")
def image(pod_host: PodHost, spark: Programs, mounted: Path) -> Container:
    return Container(pod_host, spark, mounted, "training")


@pytest.fixture(scope="module")
def archive(
    live: Stack,
    image: Container,
    spark: Programs,
    s3: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Archive:
    """The archive of the release, trained in the image and published."""
    shutil.copy(Path(train.__file__), image.given)
    name = str(live.combination.plan.exports["sparkImage"]) + _DIGEST
    done = image.run(str(spark.python), "/given/train.py", S3A_RELEASE, name, "/given")
    assert done.returncode == 0, done.stdout[-5000:]
    folder = tmp_path_factory.mktemp("trained")
    for one in (ARCHIVE, DESCRIPTION):
        shutil.copy(image.given / one, folder)
    publish(s3, S3A_RELEASE, JOBS["taxi-trip"].jars, folder)
    return Archive.from_json((folder / DESCRIPTION).read_bytes(), DESCRIPTION)


def test_a_job_completes_with_the_archive_in_every_jvm(
    api: Api,
    live: Stack,
    spark: Programs,
    pod_host: PodHost,
    s3: S3Server,
    mounted: Path,
    archive: Archive,
) -> None:
    job = _job(live, archive, mounted_archive(S3A_RELEASE, archive.arch))
    pods = _ended(api, live, spark, pod_host, s3, mounted, job)
    assert {role for role, _ in pods} == {"driver", "executor"}
    for role, said in pods:
        assert _USED in said, (role, said[:3000])


def test_a_job_whose_archive_is_not_there_completes_without(
    api: Api,
    live: Stack,
    spark: Programs,
    pod_host: PodHost,
    s3: S3Server,
    mounted: Path,
    archive: Archive,
) -> None:
    # That of a node's own copy of the release, which this tier's nodes do not make.
    job = _job(live, archive, mounted_archive(S3A_RELEASE, None))
    for role, said in _ended(api, live, spark, pod_host, s3, mounted, job):
        assert _NOT_USED in said and _USED not in said, (role, said[:3000])


WORDS = {
    "as trained": ("", "", _USED),
    "more JARs after it": ("", "{}:/opt/spark/jars/*:/opt/spark/work-dir:", _USED),
    "no folder of configuration": ("", "/opt/spark/conf:{}", _USED),
    "a folder of configuration": (
        "mkdir /opt/spark/conf; touch /opt/spark/conf/x",
        "/opt/spark/conf:{}",
        _NOT_USED,
    ),
    "another order": ("", "$(echo {} | tr : '\\n' | tac | paste -sd:)", _NOT_USED),
    "a wildcard": ("", "/opt/spark/jars/*", _NOT_USED),
    "a JAR with another time": ("touch /opt/spark/jars/spark-core*.jar", "", _NOT_USED),
    "a JAR with another size": (
        "f=$(echo /opt/spark/jars/spark-core*.jar); t=$(stat -c %y $f); echo >> $f; "
        'touch -d "$t" $f',
        "",
        _NOT_USED,
    ),
    "another build of the JVM": (
        "LC_ALL=C sed -i '1,/VM (17[.]/s/VM (17[.]/VM (18./' /tmp/own.jsa",
        "",
        _NOT_USED,
    ),
    "another processor": (
        "LC_ALL=C sed -i '1,/linux-amd64/s/linux-amd64/linux-arm64/' /tmp/own.jsa",
        "",
        _NOT_USED,
    ),
    "truncated": ("truncate -s -50000000 /tmp/own.jsa", "", _NOT_USED),
    "truncated to its header": ("truncate -s 1000 /tmp/own.jsa", "", _NOT_USED),
    "empty": ("truncate -s 0 /tmp/own.jsa", "", _NOT_USED),
    "damaged classes": (
        "head -c 4096 /dev/urandom | dd of=/tmp/own.jsa bs=4096 seek=20000 conv=notrunc",
        "",
        _NOT_USED,
    ),
    "no archive at all": ("rm /tmp/own.jsa", "", _NOT_USED),
    "an executor too large for compressed pointers": ("set -- -Xmx40g", "", _NOT_USED),
}
"""What is done before, the class path, and what the JVM then says."""


@pytest.mark.parametrize("what", WORDS)
def test_a_jvm_runs_on_without_an_archive_that_does_not_fit(
    image: Container, spark: Programs, archive: Archive, what: str
) -> None:
    before, path, told = WORDS[what]
    class_path = (path or "{}").replace("{}", ":".join(archive.class_path))
    done = image.run(
        "sh",
        "-euc",
        f"cp /given/{ARCHIVE} /tmp/own.jsa; chmod u+w /tmp/own.jsa\n"
        f"{{ {before or ':'}; }} >/dev/null 2>&1\n"
        f"exec {spark.java_home}/bin/java -XX:TieredStopAtLevel=1 "
        f'-XX:SharedArchiveFile=/tmp/own.jsa {VERIFY} {" ".join(OPTIONS)} "$@" -cp "{class_path}" '
        "org.apache.spark.deploy.SparkSubmit --version",
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert told in done.stdout, done.stdout[-3000:]
    assert "Using Scala version" in done.stdout


def test_a_job_goes_on_when_its_archive_is_removed(
    image: Container, spark: Programs, archive: Archive
) -> None:
    program = (
        "import os\n"
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "os.remove('/tmp/own.jsa')\n"
        "rows = spark.range(1000).selectExpr('id % 7 k', 'id').groupBy('k').sum('id').collect()\n"
        "print('in all', sum(row[1] for row in rows))\n"
    )
    (image.given / "removes.py").write_text(program)
    options = " ".join(["-XX:TieredStopAtLevel=1", "-XX:SharedArchiveFile=/tmp/own.jsa", *OPTIONS])
    done = image.run(
        "sh",
        "-euc",
        f"cp /given/{ARCHIVE} /tmp/own.jsa; export PYSPARK_PYTHON={spark.python}; exec "
        f"/opt/spark/bin/spark-submit --master 'local[1]' --driver-java-options '{options}' "
        f"--driver-class-path {':'.join(archive.class_path)} /given/removes.py",
    )
    assert f"in all {sum(range(1000))}" in done.stdout, done.stdout[-3000:]
    assert _USED in done.stdout


def _job(live: Stack, archive: Archive, path: str) -> Wanted:
    """The job pi with S3's JARs and the archive; `path` is where its pods look for that."""
    team = live.spark_teams[0]
    chosen = JOBS["pi"].model_copy(update={"jars": JOBS["taxi-trip"].jars})
    request = Request(name="pi", release=S3A_RELEASE, executors=1, archive=archive)
    *beside, application = documents(chosen, team_of(live.combination.plan, team), request)
    conf = application["spec"]["sparkConf"]
    for role in ("driver", "executor"):
        key = f"spark.{role}.extraJavaOptions"
        conf[key] = conf[key].replace(mounted_archive(S3A_RELEASE, None), path)
    return Wanted(team, "pi", beside, application)


def _ended(
    api: Api,
    live: Stack,
    spark: Programs,
    pod_host: PodHost,
    s3: S3Server,
    mounted: Path,
    job: Wanted,
) -> list[tuple[str, str]]:
    """Runs a job to its end, which must be good; role and output of its pods."""
    edit = on_this_machine(live.url, s3)
    kubelet = Kubelet(api, spark, pod_host, [job.team], mounted, edit, s3.environment())
    with applied(api, [job]), kubelet:
        state = state_at_end(kubelet, api, job.application, _SECONDS)
        pods = [
            (one.pod["metadata"]["labels"]["spark-role"], one.said) for one in kubelet.pods.values()
        ]
        assert state == "COMPLETED", pods
    return pods
