"""A release: its files, as listed in `release.json`. Publishes one of local files, completes an
unfinished one, or finds that it exists."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from ops.plan.archives import FOLDER
from ops.plan.aws import THREADS
from ops.plan.errors import Failed, UserError
from ops.plan.releases import class_path, python_path
from ops.publish.destination import Destination
from ops.publish.files import File, is_jar
from ops.publish.progress import Report, in_parallel
from ops.publish.store import AlreadyExists, Store

MANIFEST = "release.json"
"""Written last: a folder with this file is a complete release."""
_CLASS_PATHS = ("spark.driver.extraClassPath", "spark.executor.extraClassPath")
_PYTHON_PATHS = ("spark.kubernetes.driverEnv.PYTHONPATH", "spark.executorEnv.PYTHONPATH")
_LOOKS = 5
"""How often the bucket is listed: once before and once after the upload, and again each time that a
parallel run of the same release wrote an object first."""


@dataclass(frozen=True)
class Entry:
    """One file of a release: `sha256` in hexadecimal, `size` in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Release:
    """The files of a release: JARs in the order of the class path, and those that are none."""

    name: str
    jars: tuple[Entry, ...]
    files: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, name: str, files: Iterable[File]) -> "Release":
        entries = [Entry(one.name, one.sha256, one.size) for one in files]
        jars = tuple(one for one in entries if is_jar(one.name))
        return cls(name, jars, tuple(one for one in entries if one not in jars))

    @classmethod
    def from_json(cls, name: str, text: bytes) -> "Release":
        """Parses a `release.json`. Raises Failed for any other text."""
        try:
            content = json.loads(text)
            jars, files = content["jars"], content.get("files", [])
            return cls(name, _entries(jars), _entries(files))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Failed(f"the {MANIFEST} of {name} was not written by this command") from None

    def to_json(self) -> bytes:
        """The text of `release.json`: the same bytes for the same files in the same order.

        Without other files than JARs it has no key for them: it then is as it always was.
        """
        content: dict[str, Any] = {
            "release": self.name,
            "jars": [asdict(entry) for entry in self.jars],
        }
        if self.files:
            content["files"] = [asdict(entry) for entry in self.files]
        return f"{json.dumps(content, indent=2)}\n".encode()

    @property
    def every(self) -> dict[str, Entry]:
        """All files by name."""
        return {one.name: one for one in (*self.jars, *self.files)}

    def differences(self, other: "Release") -> list[str]:
        """The differences to another set of files, one line each; the order does not matter.

        An empty list means that both are the same release.
        """
        here, there = self.every, other.every
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
        """The lines of a SparkApplication's `sparkConf` that use the release: its JARs on the class
        path, its modules on Python's path. Empty if it has neither.

        Only paths read files in place: `deps` and `--jars` copy them into every pod.
        """
        lines: dict[str, str] = {}
        if self.jars:
            path = class_path(self.name, [entry.name for entry in self.jars])
            lines |= dict.fromkeys(_CLASS_PATHS, path)
        if modules := [one.name for one in self.files if one.name.endswith((".zip", ".whl"))]:
            lines |= dict.fromkeys(_PYTHON_PATHS, python_path(self.name, modules))
        return "".join(f'{key}: "{value}"\n' for key, value in lines.items())


def _entries(listed: list[dict[str, Any]]) -> tuple[Entry, ...]:
    return tuple(Entry(str(one["name"]), str(one["sha256"]), int(one["size"])) for one in listed)


@dataclass(frozen=True)
class Published:
    """A complete release. `sent` are the names of the files that this run uploaded, `new` is true
    if this run completed the release."""

    release: Release
    sent: frozenset[str]
    new: bool


def publish(
    name: str, files: Sequence[File], store: Store, to: Destination, report: Report
) -> Published:
    """Uploads missing files, compares every file's checksum with S3's, then writes release.json.

    Raises UserError, before anything is uploaded, when the release or an unfinished attempt of that
    name has other files; Failed for an error of S3. After Failed, or if the process is killed, the
    same call resumes the upload.
    """
    release, confirmed, sent = Release.of(name, files), set[str](), set[str]()
    for _ in range(_LOOKS):
        there = {one for one in store.names(name) if not one.startswith(f"{FOLDER}/")}
        published = _published(release, store, to) if MANIFEST in there else None
        if published is None:
            _refuse_strays(release, there, to)
        unconfirmed = [file for file in files if file.name in there and file.name not in confirmed]
        same = in_parallel([partial(store.holds, name, file) for file in unconfirmed], THREADS)
        differing = [file.name for file, equal in zip(unconfirmed, same, strict=True) if not equal]
        _refuse_other_bytes(name, differing, published, to)
        confirmed.update(file.name for file in unconfirmed)
        missing = [file for file in files if file.name not in there]
        if missing:
            try:
                sent |= _send(name, missing, store, report)
            except Failed as error:
                raise Failed(f"{error}\nrun it again: files in S3 are not sent again") from None
        elif published:
            return Published(published, frozenset(sent), new=False)
        else:
            try:
                store.put_text(name, MANIFEST, release.to_json())
            except AlreadyExists:
                continue
            return Published(release, frozenset(sent), new=True)
    raise Failed(f"{to.url(name)} keeps changing: another run publishes it at the same time")


def _send(name: str, files: Sequence[File], store: Store, report: Report) -> set[str]:
    """The names of the files that this call uploaded, without those that exist by then."""
    done = in_parallel([partial(store.put_file, name, file, report) for file in files], THREADS)
    return {file.name for file, uploaded in zip(files, done, strict=True) if uploaded}


def _published(given: Release, store: Store, to: Destination) -> Release:
    published = Release.from_json(given.name, store.text(given.name, MANIFEST))
    differences = published.differences(given)
    if differences:
        raise UserError(
            f"{to.url(given.name)} is published with other files:\n{_listed(differences)}\n"
            "a release never changes: publish under another name"
        )
    return published


def _refuse_strays(given: Release, there: Iterable[str], to: Destination) -> None:
    strays = sorted(name for name in there if name not in given.every)
    if strays:
        raise UserError(
            f"{to.url(given.name)} is an unfinished release with files that this request lacks:\n"
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
            f"{to.url(name)} is an unfinished release in which these files have other bytes:\n"
            f"{_listed(differing)}\n{_way_out(name, to)}"
        )


def _way_out(name: str, to: Destination) -> str:
    return (
        "publish under another name, or remove the unfinished one: "
        f"aws s3 rm --recursive {to.url(name)}"
    )


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
