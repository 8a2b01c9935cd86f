"""Files of a release: JARs, and what a Python job reads beside them."""

import base64
import hashlib
import os
import re
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops.plan.errors import UserError

LARGEST = 5 * 1024**3
"""Maximum size of one S3 PutObject request
(docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
_COMPILED = (".so", ".pyd", ".dylib")


@dataclass(frozen=True)
class File:
    """A file whose content was read once. `sha256` is in hexadecimal, `size` in bytes."""

    path: Path
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's name, also in the release."""
        return self.path.name

    @property
    def is_jar(self) -> bool:
        """Whether it belongs on the class path."""
        return is_jar(self.name)

    @property
    def content_type(self) -> str:
        return _KINDS[_kind(self.name) or ".jar"].content_type

    @property
    def s3_checksum(self) -> str:
        """The SHA-256 as S3 reports it, in base64."""
        return base64.b64encode(bytes.fromhex(self.sha256)).decode("ascii")


def is_jar(name: str) -> bool:
    """Whether a file of this name belongs on the class path."""
    return name.endswith(".jar")


def is_publishable(path: str) -> bool:
    """Whether a release may have a file of this kind, by its name."""
    return _kind(path) is not None


def kinds() -> str:
    """What a name may end in, for messages: `.jar, .tar.gz or .py`."""
    *first, last = _KINDS
    return f"{', '.join(first)} or {last}"


def read(path: Path) -> File:
    """Reads a file from disk. Raises UserError for a name that is invalid in a class path or a
    Python path, and for a path that is no file of its kind, or too large for one S3 request."""
    kind = _kind(path.name)
    if kind is None or not re.fullmatch(_NAME, path.name):
        raise UserError(
            f"{path.name!r} cannot be in a release: a name has letters, digits, dots, underscores, "
            f"+ and -, and ends in {kinds()}"
        )
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    size = path.stat().st_size
    if size > LARGEST:
        raise UserError(f"{path} has {size} bytes; S3 accepts {LARGEST} in one request")
    try:
        if problem := _KINDS[kind].problem(path):
            raise UserError(f"{path} {problem}")
        return File(path, *digest(path))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def digest(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class _Kind:
    content_type: str
    problem: Callable[[Path], str]
    """What is wrong with a file of the kind; empty if nothing is."""


def _kind(name: str) -> str | None:
    return next((suffix for suffix in _KINDS if name.endswith(suffix)), None)


def _of_a_jar(path: Path) -> str:
    return "" if zipfile.is_zipfile(path) else "is not a JAR: it is not a zip archive"


def _of_modules(path: Path) -> str:
    """Python reads modules of a zip archive in place, but loads no compiled code out of one
    (docs.python.org/3/library/zipimport.html)."""
    if not zipfile.is_zipfile(path):
        return "is not a zip archive"
    try:
        with zipfile.ZipFile(path) as archive:
            compiled = [one for one in archive.NameToInfo if one.endswith(_COMPILED)]
    except zipfile.BadZipFile as error:
        return f"is not a zip archive: {error}"
    if compiled:
        return (
            f"has compiled code, such as {compiled[0]}, which Python cannot import out of a zip "
            "archive: pack an environment as .tar.gz (venv-pack, conda-pack)"
        )
    return ""


def _of_a_packed_folder(path: Path) -> str:
    try:
        with tarfile.open(path, "r:gz") as archive:
            first = archive.next()
    except (tarfile.TarError, EOFError, OSError) as error:
        return f"is not a gzip-compressed tar archive: {error}"
    return "" if first else "is an empty archive"


def _of_a_program(path: Path) -> str:
    # Its syntax is that of the image's Python, which may be newer than this one.
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "is not text in UTF-8"
    return ""


_KINDS = {
    ".jar": _Kind("application/java-archive", _of_a_jar),
    ".tar.gz": _Kind("application/gzip", _of_a_packed_folder),
    ".zip": _Kind("application/zip", _of_modules),
    ".whl": _Kind("application/zip", _of_modules),
    ".py": _Kind("text/x-python", _of_a_program),
}
