"""A job as data: the short YAML file from which `make job` writes the application."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from ops.jobs.jobfile_values import (
    Amount,
    Archive,
    ConfKey,
    Cron,
    Jar,
    Main,
    Module,
    Size,
    Text,
    Variable,
    matching,
)
from ops.plan.errors import UserError
from ops.plan.file_errors import lines_of

_LARGEST = 1024 * 1024
"""Bytes of a ConfigMap."""


Retries = Annotated[int, Field(ge=0, le=100, strict=True)]
Interval = Annotated[int, Field(ge=1, le=86_400, strict=True)]


class _Section(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class PodSize(_Section):
    """`driver`, `executor`. `request` is the CPU request: a little less than `cores`, so that two
    executors fit on a node beside the DaemonSets' pods; default: `cores`."""

    cores: Annotated[int, Field(ge=1, le=448, strict=True)]
    request: Amount = ""
    memory: Size
    overhead: Size
    local_disk: Amount
    """Limit of shuffle and spill: a pod that exceeds it is evicted instead of other pods."""

    @property
    def cpu(self) -> str:
        return self.request or str(self.cores)


class Executors(_Section):
    """Number of executors. With `min` Spark allocates them dynamically, up to `max`."""

    most: Annotated[int, Field(ge=1, le=100_000, strict=True, alias="max")]
    least: Annotated[int | None, Field(ge=0, strict=True, alias="min")] = None

    @model_validator(mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return {"max": value} if isinstance(value, int) else value

    @model_validator(mode="after")
    def _ordered(self) -> "Executors":
        if self.least is not None and self.least > self.most:
            raise ValueError(f"min {self.least} is above max {self.most}")
        return self


class PythonEnvironment(_Section):
    """`python`: packages that the image lacks."""

    archive: Archive | None = None
    """A packed environment (conda-pack, venv-pack), unpacked in every pod before Spark starts: a
    `.tar.gz` of the release, the image, or a bucket."""
    path: list[Module] = []
    """Zip archives and pure-Python wheels of the release, from which modules are imported in
    place."""

    @model_validator(mode="after")
    def _something(self) -> "PythonEnvironment":
        if self.archive is None and not self.path:
            raise ValueError("needs archive or path")
        return self

    @property
    def variables(self) -> list[str]:
        """The variables that it sets."""
        interpreter = ["PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"] if self.archive else []
        return [*interpreter, *(["PYTHONPATH"] if self.path else [])]


class SecretKey(_Section):
    """A key of a Secret of the team's namespace."""

    secret: str
    key: str


class Schedule(_Section):
    """`schedule`: a cron expression, or this."""

    cron: Cron
    time_zone: str = "UTC"
    overlap: Literal["Allow", "Forbid", "Replace"] = "Forbid"
    """What happens at the time of a run while the last one still runs."""
    suspend: bool = False

    @model_validator(mode="before")
    @classmethod
    def _expression(cls, value: Any) -> Any:
        return {"cron": value} if isinstance(value, str) else value


class Restart(_Section):
    """`restart`: how often a failed run is tried again; each try reads its input anew. The operator
    counts the n-th pause, n times `interval`, from the submission of the try before
    (TimeUntilNextRetryDue of spark-operator 2.5.2)."""

    type: Literal["OnFailure", "Always"] = "OnFailure"
    """Always: without end, after a success too, as a streaming job needs it."""
    retries: Retries | None = None
    """Of a run; default: 0."""
    interval: Interval = 60
    """Seconds."""
    submission_retries: Retries | None = None
    """Of a submission, which a quota or the API server refused; default: as `retries`."""
    submission_interval: Interval | None = None
    """Default: as `interval`."""

    @model_validator(mode="after")
    def _limited(self) -> "Restart":
        if self.type == "Always" and (self.retries, self.submission_retries) != (None, None):
            raise ValueError("retries are of type OnFailure: Always has no limit")
        return self

    @property
    def policy(self) -> dict[str, Any]:
        """The application's restartPolicy."""
        runs = self.retries or 0
        submissions = runs if self.submission_retries is None else self.submission_retries
        pauses = {
            "onFailureRetryInterval": self.interval,
            "onSubmissionFailureRetryInterval": self.submission_interval or self.interval,
        }
        if self.type == "Always":
            return {"type": self.type, **pauses}
        if not runs and not submissions:
            return {"type": "Never"}
        counts = {"onFailureRetries": runs, "onSubmissionFailureRetries": submissions}
        return {"type": self.type, **counts, **pauses}


class Catalog(_Section):
    """`catalog`: an Iceberg catalog, `SELECT ... FROM <name>.<database>.<table>`."""

    name: Annotated[str, matching(r"[a-z][a-z0-9_]*", "a name of lower-case letters and digits")]
    type: Literal["glue", "rest", "hadoop"]
    warehouse: Annotated[str, matching(r"s3a?://[a-z0-9].+", "a folder such as s3a://lake/tables")]
    """Folder of the tables."""
    uri: Annotated[str | None, matching(r"https?://.+", "an address such as https://...")] = None
    """Of a REST catalog."""
    default: bool = False
    """Whether names without a catalog are of this one."""

    @model_validator(mode="after")
    def _address(self) -> "Catalog":
        if (self.type == "rest") != (self.uri is not None):
            raise ValueError("uri is for type rest, which needs it")
        return self


_DRIVER = {"cores": 1, "memory": "2g", "overhead": "1g", "localDisk": "10Gi"}
_EXECUTOR = {"cores": 4, "request": "3500m", "memory": "8g", "overhead": "3g", "localDisk": "5Gi"}


class JobFile(_Section):
    """The file. `main` is a file beside it, or `local:///` or `s3a://`; `{input}` and `{output}` in
    `arguments` stand for folders in S3 (IN=, OUT=)."""

    name: str = ""
    about: str = ""
    main: Main
    main_class: Annotated[
        str | None,
        Field(alias="class"),
        matching(r"[A-Za-z0-9_.$]+", "the name of a class such as com.example.Main"),
    ] = None
    """Of a JAR."""
    arguments: list[Text] = []
    image: str | None = None
    """Default: the stack's."""
    spark_version: str | None = None
    """Of `image`, if its tag does not begin with it."""
    release: str | None = None
    """Release of `jars`; default: the one that `make job` names."""
    jars: list[Jar] = []
    """`group:artifact:version`, or names of files in the release."""
    driver: PodSize = PodSize.model_validate(_DRIVER)
    executor: PodSize = PodSize.model_validate(_EXECUTOR)
    """Python processes use the memory overhead, outside the JVM's heap. Thirteen of them fit on a
    12xlarge by CPU, and with the JAR caches on its disk of 100 GiB."""
    executors: Executors = Executors.model_validate(2)
    python: PythonEnvironment | None = None
    env: dict[Variable, Text] = {}
    secrets: dict[Variable, SecretKey] = {}
    """Variables to keys of Secrets."""
    schedule: Schedule | None = None
    restart: Restart = Restart()
    catalog: Catalog | None = None
    shuffle: Literal["node", "claim", "celeborn", "lustre"] | None = None
    """Where executors keep shuffle files: on their node's disk, on an EBS volume of `localDisk`
    that a new executor takes over from a lost one, in Celeborn, or on the team's folder of the
    Lustre file system. Default: as the team."""
    cache: bool = False
    """Read `{input}` from the stack's cache, where it has that folder for the team; else from
    S3."""
    conf: dict[ConfKey, Text] = {}
    """More of Spark's configuration; it overrides what the platform sets."""

    @model_validator(mode="after")
    def _program(self) -> "JobFile":
        is_jar = self.main.endswith(".jar")
        if is_jar and self.main_class is None:
            raise ValueError("class is missing: main is a JAR")
        if not is_jar and not self.main.endswith(".py"):
            raise ValueError("main must end in .py or .jar")
        if not is_jar and self.main_class is not None:
            raise ValueError("class is for a JAR; main is a Python program")
        if is_jar and "://" not in self.main:
            raise ValueError(
                "main: a JAR is in a release or in S3, not beside this file: "
                "local:///mnt/s3/jars/<release>/<name>.jar"
            )
        if self.python and not is_jar:
            twice = [one for one in self.python.variables if one in {**self.env, **self.secrets}]
            if twice:
                raise ValueError(f"env and secrets: {', '.join(twice)} is set by python")
        if self.python and is_jar:
            raise ValueError("python is for a Python program; main is a JAR")
        return self

    @model_validator(mode="after")
    def _ends(self) -> "JobFile":
        if self.schedule and self.restart.type == "Always":
            raise ValueError(
                "restart.type: a run that always starts again never ends, and no later run of the "
                "schedule starts"
            )
        return self

    @property
    def is_python(self) -> bool:
        return self.main.endswith(".py")


class Job(JobFile):
    """A job's file, and where it is."""

    folder: Path = Path()

    @property
    def own_program(self) -> Path | None:
        """The file beside the job's file that it runs, if it is one."""
        return None if "://" in self.main else self.folder / self.main

    @property
    def takes_folders(self) -> bool:
        """Whether IN= and OUT= have an effect."""
        return any("{input}" in one or "{output}" in one for one in self.arguments)

    @property
    def uses_s3(self) -> bool:
        """Whether it reads or writes S3 by s3a://."""
        texts = [self.main, *self.arguments, *self.conf.values()]
        if self.python and self.python.archive:
            texts.append(self.python.archive)
        if self.catalog:
            texts.append(self.catalog.warehouse)
        return self.takes_folders or any("s3a://" in one for one in texts)


def load(path: Path) -> Job:
    """The job in a file. Raises UserError with a line for each key that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise UserError(f"FILE={path} cannot be read: {failure}") from failure
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as failure:
        raise UserError(f"FILE={path} is not YAML: {failure}") from failure
    if not isinstance(content, dict):
        raise UserError(f"FILE={path} is not a mapping of keys such as main and executors")
    if "kind" in content and "apiVersion" in content:
        raise UserError(
            f"FILE={path} is a {content['kind']} already: make check-job FILE={path} judges it"
        )
    try:
        found = JobFile.model_validate(content)
        job = Job.model_construct(**dict(found), folder=path.parent)
    except ValidationError as failure:
        lines = "".join(f"\n  {line}" for line in lines_of(failure, JobFile))
        raise UserError(f"FILE={path} is not a job:{lines}") from failure
    program = job.own_program
    if program is not None and not program.is_file():
        raise UserError(f"FILE={path} is not a job:\n  main: {program} does not exist")
    if program is not None and program.stat().st_size > _LARGEST - 1024:
        raise UserError(
            f"FILE={path} is not a job:\n  main: {program} is larger than a ConfigMap's 1 MiB: "
            "s3a://..., or local:///mnt/s3/jars/<release>/..."
        )
    return job.model_copy(update={"name": found.name or path.stem})
