"""Releases: names of their files, and the paths that a job writes to use them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ops.plan.errors import UserError

SPARK_JARS = "/opt/spark/jars/*"
"""Spark's own JARs in its images. First on the class path: the AWS bundle contains an slf4j binding
that would silence Spark's logs."""
MOUNTED_JARS = "/mnt/s3/jars"
"""Where every pod with the claim `spark-jars` sees the releases."""

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_COORDINATE = re.compile(f"({_PART}):({_PART}):({_PART})(?::({_PART}))?")
_RELEASE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Coordinate:
    """One artifact of a Maven repository: `group:artifact:version[:classifier]`."""

    group: str
    artifact: str
    version: str
    classifier: str = ""

    @classmethod
    def parse(cls, text: str) -> "Coordinate | None":
        """Returns the coordinate, None if the text is not one."""
        match = _COORDINATE.fullmatch(text)
        return cls(*(part or "" for part in match.groups())) if match else None

    @property
    def file_name(self) -> str:
        """`artifact-version[-classifier].jar`."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{suffix}.jar"

    @property
    def path(self) -> str:
        """Its path in every Maven repository (maven.apache.org/repositories/layout.html)."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"

    def __str__(self) -> str:
        suffix = f":{self.classifier}" if self.classifier else ""
        return f"{self.group}:{self.artifact}:{self.version}{suffix}"


def release_name(name: str) -> str:
    """Returns the name of a release. Raises UserError unless it is a valid folder name that needs
    no quotes in a shell."""
    if not _RELEASE.fullmatch(name) or ".." in name:
        raise UserError(
            f"{name!r} cannot be a release's name: it has up to 63 lower-case letters, digits, "
            "dots and hyphens, and begins and ends with a letter or digit, such as 2026-11-01"
        )
    return name


def class_path(release: str, names: Iterable[str]) -> str:
    """Returns Spark's own JARs, then those of the release by name: for a wildcard over the mount
    every JVM would list the bucket at its start."""
    return ":".join([SPARK_JARS, *(mounted(release, name) for name in names)])


def python_path(release: str, names: Iterable[str]) -> str:
    """Returns the zip archives of a release, from which Python imports modules in place. Spark adds
    its own modules (PythonUtils.sparkPythonPath of Spark 4.0)."""
    return ":".join(mounted(release, name) for name in names)


def mounted(release: str, name: str) -> str:
    """Returns where pods see a file of a release."""
    return f"{MOUNTED_JARS}/{release}/{name}"
