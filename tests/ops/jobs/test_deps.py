"""What Spark's own lists of files and Python's paths come to."""

from typing import Any

import pytest

from ops.jobs.check import Verdict
from tests.ops.jobs.test_check import changed, conf, put

FOLDER = "/mnt/s3/jars/r1"


def told(verdict: Verdict) -> list[tuple[str, str]]:
    """Severity and line of each finding on what Spark hands to the driver only."""
    return [(str(one.severity), one.line) for one in verdict.findings if "driver only" in one.why]


@pytest.mark.parametrize(
    ("name", "file", "severity", "instead"),
    [
        ("archives", "environment.tar.gz#environment", "warning", "python: {archive: ...}"),
        ("pyFiles", "ours.zip", "warning", f"spark.executorEnv.PYTHONPATH: {FOLDER}/ours.zip"),
        ("pyFiles", "etl.py", "warning", f"spark.executorEnv.PYTHONPATH: {FOLDER}"),
        ("files", "settings.ini", "not known", "SparkFiles"),
    ],
)
def test_files_of_the_mount_reach_the_driver_only(
    name: str, file: str, severity: str, instead: str
) -> None:
    verdict = changed(put("deps", {name: [f"local://{FOLDER}/{file}"]}))
    ((found, line),) = told(verdict)
    assert (found, line.startswith(f"spec.deps.{name} ")) == (severity, True)
    assert instead in line
    key = {"archives": "spark.archives", "pyFiles": "spark.submit.pyFiles", "files": "spark.files"}
    ((_, line),) = told(changed(conf(key[name], f"local://{FOLDER}/{file}")))
    assert line.startswith(f"spec.sparkConf[{key[name]}] ")


def test_only_files_outside_of_the_release_may_be_missing() -> None:
    inside = changed(put("deps", {"pyFiles": [f"local://{FOLDER}/ours.zip"]}))
    beside = changed(put("deps", {"pyFiles": ["local:///opt/ours.zip"]}))
    assert not [one for one in inside.findings if "whether the driver's image" in one.why]
    assert [one for one in beside.findings if "whether the driver's image" in one.why]


@pytest.mark.parametrize(
    ("key", "path", "refused"),
    [
        ("spark.pyspark.python", "./environment/bin/python", True),
        ("spark.kubernetes.driverEnv.PYSPARK_PYTHON", "environment/bin/python", True),
        ("spark.pyspark.python", "/opt/python-environment/bin/python", False),
        ("spark.pyspark.python", "python3.12", False),
    ],
)
def test_an_interpreter_out_of_an_archive_is_refused(key: str, path: str, refused: bool) -> None:
    def change(spec: dict[str, Any]) -> None:
        spec["sparkConf"][key] = path
        spec["deps"] = {"archives": [f"local://{FOLDER}/e.tar.gz#environment"]}

    verdict = changed(change)
    found = [one.line for one in verdict.of("error") if "executors run the same path" in one.why]
    assert bool(found) is refused


def test_a_module_on_the_mount_needs_the_claim_and_no_archive_is_on_a_class_path() -> None:
    def without_mount(spec: dict[str, Any]) -> None:
        spec["sparkConf"] = {"spark.executorEnv.PYTHONPATH": f"{FOLDER}/ours.zip"}
        spec["executor"]["volumeMounts"] = spec["executor"]["volumeMounts"][1:]

    found = [one.field for one in changed(without_mount).of("error") if "mounts nothing" in one.why]
    assert found == ["spec.executor.volumeMounts"]
    path = f"/opt/spark/jars/*:{FOLDER}/environment.tar.gz"
    verdict = changed(conf("spark.executor.extraClassPath", path))
    assert [one.value for one in verdict.of("warning") if "no class in these" in one.why] == [
        [f"{FOLDER}/environment.tar.gz"]
    ]
