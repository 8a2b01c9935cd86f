"""Copies of releases: the files that release.json lists, each compared with its size and SHA-256.

Part of fill.py. Names and texts in the bucket are data of anybody who may write there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

STATE, FOLDER, SECONDS = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[5])
SERVED = STATE / "s3"
OWN = Path("archives", "arm64" if sys.argv[7] == "aarch64" else "amd64")
MANIFEST, ARCHIVE = "release.json", "spark.jsa"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
PIECE = 1 << 20


class Refused(Exception):
    """Why a release is not copied."""

    __slots__ = ()


def reject(why: str) -> NoReturn:
    raise Refused(f"is not copied: {why}")


def load(path: Path) -> tuple[bytes, dict[str, Any], int]:
    """Text and object of a JSON file, and its modification time in ns."""
    with opened(path) as file:
        text = file.read(PIECE)
    try:
        content = json.loads(text) if len(text) < PIECE else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        reject(f"{path.name} is no JSON object below 1 MiB")
    return text, content, path.stat().st_mtime_ns


@contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise Refused(f"cannot be read whole: {path.name}") from error


def entry(one: Any, known: str = "") -> tuple[str, tuple[str, int]]:
    """Name, SHA-256 and size of a listed file."""
    listed = one if isinstance(one, dict) else {}
    name, sha256, size = known or listed.get("name"), listed.get("sha256"), listed.get("size")
    if not NAME.fullmatch(str(name)) or name in (MANIFEST, "archives"):
        reject(f"no file can have the name {ascii(name)[:80]}")
    if not re.fullmatch("[0-9a-f]{64}", str(sha256)) or type(size) is not int:
        reject(f"{name} has no SHA-256 or no size")
    return str(name), (str(sha256), size)


class Release:
    """A release in the mount and its copy, which may be absent."""

    def __init__(self, name: str) -> None:
        self.name, self.source, self.copy = name, SERVED / name, FOLDER / name

    def read(self) -> None:
        """Reads release.json, and compares what it lists with what is there."""
        if not NAME.fullmatch(self.name):
            reject("it is not a name of a release")
        self.text, content, self.modified = load(self.source / MANIFEST)
        jars, files = content.get("jars"), content.get("files", [])
        if content.get("release") != self.name or [type(jars), type(files)] != [list, list]:
            reject("release.json is not one of this release")
        listed = jars + files
        if not 0 < len(listed) <= 1000:
            reject("release.json lists no file, or over 1000")
        self.files = dict(map(entry, listed))
        if len(self.files) < len(listed) or ARCHIVE in self.files:
            reject(f"release.json lists a file twice, or {ARCHIVE}")
        for name in names(self.source) - {"archives", MANIFEST, *self.files}:
            reject(f"release.json lacks {ascii(name)[:80]}")
        self.bytes = sum(size for _, size in self.files.values())

    def is_copied(self) -> bool:
        try:
            return (self.copy / MANIFEST).read_bytes() == self.text
        except OSError:
            return False

    def make(self) -> None:
        """Copies all files to a folder of another name, and renames it."""
        with temporary() as new:

            def act(one: tuple[str, tuple[str, int]]) -> None:
                transfer(self.source / one[0], one[1], new, end)

            end = time.monotonic() + SECONDS
            # Four at a time: measured as the best for reads from the mount.
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(act, self.files.items()))
            write(new / MANIFEST, [self.text], self.modified)
            new.chmod(0o755)
            new.rename(self.copy)

    def add_archive(self) -> bool:
        """Adds the archive of this processor to the copy; False if there is none yet."""
        source, at = self.source / OWN, self.copy / OWN
        if "archives" not in names(self.source) or not (source / "archive.json").is_file():
            return False
        text, content, modified = load(source / "archive.json")
        listed = entry(content, ARCHIVE)[1]
        with temporary() as new:
            transfer(source / ARCHIVE, listed, new, time.monotonic() + SECONDS)
            write(new / "archive.json", [text], modified)
            os.link(new / ARCHIVE, new / "linked")
            at.mkdir(0o755, parents=True, exist_ok=True)
            (new / ARCHIVE).rename(at / ARCHIVE)
            (new / "linked").rename(self.copy / ARCHIVE)
            # Last: with it the archive is complete.
            (new / "archive.json").rename(at / "archive.json")
        return True


def transfer(path: Path, listed: tuple[str, int], folder: Path, end: float) -> None:
    """Copies a file into a folder, with its modification time, and compares it."""
    digest, read = hashlib.sha256(), 0

    def pieces() -> Generator[bytes]:
        nonlocal read
        with opened(path) as file:
            while read <= listed[1] and (piece := file.read(PIECE)):
                if time.monotonic() > end:
                    raise Refused(f"could not be read within {SECONDS} s")
                read += len(piece)
                digest.update(piece)
                yield piece

    write(folder / path.name, pieces(), path.stat().st_mtime_ns)
    if (digest.hexdigest(), read) != listed:
        reject(f"{path.name} has another size or SHA-256 than listed")


def write(path: Path, pieces: Iterable[bytes], modified: int) -> None:
    try:
        with path.open("xb") as out:
            out.writelines(pieces)
    except OSError as error:
        raise Refused("does not fit on the cache's disk") from error
    path.chmod(0o444)
    os.utime(path, ns=(modified, modified))


@contextmanager
def temporary() -> Generator[Path]:
    """A folder on the copies' disk that is no release, deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix=".", dir=FOLDER))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
