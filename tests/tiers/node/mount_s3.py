#!/usr/bin/env python3
"""A stand-in for mount-s3: its command line and its failures over a real S3 API, by FUSE.

For machines without the real binary. What was seen of mount-s3 1.24.0 and is done alike: flags and
their conflicts (exit 2), what fails at mount (exit 1), the cache folder's rules, no end on SIGTERM
while a file is open, and the unmount by path at its end. Not imitated: prefetching, ESTALE, the
sizes of requests, the limit of the cache.
"""

import argparse
import errno
import hashlib
import os
import shutil
import signal
import stat
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import mfusepy
from mount_s3_flags import BLOCK, parse
from mount_s3_words import Failed, fail, log
from s3_client import Client

_FOREVER = 1e9
"""Seconds that a time-out of FUSE may have."""
GIVE_UP_SECONDS = float(os.environ.get("STANDIN_GIVE_UP_SECONDS", "64"))


def check_mount_point(path: str) -> None:
    """Refuses a folder that is absent, dead, a mount or not empty."""
    try:
        entries = list(Path(path).iterdir())
    except OSError:
        fail(f"mount point {path} does not exist")
    if entries or os.path.ismount(path):
        print("fuse: mountpoint is not empty", file=sys.stderr)
        print(
            "fuse: if you are sure this is safe, use the 'nonempty' mount option", file=sys.stderr
        )
        session = "Failed to create FUSE session"
        fail(session, session, "No such file or directory (os error 2)")


class Blocks:
    """The cache on disk: files of 1 MiB, as many as the disk takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if folder.exists():
            shutil.rmtree(folder)
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            reason = f"{error.strerror} (os error {error.errno})"
            what = "creation of cache sub-directory failed due to IO error"
            fail("failed to create cache directory", f"{what}: {reason}", reason)

    def get(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return None

    def put(self, name: str, data: bytes) -> None:
        try:
            (self._folder / name).write_bytes(data)
        except OSError as error:
            (self._folder / name).unlink(missing_ok=True)
            log("WARN", f"failed to update cache error={error.strerror}")


class Jars(mfusepy.Operations):
    """The objects below the prefix, as files that cannot be written."""

    use_ns = True

    def __init__(self, given: argparse.Namespace, client: Client, blocks: Blocks | None) -> None:
        self._given, self._client, self._blocks = given, client, blocks
        self._ttl, self._negative_ttl = given.metadata_ttl, given.negative_metadata_ttl
        self._known: dict[str, tuple[float, dict | None]] = {}
        self.open_files: set[int] = set()
        self._next = 1
        self._locks = [threading.Lock() for _ in range(64)]

    def _attributes(self, size: int | None, modified: float) -> dict:
        mode = stat.S_IFDIR | (self._given.dir_mode or 0o755)
        if size is not None:
            mode = stat.S_IFREG | (self._given.file_mode or 0o644)
        when = int(modified * 1e9)
        ids = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        times = {"st_mtime": when, "st_ctime": when, "st_atime": when}
        return {"st_mode": mode, "st_nlink": 1, "st_size": size or 0, **ids, **times}

    def _look_up(self, path: str) -> dict:
        if path == "/":
            return self._attributes(None, 0)
        until, found = self._known.get(path, (0.0, None))
        if until < time.monotonic():
            key = self._given.prefix + path[1:]
            head = self._client.head(key)
            if head is not None:
                found = self._attributes(*head)
            else:
                names = self._client.list(key + "/", limit=1)
                found = self._attributes(None, 0) if any(names) else None
            ttl = self._negative_ttl if found is None else self._ttl
            self._known[path] = (time.monotonic() + ttl, found)
        if found is None:
            raise mfusepy.FuseOSError(errno.ENOENT)
        return found

    def init(self, path):
        where = f"prefix {self._given.prefix} of bucket {self._given.bucket}"
        log("INFO", f"mount_s3: successfully mounted {where} at {self._given.mount_point}")

    def getattr(self, path, fh=None):
        return self._guard(lambda: self._look_up(path))

    def readdir(self, path, fh):
        prefix = self._given.prefix + path[1:].rstrip("/")
        prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        entries = self._guard(lambda: list(self._client.list(prefix)))
        for name, size, modified in entries:
            known = (time.monotonic() + self._ttl, self._attributes(size, modified))
            self._known[f"{path.rstrip('/')}/{name}"] = known
        return [".", "..", *(name for name, _, _ in entries)]

    def open(self, path, flags):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise mfusepy.FuseOSError(errno.EROFS)
        self._guard(lambda: self._look_up(path))
        self._next += 1
        self.open_files.add(self._next)
        return self._next

    def release(self, path, fh):
        self.open_files.discard(fh)
        return 0

    def read(self, path, size, offset, fh):
        end = min(offset + size, self._look_up(path)["st_size"])
        data = b""
        while offset < end:
            block = self._guard(lambda at=offset // BLOCK: self._block(path, at))
            data += block[offset % BLOCK : offset % BLOCK + end - offset]
            offset = (offset // BLOCK + 1) * BLOCK
        return data[:size]

    def _block(self, path: str, number: int) -> bytes:
        key = hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest()
        name = f"{key}.{number}"
        with self._locks[hash(name) % len(self._locks)]:
            data = self._blocks.get(name) if self._blocks else None
            if data is None:
                data = self._client.get(self._given.prefix + path[1:], number * BLOCK, BLOCK)
                if self._blocks:
                    self._blocks.put(name, data)
        return data

    @staticmethod
    def _guard(act):
        try:
            return act()
        except Failed as error:
            log("WARN", str(error))
            raise mfusepy.FuseOSError(errno.EIO) from error


def end_on_signal(jars: Jars, mount_point: str) -> None:
    """With a file open, the first signal is the last one that is looked at, and ends nothing."""
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    if not jars.open_files:
        unmount(mount_point)


def unmount(mount_point: str) -> None:
    """By path, even if something else is mounted there by now: observed of mount-s3."""
    os.system(f"umount --lazy --no-canonicalize '{mount_point}' 2>/dev/null")


def main() -> None:
    given = parse(sys.argv[1:])
    log("INFO", "mount_s3: mount-s3 1.24.0")
    check_mount_point(given.mount_point)
    client = Client(given, GIVE_UP_SECONDS)
    blocks = Blocks(Path(given.cache, "mountpoint-cache")) if given.cache else None
    try:
        list(client.list(given.prefix, limit=1))
    except Failed as error:
        first = f"initial ListObjectsV2 failed for bucket {given.bucket} in region {given.region}"
        fail("Failed to create S3 client", first, *error.causes)
    jars = Jars(given, client, blocks)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    threading.Thread(target=end_on_signal, args=(jars, given.mount_point), daemon=True).start()
    mfusepy.FUSE(
        jars,
        given.mount_point,
        foreground=True,
        ro=given.read_only,
        allow_other=given.allow_other,
        default_permissions=True,
        # As long as the real one lets the kernel answer; it gives the root 200 years.
        entry_timeout=min(given.metadata_ttl, _FOREVER),
        attr_timeout=min(given.metadata_ttl, _FOREVER),
        nodev=True,
        nosuid=True,
        fsname="mountpoint-s3",
    )
    unmount(given.mount_point)
    if given.cache:
        shutil.rmtree(Path(given.cache, "mountpoint-cache"), ignore_errors=True)


if __name__ == "__main__":
    main()
