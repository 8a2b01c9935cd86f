"""Copies releases from the mount to this node's disk; called by copies.sh.

`copies.py STEP MOUNTED FOLDER NAME ARCH`, with the folder of the mount, that of the copies, a
release and this node's processor. Exit 3 with a line that says why: the release stays as it is.
Runs with the Python of the node, 3.9.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
SHA256 = re.compile(r"[0-9a-f]{64}")
MANIFEST, ARCHIVE, ARCHIVES = "release.json", "spark.jsa", "archives"
MOST_FILES, PIECE = 1000, 1 << 20
NOWHERE = Path(os.devnull)

Files = Mapping[str, "tuple[str, int]"]


class Refused(Exception):
    """Why a release is not copied."""

    __slots__ = ()


def read_manifest(path: Path) -> tuple[bytes, dict[str, Any], int]:
    """Text and object of a JSON file, and its modification time in ns."""
    with opened(path) as file:
        text, modified = file.read(PIECE + 1), os.fstat(file.fileno()).st_mtime_ns
    try:
        content = json.loads(text) if len(text) <= PIECE else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Refused(f"is not copied: its {path.name} is not a JSON object of at most 1 MiB")
    return text, content, modified


@contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    """Raises Refused for an error while it is open."""
    try:
        with path.open("rb", 0) as file:
            yield file
    except OSError as error:
        raise Refused(f"cannot be read whole: {path.name}") from error


def entry(one: Any, known: str = "") -> tuple[str, tuple[str, int]]:
    """Name, SHA-256 and size of a listed file."""
    listed = one if isinstance(one, dict) else {}
    name, sha256, size = known or listed.get("name"), listed.get("sha256"), listed.get("size")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in (MANIFEST, ARCHIVES):
        raise Refused(f"is not copied: no file can have the name {ascii(name)[:80]}")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise Refused(f"is not copied: {name} has no SHA-256")
    if type(size) is not int or not 0 <= size < 1 << 43:
        raise Refused(f"is not copied: {name} has no size")
    return name, (sha256, size)


def files_of(release: str, content: Mapping[str, Any]) -> Files:
    """The files that a release.json lists, by name: SHA-256 and size."""
    jars, files = content.get("jars"), content.get("files", [])
    if content.get("release") != release or not isinstance(jars, list) or type(files) is not list:
        raise Refused("is not copied: its release.json is not one of this release")
    listed = jars + files
    if not 0 < len(listed) <= MOST_FILES:
        raise Refused(f"is not copied: its release.json lists no file, or over {MOST_FILES}")
    named = dict(entry(one) for one in listed)
    if len(named) != len(listed) or ARCHIVE in named:
        raise Refused(f"is not copied: its release.json lists a file twice, or {ARCHIVE}")
    return named


class Release:
    """A release in the mount and its copy, which may be absent."""

    def __init__(self, mounted: str, folder: str, name: str, arch: str) -> None:
        if not NAME.fullmatch(name):
            raise Refused("is not copied: it is not a name of a release")
        self.folder, self.name, self.archive = Path(folder), name, Path(ARCHIVES, arch)
        self.source, self.copy = Path(mounted, name), Path(folder, name)

    def read(self) -> None:
        """Reads release.json, and compares what it lists with what is there."""
        self.text, content, self.modified = read_manifest(self.source / MANIFEST)
        self.files = files_of(self.name, content)
        there = names(self.source) - {ARCHIVES, MANIFEST}
        for name in sorted(self.files.keys() - there):
            raise Refused(f"cannot be read whole: {name} is absent")
        for name in sorted(there - self.files.keys()):
            raise Refused(f"is not copied: its release.json lacks {ascii(name)[:80]}")

    def is_same(self) -> bool:
        """Whether the copy has the files of the mount, by size and modification time."""
        expected = {MANIFEST: (len(self.text), self.modified)}
        for name, (_, size) in self.files.items():
            expected[name] = size, (self.source / name).stat().st_mtime_ns
        found = {}
        for name in names(self.copy) - {ARCHIVES, ARCHIVE}:
            one = (self.copy / name).lstat()
            found[name] = one.st_size if stat.S_ISREG(one.st_mode) else -1, one.st_mtime_ns
        return found == expected and (self.copy / MANIFEST).read_bytes() == self.text

    def verify(self) -> None:
        """Reads a copy of an earlier boot. Its archive goes: it is copied again."""
        for name in (ARCHIVES, ARCHIVE):
            remove(self.copy / name)
        for_each(lambda one: transfer(self.copy / one[0], *one[1]), self.files)

    def make(self) -> None:
        """Copies all files to a folder of another name, and renames it."""
        with self._temporary() as new:
            for_each(lambda one: transfer(self.source / one[0], *one[1], new / one[0]), self.files)
            write(new / MANIFEST, self.text, self.modified)
            new.chmod(0o755)
            new.rename(self.copy)

    def add_archive(self) -> bool:
        """Adds the archive of this processor to the copy; False if there is none yet."""
        source, at = self.source / self.archive, self.copy / self.archive
        if ARCHIVES not in names(self.source) or not source.is_dir():
            return False
        if "archive.json" not in names(source):
            return False
        text, content, modified = read_manifest(source / "archive.json")
        _, listed = entry(content, ARCHIVE)
        with self._temporary() as new:
            transfer(source / ARCHIVE, *listed, new / ARCHIVE)
            write(new / "archive.json", text, modified)
            os.link(new / ARCHIVE, new / "linked")
            at.mkdir(0o755, parents=True, exist_ok=True)
            (new / ARCHIVE).rename(at / ARCHIVE)
            (new / "linked").rename(self.copy / ARCHIVE)
            # Last: with it the archive is complete.
            (new / "archive.json").rename(at / "archive.json")
        return True

    def drop(self, *, forced: bool = False, only_look: bool = False) -> None:
        """Deletes the copy; if not forced, only while no process has one of its files open or
        mapped.

        The kernel grants a lease for writing only on a file that nobody else has open, through
        whatever mount or container, and lets others wait while the lease is held.
        """
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        held: dict[int, int] = {}
        try:
            for path in () if forced else self.copy.rglob("*"):
                # Once for each file, since a second opening refuses the lease: the archive has two
                # names.
                known = path.lstat()
                if stat.S_ISREG(known.st_mode) and known.st_ino not in held:
                    held[known.st_ino] = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
                    fcntl.fcntl(held[known.st_ino], fcntl.F_SETLEASE, fcntl.F_WRLCK)
            if not only_look:
                with self._temporary(".gone.") as gone:
                    self.copy.rename(gone / "copy")
        except OSError as error:
            raise Refused("is in use") from error
        finally:
            for file in held.values():
                os.close(file)

    @contextmanager
    def _temporary(self, prefix: str = ".new.") -> Generator[Path]:
        """A folder on the copies' disk that is not a release, deleted at the end."""
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder))
        try:
            yield folder
        finally:
            remove(folder)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def for_each(act: Callable[[Any], None], files: Files) -> None:
    # Four at a time: measured as the best for reads from the mount.
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, files.items()))


def transfer(path: Path, sha256: str, size: int, to: Path = NOWHERE) -> None:
    """Reads a file, compares it, and writes the same with its modification time."""
    digest, read = hashlib.sha256(), 0
    with opened(path) as file, to.open("wb", 0) as out:
        known = os.fstat(file.fileno())
        if not stat.S_ISREG(known.st_mode) or known.st_size != size:
            raise Refused(f"is not copied: {path.name} has another size than listed")
        while piece := file.read(PIECE):
            read += len(piece)
            digest.update(piece)
            put(out, piece)
        if read != size or digest.hexdigest() != sha256:
            raise Refused(f"is not copied: {path.name} has another SHA-256 than listed")
        if to != NOWHERE:
            finish(out, known.st_mtime_ns)
            # The memory keeps the copy's pages, not the mount's, too.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def write(path: Path, text: bytes, modified: int) -> None:
    with path.open("xb", 0) as out:
        put(out, text)
        finish(out, modified)


def put(out: BinaryIO, piece: bytes) -> None:
    view = memoryview(piece)
    try:
        while view:
            view = view[out.write(view) :]
    except OSError as error:
        raise Refused("does not fit on the cache's disk") from error


def finish(out: BinaryIO, modified: int) -> None:
    os.fchmod(out.fileno(), 0o444)
    os.utime(out.fileno(), ns=(modified, modified))


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def main(step: str, *place: str) -> None:
    release = Release(*place)
    if step in ("unused", "drop", "replace"):
        release.drop(forced=step == "replace", only_look=step == "unused")
    elif step == "archive":
        print("added" if release.add_archive() else "none")
    else:
        release.read()
        if step == "look":
            there = os.path.lexists(release.copy)
            state = "none" if not there else "same" if release.is_same() else "other"
            print(sum(size for _, size in release.files.values()), state)
        elif step == "verify":
            release.verify()
        else:
            release.make()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Refused as reason:
        print(reason)
        sys.exit(3)
    except OSError as error:
        print(f"cannot be copied: {os.strerror(error.errno or 0)}")
        sys.exit(3)
