"""Class-data archives of releases: what `archive.json` says, and where pods see an archive.

An archive belongs to one image on one processor, and to one class path in its order
(docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html).
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ops.plan.errors import UserError
from ops.plan.releases import MOUNTED_JARS, SPARK_JARS

FOLDER = "archives"
"""In a release's folder: `archives/<processor>/`."""
ARCHIVE, DESCRIPTION = "spark.jsa", "archive.json"
"""The description is written last: a folder with it is a complete archive."""
PROCESSORS = ("amd64", "arm64")

_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ClassFile:
    """A JAR of the class path as the JVM checks it: size in bytes, time in whole seconds."""

    path: str
    size: int
    modified: int


@dataclass(frozen=True)
class Archive:
    """An `archive.json`."""

    release: str
    arch: str
    sha256: str
    size: int
    image: str
    """With its digest."""
    jvm: str
    """The line of `java -version` that names the build."""
    files: tuple[ClassFile, ...]
    """The class path in its order: Spark's own JARs, then the release's."""

    @classmethod
    def from_json(cls, text: bytes, where: str) -> "Archive":
        """Parses an `archive.json`. Raises UserError, which names `where`, for any other text."""
        try:
            content = json.loads(text)
            archive = cls(
                release=str(content["release"]),
                arch=str(content["arch"]),
                sha256=str(content["sha256"]),
                size=int(content["size"]),
                image=str(content["image"]),
                jvm=str(content["jvm"]),
                files=tuple(_file(one) for one in content["files"]),
            )
            listed = content["classPath"]
        except (ValueError, KeyError, TypeError):
            raise UserError(f"{where} is not the {DESCRIPTION} of an archive") from None
        if problem := archive.problem(listed):
            raise UserError(f"{where}: {problem}")
        return archive

    def to_json(self) -> bytes:
        """The text of `archive.json`."""
        content = {**asdict(self), "classPath": self.class_path}
        return f"{json.dumps(content, indent=1)}\n".encode()

    @property
    def class_path(self) -> list[str]:
        """The paths, in their order."""
        return [one.path for one in self.files]

    @property
    def spark_jars(self) -> list[str]:
        """Spark's own JARs of the image."""
        return [one for one in self.class_path if one.startswith(_OWN)]

    @property
    def release_jars(self) -> list[str]:
        """Names of the release's JARs."""
        place = f"{MOUNTED_JARS}/{self.release}/"
        return [one.removeprefix(place) for one in self.class_path if one.startswith(place)]

    def problem(self, listed: Sequence[str]) -> str:
        """What is wrong with it, given its own `classPath`; empty if nothing is."""
        if self.arch not in PROCESSORS:
            return f"arch {self.arch!r} is not one of {', '.join(PROCESSORS)}"
        if not _SHA256.fullmatch(self.sha256) or self.size <= 0:
            return "sha256 or size is not that of a file"
        if not _DIGEST.fullmatch(self.image):
            return f"image {self.image!r} has no digest: an archive is of one build of the JVM"
        if list(listed) != self.class_path:
            return "classPath and files differ"
        known = [f"{MOUNTED_JARS}/{self.release}/{name}" for name in self.release_jars]
        if not self.spark_jars or self.spark_jars + known != self.class_path:
            return (
                f"its class path is not Spark's JARs below {_OWN} and then those of release "
                f"{self.release}"
            )
        return ""


_OWN = SPARK_JARS.removesuffix("*")


def complete_in(names: Iterable[str]) -> tuple[str, ...]:
    """The processors for which a release has an archive; `names` are its objects."""
    known = set(names)
    return tuple(one for one in PROCESSORS if f"{FOLDER}/{one}/{DESCRIPTION}" in known)


def mounted_archive(release: str, arch: str | None) -> str:
    """Where pods see a release's archive. Without a processor: a node's local copy of the release
    has that of its own processor beside the JARs."""
    folder = f"{MOUNTED_JARS}/{release}"
    return f"{folder}/{FOLDER}/{arch}/{ARCHIVE}" if arch else f"{folder}/{ARCHIVE}"


def _file(content: dict[str, Any]) -> ClassFile:
    return ClassFile(str(content["path"]), int(content["size"]), int(content["modified"]))
