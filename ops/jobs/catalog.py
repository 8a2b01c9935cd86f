"""The jobs: program, JARs and size of each."""

from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[2] / "examples"

S3A = ("org.apache.hadoop:hadoop-aws:3.4.1", "software.amazon.awssdk:bundle:2.24.6")
"""JARs that Spark 4.0 needs for s3a:// and that its images lack: hadoop-aws of the Hadoop version
that Spark is built with, and the AWS SDK that hadoop-aws is built with (hadoop-project's POM names
the version)."""
S3A_RELEASE = "s3a-3.4.1"
"""Default release that contains these JARs."""


@dataclass(frozen=True)
class Size:
    """Resources of a driver or an executor. `request` is its CPU request: a little less than its
    `cores`, so that two of them fit on a node beside the DaemonSets' pods."""

    cores: int
    request: str
    memory: str
    overhead: str
    local_disk: str
    """Limit of shuffle and spill: a pod that exceeds it is evicted instead of other pods."""


@dataclass(frozen=True)
class Executors:
    """Number of executors. With `least` Spark allocates them dynamically, up to `most`."""

    most: int
    least: int | None = None


@dataclass(frozen=True)
class Job:
    """A job. `program` is a file of examples/, or a `local://` path inside the image."""

    name: str
    about: str
    program: str
    arguments: tuple[str, ...]
    """`{input}` and `{output}` stand for folders in S3."""
    jars: tuple[str, ...]
    driver: Size
    executor: Size
    executors: Executors

    @property
    def own_program(self) -> Path | None:
        """The file of examples/ that it runs, if it is one."""
        return None if self.program.startswith("local://") else PROGRAMS / self.program

    @property
    def uses_s3(self) -> bool:
        """Whether it reads and writes s3a://."""
        return "{input}" in self.arguments or "{output}" in self.arguments


_DRIVER = Size(cores=1, request="1", memory="2g", overhead="1g", local_disk="10Gi")
_EXECUTOR = Size(cores=4, request="3500m", memory="8g", overhead="3g", local_disk="5Gi")
"""Python processes use the memory overhead, outside the JVM's heap. Thirteen of them fit on a
12xlarge by CPU, and with the JAR caches on its disk of 100 GiB."""

JOBS = {
    job.name: job
    for job in (
        Job(
            name="pi",
            about="estimates pi with a program of the image; needs neither JARs nor data",
            program="local:///opt/spark/examples/src/main/python/pi.py",
            arguments=("100",),
            jars=(),
            driver=Size(cores=1, request="1", memory="1g", overhead="512m", local_disk="1Gi"),
            executor=Size(cores=1, request="1", memory="1g", overhead="512m", local_disk="1Gi"),
            executors=Executors(most=2),
        ),
        Job(
            name="taxi-trip",
            about="aggregates taxi trips by hour and zone, JARs read from the mount",
            program="taxi_trip.py",
            arguments=("--input", "{input}", "--output", "{output}"),
            jars=S3A,
            driver=_DRIVER,
            executor=_EXECUTOR,
            executors=Executors(most=2),
        ),
        Job(
            name="etl-dynamic",
            about="cleans taxi trips and writes them by day, with dynamically allocated executors",
            program="etl_dynamic.py",
            arguments=("--input", "{input}", "--output", "{output}"),
            jars=S3A,
            driver=_DRIVER,
            executor=_EXECUTOR,
            executors=Executors(most=6, least=1),
        ),
    )
}
