"""Packages that the image lacks, out of a published release: a packed environment, an archive of
modules and a wheel, in drivers and executors of the real Spark."""

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.jobs.application import Request, documents
from ops.jobs.check import judged
from ops.jobs.jobfile import load
from ops.jobs.model import Target
from ops.jobs.team import rights_of, team_of
from tests.tiers.cluster.api import Api, Object
from tests.tiers.node.s3_server import S3Server
from tests.tiers.operator import published
from tests.tiers.operator.applications import applied, state_of
from tests.tiers.operator.cases import PODS_OF, Wanted
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.kubelet import Kubelet
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs

_RELEASE = "packages-1"
_SECONDS = 600
_FOLDER = f"/mnt/s3/jars/{_RELEASE}"
_PROGRAM = """
import json, os, sys
from pyspark.sql import SparkSession

def found(_):
    where = {"python": sys.executable, "unpacked": os.path.exists("environment/bin/python")}
    for name in ("packed", "zipped", "wheeled"):
        try:
            where[name] = __import__(name).__file__
        except ImportError:
            where[name] = None
    return json.dumps(where, sort_keys=True)

spark = SparkSession.builder.getOrCreate()
print("driver:", found(0), flush=True)
for one in spark.sparkContext.range(4, numSlices=2).map(found).distinct().collect():
    print("executor:", one, flush=True)
spark.stop()
"""

# A combination in node level: the mount is the node's.
pytestmark = pytest.mark.parametrize("live", PODS_OF[1:2], ids=str, indirect=True)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with closing(S3Server()) as server:
        server.create(published.BUCKET)
        yield server


@pytest.fixture(scope="module")
def lines(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A release with all kinds of files, and the configuration that the publisher prints."""
    folder = tmp_path_factory.mktemp("packages")
    _environment(folder / "environment.tar.gz")
    for name, module in (("ours.zip", "zipped"), ("theirs-1.0-py3-none-any.whl", "wheeled")):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(f"{module}/__init__.py", "")
    (folder / "program.py").write_text(_PROGRAM)
    printed = published.publish(s3, _RELEASE, sorted(folder.iterdir()))
    return yaml.safe_load(printed)


@pytest.fixture(scope="module")
def mounted(s3: S3Server, lines: object, pod_host: PodHost) -> Iterator[Path]:
    with published.mounted(s3, pod_host) as folder:
        yield folder


@dataclass
class Ran:
    """A job that ended."""

    state: str
    said: str
    found: dict[str, dict[str, str | None]]
    """What the driver and the executors found, by role."""
    written: dict[str, list[str]]
    """Files that they wrote, by role."""


@pytest.fixture(scope="module")
def run(api: Api, live: Stack, spark: Programs, pod_host: PodHost, s3: S3Server, mounted: Path):
    """Runs an application to its end."""

    def ran(application: Object) -> Ran:
        team = application["metadata"]["namespace"]
        edit = published.on_this_machine(live.url, s3)
        kubelet = Kubelet(api, spark, pod_host, [team], mounted, edit, s3.environment())
        with applied(api, [Wanted(team, "packages", [], application)]), kubelet:

            def ended() -> bool:
                return state_of(api, application) in ("COMPLETED", "FAILED")

            kubelet.run_until(ended, "the job has ended", _SECONDS)
            said, written = "", {}
            for name, one in kubelet.pods.items():
                role = one.pod["metadata"]["labels"]["spark-role"]
                said += one.said if role == "driver" else ""
                written.setdefault(role, []).extend(kubelet.written(name))
            words = [one.partition(": ") for one in said.splitlines() if ': {"packed' in one]
            found = {role: json.loads(text) for role, _, text in words}
            return Ran(state_of(api, application), said, found, written)

    return ran


def test_a_job_file_finds_its_packages_in_the_release(
    run: Any, live: Stack, tmp_path: Path
) -> None:
    python = {"archive": "environment.tar.gz", "path": ["ours.zip", "theirs-1.0-py3-none-any.whl"]}
    ran = run(_application(live, tmp_path, python=python))
    assert ran.state == "COMPLETED", ran.said
    for role in ("driver", "executor"):
        assert ran.found[role] == {
            "python": "/opt/python-environment/bin/python",
            "unpacked": False,
            "packed": "/opt/python-environment/lib/python3.11/site-packages/packed.py",
            "zipped": f"{_FOLDER}/ours.zip/zipped/__init__.py",
            "wheeled": f"{_FOLDER}/theirs-1.0-py3-none-any.whl/wheeled/__init__.py",
        }
        assert _archives(ran, role) == [], "read on the mount, not copied"


def test_the_publishers_lines_put_modules_on_the_path_of_an_application_of_ones_own(
    run: Any, live: Stack, tmp_path: Path, lines: dict[str, str]
) -> None:
    application = _application(live, tmp_path)
    application["spec"]["sparkConf"] |= lines
    ran = run(application)
    assert ran.state == "COMPLETED", ran.said
    for role in ("driver", "executor"):
        assert ran.found[role]["zipped"] == f"{_FOLDER}/ours.zip/zipped/__init__.py"
        assert ran.found[role]["wheeled"], ran.found
        assert ran.found[role]["packed"] is None, "the image lacks it"


def test_sparks_own_lists_reach_the_driver_only(run: Any, live: Stack, tmp_path: Path) -> None:
    """What `make check-job` says of deps: Spark distributes no file of the scheme local."""
    application = _application(live, tmp_path)
    application["spec"]["deps"] = {
        "archives": [f"local://{_FOLDER}/environment.tar.gz#environment"],
        "pyFiles": [f"local://{_FOLDER}/ours.zip"],
        "files": [f"local://{_FOLDER}/theirs-1.0-py3-none-any.whl"],
    }
    ran = run(application)
    assert ran.state == "COMPLETED", ran.said
    assert ran.found["driver"]["unpacked"] and ran.found["driver"]["zipped"]
    assert not ran.found["executor"]["unpacked"] and not ran.found["executor"]["zipped"]
    assert not _archives(ran, "executor")
    plan = live.combination.plan
    team = team_of(plan, live.spark_teams[0])
    verdict = judged(application, Target(plan, team, rights_of(plan, team)))
    told = {one.field for one in verdict.findings if "driver only" in one.why}
    assert {"spec.deps.archives", "spec.deps.pyFiles", "spec.deps.files"} <= told


def _application(live: Stack, folder: Path, **keys: Any) -> Object:
    """A job whose program is in the release, as `make job` writes it."""
    small = {"cores": 1, "memory": "1g", "overhead": "512m", "localDisk": "1Gi"}
    job = {
        "name": "packages",
        "main": f"local://{_FOLDER}/program.py",
        "driver": small,
        "executor": small,
        "executors": 1,
        **keys,
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(job))
    team = team_of(live.combination.plan, live.spark_teams[0])
    (application,) = documents(load(folder / "job.yaml"), team, Request("packages", _RELEASE))
    return application


def _environment(path: Path) -> None:
    """As venv-pack writes it: an interpreter that is a link to the image's, and packages."""
    files = {
        "pyvenv.cfg": "home = /usr/bin\ninclude-system-site-packages = false\n",
        "lib/python3.11/site-packages/packed.py": "",
    }
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("bin/python")
        link.type, link.linkname = tarfile.SYMTYPE, "/usr/bin/python3.11"
        archive.addfile(link)
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))


def _archives(ran: Ran, role: str) -> list[str]:
    """Copies of the release's archives among the files that the role's pods wrote."""
    return [one for one in ran.written[role] if one.endswith((".tar.gz", ".zip", ".whl"))]
