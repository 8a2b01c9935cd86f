"""A release: which JARs it has, as `release.json` keeps it, and what a job writes to use it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from ops.plan.releases import class_path
from ops.publish.errors import Failed
from ops.publish.jars import Jar

MANIFEST = "release.json"
"""Written last: a folder is a release once it is there."""


@dataclass(frozen=True)
class Entry:
    """One JAR of a release: `sha256` in hexadecimal, `size` in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Release:
    """The JARs of a release, in the order of the class path."""

    name: str
    jars: tuple[Entry, ...]

    @classmethod
    def of(cls, name: str, jars: Iterable[Jar]) -> "Release":
        """The release that these JARs make."""
        return cls(name, tuple(Entry(jar.name, jar.sha256, jar.size) for jar in jars))

    @classmethod
    def from_json(cls, name: str, text: bytes) -> "Release":
        """What a `release.json` says. Raises Failed when it is not one."""
        try:
            jars = json.loads(text)["jars"]
            entries = [Entry(str(j["name"]), str(j["sha256"]), int(j["size"])) for j in jars]
        except (ValueError, KeyError, TypeError):
            raise Failed(f"the {MANIFEST} of {name} was not written by this command") from None
        return cls(name, tuple(entries))

    def to_json(self) -> bytes:
        """The text of `release.json`: the same bytes for the same JARs in the same order."""
        content = {"release": self.name, "jars": [asdict(entry) for entry in self.jars]}
        return f"{json.dumps(content, indent=2)}\n".encode()

    def differences(self, other: "Release") -> list[str]:
        """How another set of JARs differs from this one, a line each; the order is no difference.

        An empty list means that the other is this release.
        """
        here, there = ({entry.name: entry for entry in each.jars} for each in (self, other))
        lines = [
            f"{name}: published with sha256 {here[name].sha256[:12]}… and {here[name].size} bytes, "
            f"given with {there[name].sha256[:12]}… and {there[name].size} bytes"
            for name in here
            if name in there and here[name] != there[name]
        ]
        lines += [f"{name}: published, but not given" for name in here if name not in there]
        return lines + [f"{name}: not in what is published" for name in there if name not in here]

    def class_path(self) -> str:
        """The class path of a JVM that uses all of the release."""
        return class_path(self.name, [entry.name for entry in self.jars])

    def spark_conf(self) -> str:
        """The lines of a SparkApplication's `sparkConf` that put the release on the class path.

        Nothing else reads JARs in place: `deps.jars` and `--jars` copy them into every pod.
        """
        path = self.class_path()
        keys = ("spark.driver.extraClassPath", "spark.executor.extraClassPath")
        return "".join(f'{key}: "{path}"\n' for key in keys)
