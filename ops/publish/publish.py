"""A release: its JARs, as listed in `release.json`. Publishes one of local JARs, completes an
unfinished one, or finds that it exists."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from ops.plan.errors import Failed, UserError
from ops.plan.releases import class_path
from ops.publish.aws import THREADS
from ops.publish.destination import Destination
from ops.publish.jars import Jar
from ops.publish.progress import Report, in_parallel
from ops.publish.store import AlreadyExists, Store

MANIFEST = "release.json"
"""Written last: a folder with this file is a complete release."""
_LOOKS = 5
"""How often the bucket is listed: once before and once after the upload, and again each time that a
parallel run of the same release wrote an object first."""


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

    def spark_conf(self) -> str:
        """The lines of a SparkApplication's `sparkConf` that put the release on the class path.

        Only a class path reads JARs in place: `deps.jars` and `--jars` copy them into every pod.
        """
        path = class_path(self.name, [entry.name for entry in self.jars])
        keys = ("spark.driver.extraClassPath", "spark.executor.extraClassPath")
        return "".join(f'{key}: "{path}"\n' for key in keys)


@dataclass(frozen=True)
class Published:
    """A complete release. `sent` are the names of the JARs that this run uploaded, `new` is true if
    this run completed the release."""

    release: Release
    sent: frozenset[str]
    new: bool


def publish(
    name: str, jars: Sequence[Jar], store: Store, to: Destination, report: Report
) -> Published:
    """Uploads missing JARs, compares every JAR's checksum with S3's, then writes release.json.

    Raises UserError, before anything is uploaded, when the release or an unfinished attempt of that
    name has other JARs; Failed for an error of S3. After Failed, or if the process is killed, the
    same call resumes the upload.
    """
    release, confirmed, sent = Release.of(name, jars), set[str](), set[str]()
    for _ in range(_LOOKS):
        there = store.names(name)
        published = _published(release, store, to) if MANIFEST in there else None
        if published is None:
            _refuse_strays(release, there, to)
        unconfirmed = [jar for jar in jars if jar.name in there and jar.name not in confirmed]
        same = in_parallel([partial(store.holds, name, jar) for jar in unconfirmed], THREADS)
        differing = [jar.name for jar, equal in zip(unconfirmed, same, strict=True) if not equal]
        _refuse_other_bytes(name, differing, published, to)
        confirmed.update(jar.name for jar in unconfirmed)
        missing = [jar for jar in jars if jar.name not in there]
        if missing:
            try:
                sent |= _send(name, missing, store, report)
            except Failed as error:
                raise Failed(f"{error}\nrun it again: JARs in S3 are not sent again") from None
        elif published:
            return Published(published, frozenset(sent), new=False)
        else:
            try:
                store.put_text(name, MANIFEST, release.to_json())
            except AlreadyExists:
                continue
            return Published(release, frozenset(sent), new=True)
    raise Failed(f"{to.url(name)} keeps changing: another run publishes it at the same time")


def _send(name: str, jars: Sequence[Jar], store: Store, report: Report) -> set[str]:
    """The names of the JARs that this call uploaded, without those that exist by then."""
    done = in_parallel([partial(store.put_jar, name, jar, report) for jar in jars], THREADS)
    return {jar.name for jar, uploaded in zip(jars, done, strict=True) if uploaded}


def _published(given: Release, store: Store, to: Destination) -> Release:
    published = Release.from_json(given.name, store.text(given.name, MANIFEST))
    differences = published.differences(given)
    if differences:
        raise UserError(
            f"{to.url(given.name)} is published with other JARs:\n{_listed(differences)}\n"
            "a release never changes: publish under another name"
        )
    return published


def _refuse_strays(given: Release, there: Iterable[str], to: Destination) -> None:
    wanted = {entry.name for entry in given.jars}
    strays = sorted(name for name in there if name not in wanted)
    if strays:
        raise UserError(
            f"{to.url(given.name)} is an unfinished release with JARs that this request lacks:\n"
            f"{_listed(strays)}\n{_way_out(given.name, to)}"
        )


def _refuse_other_bytes(
    name: str, differing: list[str], published: Release | None, to: Destination
) -> None:
    if differing and published:
        raise Failed(
            f"{to.url(name)} is damaged: these objects differ from its {MANIFEST}; "
            f"restore their earlier versions:\n{_listed(differing)}"
        )
    if differing:
        raise UserError(
            f"{to.url(name)} is an unfinished release in which these JARs have other bytes:\n"
            f"{_listed(differing)}\n{_way_out(name, to)}"
        )


def _way_out(name: str, to: Destination) -> str:
    return (
        "publish under another name, or remove the unfinished one: "
        f"aws s3 rm --recursive {to.url(name)}"
    )


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
