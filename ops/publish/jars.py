"""A JAR on this machine: its size, its SHA-256, and the same of each part that it is sent in."""

import base64
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ops.publish.errors import Failed, Refused

PART_BYTES = 16 * 1024 * 1024
"""How much of a JAR one request carries; a JAR of up to that size is sent in one piece. S3 takes
parts from 5 MiB (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\.jar")


@dataclass(frozen=True)
class Part:
    """A piece of a JAR. `sha256` is in base64, as S3 writes it; numbers begin at 1."""

    number: int
    offset: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Jar:
    """A JAR that was read once. `sha256` is in hexadecimal, `size` in bytes."""

    path: Path
    size: int
    sha256: str
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """The file's name, which it has in the release too."""
        return self.path.name

    @property
    def s3_checksum(self) -> str:
        """The checksum that S3 reports for these bytes sent in these parts.

        One piece: its SHA-256. Several: that of the parts' SHA-256, to which S3 adds a hyphen and
        their number (Amazon S3 User Guide, "Checking object integrity for data uploads").
        """
        if len(self.parts) == 1:
            return self.parts[0].sha256
        together = b"".join(base64.b64decode(part.sha256) for part in self.parts)
        return _base64(hashlib.sha256(together).digest())

    def open(self, part: Part) -> BinaryIO:
        """A part as a file of its own; S3 refuses its bytes when the JAR has changed since.

        Raises Failed when the JAR cannot be read any more.
        """
        try:
            return io.BufferedReader(_Slice(self.path, part), 1024 * 1024)
        except OSError as error:
            raise Failed(f"{self.path}: {error.strerror}") from None


class _Slice(io.RawIOBase):
    """The bytes of a part, read while they are sent: several parts are under way at a time, and
    whole in memory each would be there twice."""

    def __init__(self, path: Path, part: Part) -> None:
        self._file = path.open("rb", buffering=0)
        self._part = part
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        rest = self._part.offset + self._part.size - self._file.tell()
        return self._file.readinto(memoryview(buffer)[: max(rest, 0)]) or 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = self._part.offset
        match whence:
            case io.SEEK_SET:
                self._file.seek(begin + offset)
            case io.SEEK_CUR:
                self._file.seek(offset, io.SEEK_CUR)
            case _:
                self._file.seek(begin + self._part.size + offset)
        return self.tell()

    def tell(self) -> int:
        return self._file.tell() - self._part.offset

    def close(self) -> None:
        self._file.close()
        super().close()


def read(path: Path, part_bytes: int = PART_BYTES) -> Jar:
    """Reads a JAR from disk. Raises Refused for a name that no class path could hold, for what is
    no file and for what is no JAR."""
    if not _NAME.fullmatch(path.name):
        raise Refused(
            f"{path.name!r} cannot be part of a class path: a JAR's name has letters, digits, "
            "dots, underscores, + and -, and ends in .jar"
        )
    if not path.is_file():
        raise Refused(f"{path}: there is no such file")
    whole, parts, offset = hashlib.sha256(), [], 0
    try:
        if not zipfile.is_zipfile(path):
            raise Refused(f"{path} is not a JAR: it is no zip archive")
        with path.open("rb") as file:
            while piece := file.read(part_bytes):
                whole.update(piece)
                checksum = _base64(hashlib.sha256(piece).digest())
                parts.append(Part(len(parts) + 1, offset, len(piece), checksum))
                offset += len(piece)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    return Jar(path, offset, whole.hexdigest(), tuple(parts))


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
