"""Publishes the class-data archive of a release, which a training run made (train.py).

A second part of the release: `release.json` does not name it, and a job never waits for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ops.plan.archives import ARCHIVE, DESCRIPTION, FOLDER, Archive
from ops.plan.errors import Failed, UserError
from ops.publish.destination import Destination
from ops.publish.files import File, digest
from ops.publish.progress import Report
from ops.publish.publish import Release
from ops.publish.store import AlreadyExists, Store


@dataclass(frozen=True)
class Trained:
    """An archive on this machine, with its description."""

    archive: Archive
    file: File


def read_trained(folder: Path, release: str) -> Trained:
    """Reads what a training run wrote. Raises UserError unless both files are there, belong
    together, and are for this release."""
    try:
        archive = Archive.from_json((folder / DESCRIPTION).read_bytes(), str(folder / DESCRIPTION))
        size, sha256 = digest(folder / ARCHIVE)
    except OSError as error:
        raise UserError(f"--archive {folder}: {error.filename}: {error.strerror}") from None
    if (size, sha256) != (archive.size, archive.sha256):
        raise UserError(f"{folder / ARCHIVE} is not the file that its {DESCRIPTION} describes")
    if archive.release != release:
        raise UserError(f"--archive {folder} is for release {archive.release}, not {release}")
    return Trained(archive, File(folder / ARCHIVE, size, sha256))


def publish_archive(
    trained: Trained, release: Release, client: Any, to: Destination, report: Report
) -> bool:
    """Uploads an archive, then its description; returns whether anything was missing.

    Raises UserError if it does not fit the release or another archive is published; Failed for an
    error of S3. After Failed the same call resumes the upload.
    """
    archive = trained.archive
    _refuse_other_jars(archive, release, Store(client, to).times(release.name))
    place = replace(to, prefix=f"{to.prefix}{release.name}/{FOLDER}/")
    store, arch = Store(client, place), archive.arch
    there = store.names(arch)
    if DESCRIPTION in there and store.text(arch, DESCRIPTION) != archive.to_json():
        raise UserError(
            f"{place.url(arch)} has another archive: a release never changes. JVMs of another "
            "image use the release without one; publish under another name for them"
        )
    sent = ARCHIVE not in there and store.put_file(arch, trained.file, report)
    if not sent and not store.holds(arch, trained.file):
        raise (Failed if DESCRIPTION in there else UserError)(
            f"{place.url(arch, ARCHIVE)} has other bytes; "
            + (
                "restore its earlier version"
                if DESCRIPTION in there
                else f"it is unfinished: aws s3 rm --recursive {place.url(arch)}"
            )
        )
    if DESCRIPTION in there:
        return sent
    try:
        store.put_text(arch, DESCRIPTION, archive.to_json())
    except AlreadyExists:
        raise Failed(f"{place.url(arch)}: another run publishes it; run it again") from None
    return True


def _refuse_other_jars(archive: Archive, release: Release, times: dict[str, int]) -> None:
    """The JVM would not use it: it compares names, order, sizes and times of the JARs."""
    wanted = [(one.name, one.size, times.get(one.name)) for one in release.jars]
    own = len(archive.spark_jars)
    given = [
        (name, one.size, one.modified)
        for name, one in zip(archive.release_jars, archive.files[own:], strict=True)
    ]
    if given != wanted:
        lines = _differences(given, wanted)
        raise UserError(
            f"the archive was made for other JARs than those of {release.name}, and no JVM would "
            f"use it (name, size, seconds of the time in S3):\n{lines}"
        )


def _differences(given: Sequence[object], wanted: Sequence[object]) -> str:
    only = [f"  archive: {one}" for one in given if one not in wanted]
    only += [f"  release: {one}" for one in wanted if one not in given]
    return "\n".join(only or ["  the order differs"])
