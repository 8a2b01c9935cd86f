"""The programs of this tier: the operator and its chart, YuniKorn, Spark with a JVM. Built once."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.tiers.programs import ROOT, built

_LOCK = Path(__file__).with_name("requirements.txt")
_SPARK = ROOT / ".cache" / "operator" / "spark"
JAVA = 17
"""Minimum Java version of Spark 4.0."""


@dataclass(frozen=True)
class Programs:
    """Where the programs are. `folder` is $OPERATOR_ASSETS or what dev/operator/build prints."""

    folder: Path
    spark_home: Path
    """The pyspark package, which is laid out as a distribution of Spark is."""
    java_home: Path

    @property
    def python(self) -> Path:
        """The Python of Spark's environment."""
        return self.spark_home.parents[3] / "bin" / "python"

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a spark-submit on this machine."""
        homes = {"SPARK_HOME": str(self.spark_home), "JAVA_HOME": str(self.java_home)}
        return {**homes, "SPARK_LOCAL_IP": "127.0.0.1"}

    def __getitem__(self, name: str) -> Path:
        return self.folder / name


@cache
def programs() -> Programs:
    """The programs, built or installed on first use (minutes, then reused).

    Raises RuntimeError, which says how to get them, when they cannot be had.
    """
    how_to_get = "needs Go 1.26 and a Go module proxy to build the Spark operator"
    given = os.environ.get("OPERATOR_ASSETS")
    folder = Path(given) if given else built(ROOT / "dev" / "operator" / "build", how_to_get)
    return Programs(folder, _spark(), _java())


@cache
def spark_alone() -> Programs:
    """Spark with a JVM, without the operator. Raises RuntimeError as `programs`."""
    return Programs(ROOT / ".cache" / "operator", _spark(), _java())


def _java() -> Path:
    java = shutil.which("java") or "false"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < JAVA:
        raise RuntimeError(f"needs Java {JAVA} or newer (apt-get install openjdk-17-jre-headless)")
    return Path(java).resolve().parents[1]


def _spark() -> Path:
    """The pyspark package in an environment of its own: half a gigabyte that nothing else needs.

    Installed once, about a minute.
    """
    make = [sys.executable, ROOT / "dev" / "setup" / "environment.py", _SPARK, _LOCK]
    done = subprocess.run(make, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"needs a package index to install Spark: {done.stderr[-500:]}")
    (home,) = _SPARK.glob("lib/python*/site-packages/pyspark")
    return home
