"""A reused volume: the real Spark of the pinned version finds the shuffle files of the run before
at the path that jobs get, and nowhere else.

Local mode runs the same plugin as an executor.
"""

import subprocess
from pathlib import Path

import pytest

from ops.jobs.shuffle import MOUNT_PATH, RECOVERY, REUSE
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs

_PROGRAM = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("rows", spark.range(0, 1000, 1, 2).repartition(3).groupBy().count().first()[0])
# Ends as a pod that is killed does: nothing is cleaned up.
import os
spark.sparkContext._gateway.jvm.java.lang.Runtime.getRuntime().halt(0)
"""
_LOGGING = """
rootLogger.level = error
rootLogger.appenderRef.stdout.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n%ex
logger.shuffle.name = org.apache.spark.shuffle
logger.shuffle.level = info
"""


_WAITS = """
import os, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(0, 1000, 1, 2).repartition(3).groupBy().count().first()
open(os.environ["READY"], "w").close()
while not os.path.exists(os.environ["READY"] + "-enough"):
    time.sleep(0.2)
"""


@pytest.fixture
def runs(spark: Programs, pod_host: PodHost, tmp_path: Path):
    """Runs a job twice with its local disk at a path of an empty volume; returns both logs."""
    (tmp_path / "log4j2.properties").write_text(_LOGGING)
    (tmp_path / "program.py").write_text(_PROGRAM)
    conf = {**REUSE, "spark.shuffle.sort.io.plugin.class": RECOVERY, "spark.ui.enabled": "false",
            "spark.driver.extraJavaOptions":
            f"-Dlog4j2.configurationFile={tmp_path}/log4j2.properties"}  # fmt: skip
    submit = [str(spark.spark_home / "bin" / "spark-submit"), "--master", "local[1]"]
    for key, value in conf.items():
        submit += ["--conf", f"{key}={value}"]
    job = " ".join(f"'{word}'" for word in (*submit, f"{tmp_path}/program.py"))
    waiting = job.replace("program.py", "waits.py")
    (tmp_path / "waits.py").write_text(_WAITS)

    def run(path: str, volume: str, *, beside: bool = False) -> list[str]:
        start, end = f"({job}) 2>&1; echo ==; ", ""
        if beside:
            # The first still runs while the second starts in the same folder.
            ready, files = f"{tmp_path}/ready", f"find '{volume}' -name 'shuffle_*.data'"
            start = (
                f"export READY='{ready}'; ({waiting}) >&2 & "
                f"until [ -e '{ready}' ]; do sleep 0.2; done; {files} > '{tmp_path}/before'; "
                "echo rows 1000; echo ==; "
            )
            end = f"; xargs ls < '{tmp_path}/before' > '{tmp_path}/after' 2>/dev/null"
            end += f"; touch '{ready}-enough'; wait"
        # A mount namespace of its own: the volume is a tmpfs on a folder of this machine.
        script = (
            f"mount -t tmpfs none '{volume}' && mkdir -p '{path}' && export "
            f"SPARK_LOCAL_DIRS='{path}' && {{ {start} }}; ({job}) 2>&1{end}"
        )
        done = subprocess.run(
            ["unshare", "-m", "bash", "-c", script],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", **spark.environment,
                 "PYSPARK_PYTHON": str(spark.python)},
            capture_output=True, text=True, check=True, timeout=600,
        )  # fmt: skip
        first, second = done.stdout.split("==\n")
        assert "rows 1000" in first and "rows 1000" in second, done.stdout
        return [first, second]

    return run


def test_a_second_run_finds_the_shuffle_files_of_the_first(runs) -> None:
    first, second = runs(f"/mnt{MOUNT_PATH}", "/mnt")
    assert "Found 0 data files" in first
    assert "Found 0 data files" not in second
    assert "data files" in second and "NullPointerException" not in second


def test_a_volume_right_below_the_root_recovers_nothing_and_only_logs_it(runs) -> None:
    _, second = runs("/srv", "/srv")
    assert "NullPointerException" in second
    assert "data files" not in second


def test_a_volume_of_another_depth_finds_no_files(runs) -> None:
    _, second = runs("/mnt/a", "/mnt")
    assert "Found 0 data files" in second


def test_on_a_folder_that_executors_share_recovery_takes_the_files_of_one_that_runs(
    runs, tmp_path: Path
) -> None:
    runs(f"/mnt{MOUNT_PATH}", "/mnt", beside=True)
    assert (tmp_path / "before").read_text() != ""
    assert (tmp_path / "after").read_text() == ""
