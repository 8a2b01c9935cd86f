"""Copies releases from the mount to this node's disk; called by cache.sh.

`copies.py STEP MOUNTED FOLDER NAME ARCH`, with the folder of the mount, that of the copies, a
release and this node's processor. Exit 3 with a line that says why: the release stays as it is.
Runs with the Python of the node, 3.9.
"""

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
from concurrent.futures import ThreadPoolExecutor

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
SHA256 = re.compile(r"[0-9a-f]{64}")
MANIFEST, ARCHIVE, ARCHIVES = "release.json", "spark.jsa", "archives"
LARGEST_MANIFEST, MOST_FILES, PIECE = 1 << 20, 1000, 1 << 20


class Refused(Exception):
    """Why a release is not copied."""

    __slots__ = ()


def read_manifest(path):
    """The text and the object of a JSON file, and its modification time in ns."""
    try:
        with open(path, "rb", opener=no_link) as file:
            text = file.read(LARGEST_MANIFEST + 1)
            modified = os.fstat(file.fileno()).st_mtime_ns
    except OSError as error:
        raise Refused("cannot be read whole: %s" % os.path.basename(path)) from error
    if len(text) > LARGEST_MANIFEST:
        raise Refused("is not copied: its %s is over 1 MiB" % os.path.basename(path))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Refused("is not copied: its %s is not a JSON object" % os.path.basename(path))
    return text, content, modified


def no_link(path, flags):
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)


def entry(one, name=None):
    """Name, SHA-256 and size of a listed file."""
    if not isinstance(one, dict):
        raise Refused("is not copied: an entry of its list is not an object")
    name, sha256, size = name or one.get("name"), one.get("sha256"), one.get("size")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in (MANIFEST, ARCHIVES):
        raise Refused("is not copied: no file can have the name %s" % ascii(name)[:80])
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise Refused("is not copied: %s has no SHA-256" % name)
    if type(size) is not int or not 0 <= size < 1 << 43:
        raise Refused("is not copied: %s has no size" % name)
    return name, sha256, size


def files_of(release, content):
    """The files that a release.json lists, by name: SHA-256 and size."""
    jars, files = content.get("jars"), content.get("files", [])
    if content.get("release") != release or not isinstance(jars, list):
        raise Refused("is not copied: its release.json is not one of this release")
    if not isinstance(files, list) or not 0 < len(jars) + len(files) <= MOST_FILES:
        raise Refused("is not copied: its release.json lists no files, or over %d" % MOST_FILES)
    listed = [entry(one) for one in jars + files]
    if len({name for name, _, _ in listed}) != len(listed) or ARCHIVE in {one[0] for one in listed}:
        raise Refused("is not copied: its release.json lists a file twice, or a %s" % ARCHIVE)
    return {name: (sha256, size) for name, sha256, size in listed}


class Release:
    """A release in the mount and its copy, which may be absent."""

    def __init__(self, mounted, folder, name, arch):
        if not NAME.fullmatch(name):
            raise Refused("is not copied: it is not a name of a release")
        self.folder = folder
        self.source, self.copy = os.path.join(mounted, name), os.path.join(folder, name)
        self.name, self.archive = name, os.path.join(ARCHIVES, arch)

    def read(self):
        """Reads release.json, and compares what it lists with what is there."""
        self.text, content, self.modified = read_manifest(os.path.join(self.source, MANIFEST))
        self.files = files_of(self.name, content)
        there = set(os.listdir(self.source)) - {ARCHIVES, MANIFEST}
        if absent := sorted(set(self.files) - there):
            raise Refused("cannot be read whole: %s is absent" % absent[0])
        if strays := sorted(there - set(self.files)):
            raise Refused("is not copied: its release.json lacks %s" % ascii(strays[0])[:80])

    @property
    def bytes(self):
        return sum(size for _, size in self.files.values())

    def is_same(self):
        """Whether the copy has the files of the mount, by size and modification time."""
        try:
            with open(os.path.join(self.copy, MANIFEST), "rb") as file:
                if file.read() != self.text or os.fstat(file.fileno()).st_mtime_ns != self.modified:
                    return False
            if set(os.listdir(self.copy)) - {ARCHIVES, ARCHIVE, MANIFEST} != set(self.files):
                return False
            for name, (_, size) in self.files.items():
                here = os.lstat(os.path.join(self.copy, name))
                there = os.stat(os.path.join(self.source, name))
                if (here.st_size, here.st_mtime_ns) != (size, there.st_mtime_ns):
                    return False
                if not stat.S_ISREG(here.st_mode) or there.st_size != size:
                    return False
        except OSError:
            return False
        return True

    def verify(self):
        """Reads a copy of an earlier boot. Its archive goes: it is copied again."""
        for name in (ARCHIVES, ARCHIVE):
            remove(os.path.join(self.copy, name))
        for_each(lambda one: read_whole(os.path.join(self.copy, one[0]), *one[1]), self.files)

    def make(self):
        """Copies all files to a folder of another name, and renames it."""
        temporary = tempfile.mkdtemp(prefix=".new.", dir=self.folder)
        try:
            os.chmod(temporary, 0o755)
            for_each(
                lambda one: read_whole(
                    os.path.join(self.source, one[0]), *one[1], to=os.path.join(temporary, one[0])
                ),
                self.files,
            )
            write(os.path.join(temporary, MANIFEST), self.text, self.modified)
            os.rename(temporary, self.copy)
        finally:
            remove(temporary)

    def add_archive(self):
        """Adds the archive of this processor to the copy; False if there is none yet."""
        if ARCHIVES not in os.listdir(self.source):
            return False
        source = os.path.join(self.source, self.archive)
        if not os.path.isdir(source) or "archive.json" not in os.listdir(source):
            return False
        text, content, modified = read_manifest(os.path.join(source, "archive.json"))
        _, sha256, size = entry(content, ARCHIVE)
        temporary = tempfile.mkdtemp(prefix=".new.", dir=self.folder)
        try:
            new, at = os.path.join(temporary, ARCHIVE), os.path.join(self.copy, self.archive)
            read_whole(os.path.join(source, ARCHIVE), sha256, size, to=new)
            write(os.path.join(temporary, "archive.json"), text, modified)
            os.makedirs(at, mode=0o755, exist_ok=True)
            os.link(new, os.path.join(temporary, "linked"))
            os.rename(new, os.path.join(at, ARCHIVE))
            os.rename(os.path.join(temporary, "linked"), os.path.join(self.copy, ARCHIVE))
            # Last: with it the archive is complete.
            os.rename(os.path.join(temporary, "archive.json"), os.path.join(at, "archive.json"))
        finally:
            remove(temporary)
        return True

    def drop(self, unless_used, only_look):
        """Deletes the copy; not if a process has one of its files open or mapped.

        The kernel grants a lease for writing only on a file that nobody else has open, in whatever
        mount or container, and lets later ones wait while the lease is held.
        """
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        held = []
        try:
            for folder, _, names in os.walk(self.copy) if unless_used else ():
                for name in names:
                    held.append(no_link(os.path.join(folder, name), os.O_RDONLY))
            # The hard link to the archive is the same file: of two leases one fails.
            one_each = {os.fstat(file).st_ino: file for file in held}
            for file in held:
                if one_each[os.fstat(file).st_ino] != file:
                    os.close(file)
            held = list(one_each.values())
            for file in held:
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            if not only_look:
                gone = tempfile.mkdtemp(prefix=".gone.", dir=self.folder)
                os.rename(self.copy, os.path.join(gone, "copy"))
        except OSError as error:
            raise Refused("is in use") from error
        finally:
            for file in held:
                os.close(file)
        if not only_look:
            remove(gone)


def for_each(act, files):
    # Four at a time: measured as the best for reads from the mount.
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, files.items()))


def read_whole(path, sha256, size, to=None):
    """Reads a file, compares it, and writes the same with its modification time."""
    name, digest, left = os.path.basename(path), hashlib.sha256(), size
    out = None
    try:
        with open(path, "rb", buffering=0, opener=no_link) as file:
            known = os.fstat(file.fileno())
            if not stat.S_ISREG(known.st_mode) or known.st_size != size:
                raise Refused("is not copied: %s has another size than listed" % name)
            if to:
                out = open(to, "xb", buffering=0)
            while piece := file.read(PIECE):
                digest.update(piece)
                left -= len(piece)
                view = memoryview(piece)
                while out and view:
                    view = view[put(out, view) :]
            # The node keeps the copy's pages, not also the mount's.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if left or digest.hexdigest() != sha256:
            raise Refused("is not copied: %s has another SHA-256 than listed" % name)
        if out:
            finish(out, known.st_mtime_ns)
    except OSError as error:
        raise Refused("cannot be read whole: %s" % name) from error
    finally:
        if out:
            out.close()


def put(out, view):
    try:
        return out.write(view)
    except OSError as error:
        raise Refused("does not fit on the cache's disk") from error


def write(path, text, modified):
    with open(path, "xb", buffering=0) as out:
        if put(out, text) != len(text):
            raise Refused("does not fit on the cache's disk")
        finish(out, modified)


def finish(out, modified):
    os.fchmod(out.fileno(), 0o444)
    os.utime(out.fileno(), ns=(modified, modified))


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


def main(step, *place):
    release = Release(*place)
    if step in ("unused", "drop", "replace"):
        release.drop(unless_used=step != "replace", only_look=step == "unused")
        return
    if step == "archive":
        print("added" if release.add_archive() else "none")
        return
    release.read()
    if step == "look":
        state = "same" if release.is_same() else "other" if os.path.lexists(release.copy) else "none"
        print(release.bytes, state)
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
        print("cannot be copied: %s" % os.strerror(error.errno or 0))
        sys.exit(3)
