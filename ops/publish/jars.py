"""A JAR on this machine: its size and its SHA-256."""

import base64
import hashlib
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ops.publish.errors import Refused

LARGEST = 5 * 1024**3
"""Maximum size of one S3 PutObject request
(docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\.jar")


@dataclass(frozen=True)
class Jar:
    """A JAR whose content was read once. `sha256` is in hexadecimal, `size` in bytes."""

    path: Path
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's name, also in the release."""
        return self.path.name

    @property
    def s3_checksum(self) -> str:
        """The SHA-256 as S3 reports it, in base64."""
        return base64.b64encode(bytes.fromhex(self.sha256)).decode("ascii")


def read(path: Path) -> Jar:
    """Reads a JAR from disk. Raises Refused for a name that is invalid in a class path, for a path
    that is not a file, and for a file that is not a JAR or too large for one S3 request."""
    if not _NAME.fullmatch(path.name):
        raise Refused(
            f"{path.name!r} cannot be part of a class path: a JAR's name has letters, digits, "
            "dots, underscores, + and -, and ends in .jar"
        )
    if not path.is_file():
        raise Refused(f"{path}: there is no such file")
    size = path.stat().st_size
    if size > LARGEST:
        raise Refused(f"{path} has {size} bytes; S3 accepts {LARGEST} in one request")
    try:
        if not zipfile.is_zipfile(path):
            raise Refused(f"{path} is not a JAR: it is not a zip archive")
        with path.open("rb") as file:
            return Jar(path, size, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
