"""Fills the node: copies the newest releases, and this processor's archives, to its disk.

`fill.py STATE FOLDER CACHE_MIB RELEASES SECONDS PERIOD ARCH`, with the folder of the copies. Prints
what it did, a line each; copies.sh calls it, with a lock. Runs with the Python of the node, 3.9.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from copies import (  # ty: ignore[import-not-found]
    FOLDER,
    MANIFEST,
    SERVED,
    STATE,
    Refused,
    Release,
    names,
    temporary,
)

CACHE_MIB, NEWEST, _, PERIOD = map(int, sys.argv[3:7])
PODS, BASE = STATE / "parent/jars", STATE / "base"


def mounts() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    return [line.split(" ")[4] for line in lines]


@contextmanager
def locked() -> Generator[None]:
    """One change of the shown copies at a time, also of copies.sh."""
    with (STATE / "copies.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def show(name: str) -> None:
    """Shows a copy to pods. The link first: it is there if mount-s3 ends before the second step,
    which the next look repeats."""
    with locked():
        if not (BASE / name).is_symlink():
            (BASE / name).symlink_to(f"../.copies/{name}")
        at = PODS / name
        # Not over a link to itself while mount-s3 is away.
        if str(PODS) in (known := mounts()) and str(at) not in known and not at.is_symlink():
            subprocess.run(["mount", "--bind", STATE / "copies" / name, at], check=False)


def hide(name: str) -> None:
    with locked():
        (BASE / name).unlink(missing_ok=True)
        if str(PODS / name) in mounts():
            subprocess.run(["umount", "--lazy", "--no-canonicalize", PODS / name], check=False)


def drop(name: str, *, forced: bool = False) -> bool:
    """Deletes a copy; unless forced, only while no process has one of its files open or mapped.

    The kernel grants a lease for writing only on a file that nobody else has open, through whatever
    mount or container, and lets others wait while it is held. Hidden before it is deleted, so that
    its path leads to the mount.
    """
    # Nothing is deleted where somebody has mounted something else.
    if any(point.startswith(f"{FOLDER}/") for point in mounts()):
        return False
    held: dict[int, BinaryIO] = {}
    try:
        for path in () if forced else (FOLDER / name).rglob("*"):
            # Once for each file, since another opening refuses the lease: an archive has two names.
            number = path.lstat().st_ino
            if path.is_file() and number not in held:
                held[number] = path.open("rb")
                fcntl.fcntl(held[number], fcntl.F_SETLEASE, fcntl.F_WRLCK)
        hide(name)
        with temporary() as gone:
            (FOLDER / name).rename(gone / "copy")
        return True
    except OSError:
        return False
    finally:
        for file in held.values():
            file.close()


def used() -> int:
    return sum(path.lstat().st_size for path in FOLDER.rglob("*"))


class Look:
    """One look at the bucket. What is known of its folders, until the next mount, is in /run,
    because the cache's disk may be full:

    pending FIRST DUE: no release.json yet; release MODIFIED: not copied yet; waits MODIFIED: the
    same, and said; failed MODIFIED: tried; filled MODIFIED FIRST DUE: copied, with the time of the
    look for its archive, 0 if that is over.
    """

    def __init__(self) -> None:
        run = Path((STATE / "run").read_text()).name
        self._file, self.now = STATE / f"marks.{run}", int(time.time())
        self.marks: dict[str, list[Any]] = {}
        if self._file.exists():
            self.marks = json.loads(self._file.read_text())

    def mark(self, name: str, *known: Any) -> None:
        self.marks[name] = list(known)
        self._file.with_suffix(".new").write_text(json.dumps(self.marks))
        self._file.with_suffix(".new").rename(self._file)

    def fail(self, name: str, why: object) -> None:
        self.mark(name, "failed", 0)
        print(f"release {ascii(name)[1:-1]} {why}")

    def examine(self, name: str) -> None:
        """Finds out whether a folder is a release, by one request. One without release.json may be
        in publication: it is looked at again when it is twice as old."""
        _, first, due = self.marks.get(name, ("pending", self.now, self.now))
        if self.now < due:
            return
        # In the list of files: a file that is absent costs two requests.
        if MANIFEST in names(SERVED / name):
            self.mark(name, "release", (SERVED / name / MANIFEST).stat().st_mtime)
        else:
            self.mark(name, "pending", first, 2 * self.now - first + PERIOD)

    def trim(self, kept: Iterable[str]) -> None:
        """Deletes other copies that no process uses; the next look tries again."""
        for name in names(FOLDER) - set(kept):
            if drop(name):
                print(f"release {name}: its copy is deleted, no process uses it")
                if self.marks.get(name, [""])[0] == "filled":
                    self.mark(name, "release", self.marks[name][1])

    def copy(self, name: str, newest: Iterable[str]) -> None:
        """Copies a release, or finds its copy."""
        began, (known, modified) = time.monotonic(), self.marks[name]
        # Until it is filled, so that no fault repeats the requests.
        self.mark(name, "failed", modified)
        release = Release(name)
        release.read()
        if not release.is_copied():
            mib = release.bytes >> 20
            drop(name, forced=True)
            room = min((used() + shutil.disk_usage(FOLDER).free) * 4 // 5, CACHE_MIB << 20) * 4 // 5
            if release.bytes > room:
                raise Refused(f"of {mib} MiB does not fit in the copies' {room >> 20} MiB")
            self.trim(newest)
            if release.bytes + used() > room:
                if known != "waits":
                    print(f"release {name} of {mib} MiB waits for room: others are in use")
                self.mark(name, "waits", modified)
                return
            release.make()
            print(f"filled: {name}, {mib} MiB in {time.monotonic() - began:.0f} s")
        self.mark(name, "filled", modified, self.now, self.now)

    def archive(self, name: str) -> None:
        """It may be published long after its release: it is looked for again after a tenth of the
        time since the first look, by one request."""
        _, modified, first, due = self.marks[name]
        if not due or self.now < due:
            return
        due = self.now + max(PERIOD, (self.now - first) // 10)
        try:
            if Release(name).add_archive():
                due = 0
                print(f"filled: the archive of {name}")
        except Refused as why:
            due = 0
            print(f"release {name}: its archive {why}")
        self.mark(name, "filled", modified, first, due)

    def fill(self) -> None:
        """Copies the newest releases. Without a new folder it takes one request."""
        there = [name for name in sorted(names(SERVED)) if name[0] != "."]
        for name in there:
            known = self.marks.get(name, ["pending"])[0]
            # What fails here is tried again at the next look.
            with suppress(OSError):
                if known == "pending" and (SERVED / name).is_dir():
                    self.examine(name)
        known = {name: mark for name, mark in self.marks.items() if name in there}
        releases = [name for name, mark in known.items() if mark[0] not in ("pending", "failed")]
        releases.sort(key=lambda name: (known[name][1], name), reverse=True)
        filled: list[str] = []
        for at, name in enumerate(releases):
            if self.marks[name][0] != "filled":
                try:
                    self.copy(name, [*filled, *releases[at : at + NEWEST - len(filled)]])
                except (Refused, OSError) as why:
                    self.fail(name, why if isinstance(why, Refused) else f"cannot be copied: {why}")
            if self.marks[name][0] == "filled":
                show(name)
                with suppress(OSError):
                    self.archive(name)
                filled.append(name)
            if len(filled) == NEWEST:
                break
        if there:
            self.trim(filled)
        states = [mark[0] for mark in self.marks.values()]
        (STATE / "filled").write_text(f"{len(filled)} {states.count('failed')}\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # ty: ignore
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    for left in FOLDER.glob(".*"):
        shutil.rmtree(left)
    Look().fill()
