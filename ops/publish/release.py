"""A release: its JARs, as listed in `release.json`, and the Spark configuration that uses it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from ops.plan.releases import class_path
from ops.publish.errors import Failed
from ops.publish.jars import Jar

MANIFEST = "release.json"
"""Written last: a folder with this file is a complete release."""


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
        """The release of these JARs."""
        return cls(name, tuple(Entry(jar.name, jar.sha256, jar.size) for jar in jars))

    @classmethod
    def from_json(cls, name: str, text: bytes) -> "Release":
        """Parses a `release.json`. Raises Failed for any other text."""
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
        """The differences to another set of JARs, one line each; the order does not matter.

        An empty list means that both are the same release.
        """
        here, there = ({entry.name: entry for entry in each.jars} for each in (self, other))
        lines = [
            f"{name}: published with sha256 {here[name].sha256[:12]}… and {here[name].size} bytes, "
            f"given with {there[name].sha256[:12]}… and {there[name].size} bytes"
            for name in here
            if name in there and here[name] != there[name]
        ]
        lines += [
            f"{name}: published, but missing in this request" for name in here if name not in there
        ]
        return lines + [
            f"{name}: not in the published release" for name in there if name not in here
        ]

    def class_path(self) -> str:
        """The class path of a JVM that uses all of the release."""
        return class_path(self.name, [entry.name for entry in self.jars])

    def spark_conf(self) -> str:
        """The lines of a SparkApplication's `sparkConf` that put the release on the class path.

        Only a class path reads JARs in place: `deps.jars` and `--jars` copy them into every pod.
        """
        path = self.class_path()
        keys = ("spark.driver.extraClassPath", "spark.executor.extraClassPath")
        return "".join(f'{key}: "{path}"\n' for key in keys)
