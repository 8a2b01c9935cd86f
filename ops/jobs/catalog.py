"""The project's own jobs: files of examples/, by name."""

from pathlib import Path

from ops.jobs.jobfile import load

PROGRAMS = Path(__file__).resolve().parents[2] / "examples"
JOBS = {name: load(PROGRAMS / f"{name}.yaml") for name in ("pi", "taxi-trip", "etl-dynamic")}

S3A = tuple(JOBS["taxi-trip"].jars)
"""JARs that Spark 4.0 needs for s3a:// and that its images lack: hadoop-aws of the Hadoop version
that Spark is built with, and the AWS SDK that hadoop-aws is built with (hadoop-project's POM names
the version)."""
S3A_RELEASE = "s3a-3.4.1"
"""Default release that contains these JARs."""
