"""The JARs of a request: Maven coordinates, files on this machine, and lists of both."""

import base64
import hashlib
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.plan.errors import UserError
from ops.plan.releases import Coordinate

LARGEST = 5 * 1024**3
"""Maximum size of one S3 PutObject request
(docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""

_PAIRS, _EXAMPLES = 10, 3
"""Maximum length of the message about duplicate classes."""
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
    """Reads a JAR from disk. Raises UserError for a name that is invalid in a class path, and for a
    path that is not a file, not a JAR, or too large for one S3 request."""
    if not _NAME.fullmatch(path.name):
        raise UserError(
            f"{path.name!r} cannot be part of a class path: a JAR's name has letters, digits, "
            "dots, underscores, + and -, and ends in .jar"
        )
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    size = path.stat().st_size
    if size > LARGEST:
        raise UserError(f"{path} has {size} bytes; S3 accepts {LARGEST} in one request")
    try:
        if not zipfile.is_zipfile(path):
            raise UserError(f"{path} is not a JAR: it is not a zip archive")
        with path.open("rb") as file:
            return Jar(path, size, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None


def parse(words: Iterable[str], folder: Path = Path()) -> list[Coordinate | Path]:
    """The coordinates and paths in their order; `@file` stands for the lines of a file.

    Paths are relative to `folder`, those of a list to the list's own folder. Raises UserError for
    an empty request, for an argument that is neither a coordinate nor a path to a JAR, and for two
    JARs of the same name.
    """
    found = [item for word in words for item in _items(word.strip(), folder) if word.strip()]
    if not found:
        raise UserError("nothing to publish: list JARs as group:artifact:version or by path")
    by_name: dict[str, Coordinate | Path] = {}
    for item in found:
        name = item.name if isinstance(item, Path) else item.file_name
        if name in by_name:
            raise UserError(f"{name} is listed twice: {by_name[name]} and {item}")
        by_name[name] = item
    return found


def _items(word: str, folder: Path) -> list[Coordinate | Path]:
    if word.startswith("@"):
        return _listed(folder / word[1:])
    return [_item(word, folder)] if word else []


def _item(word: str, folder: Path) -> Coordinate | Path:
    if coordinate := Coordinate.parse(word):
        version = coordinate.version
        if version.endswith("-SNAPSHOT"):
            raise UserError(f"{word}: a snapshot changes, a release of JARs must not")
        if version in ("LATEST", "RELEASE"):
            raise UserError(f"{word}: use a fixed version, {version} changes")
        return coordinate
    if word.endswith(".jar"):
        return folder / word
    raise UserError(
        f"{word!r} is neither group:artifact:version[:classifier] nor the path of a .jar file"
    )


def _listed(path: Path) -> list[Coordinate | Path]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(f"the list {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"the list {path} is not text in UTF-8") from None
    words = [line.partition(" #")[0].strip() for line in lines]
    nested = [word for word in words if word.startswith("@")]
    if nested:
        raise UserError(f"the list {path} includes another list, {nested[0]}: copy its lines here")
    return [_item(word, path.parent) for word in words if word and not word.startswith("#")]


def refuse_duplicates(paths: Sequence[Path]) -> None:
    """Raises UserError, with a list by pair of JARs, when two of them have the same class."""
    owners: dict[str, Path] = {}
    shared: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for path in paths:
        for name in _classes(path):
            first = owners.setdefault(name, path)
            if first is not path:
                shared[first.name, path.name].append(name)
    if not shared:
        return
    pairs = sorted(shared.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    lines = [_line(*names, classes) for names, classes in pairs[:_PAIRS]]
    if len(pairs) > _PAIRS:
        lines.append(f"  and {len(pairs) - _PAIRS} more pairs of JARs")
    listed = "\n".join(lines)
    raise UserError(
        f"the same class is in two JARs, and which one a job loads depends on their order:\n"
        f"{listed}\nRemove one of each pair, or publish both with --allow-duplicates "
        "(make: ALLOW_DUPLICATES=1)"
    )


def _classes(path: Path) -> Iterable[str]:
    """The classes that a JAR puts on the class path, each once.

    META-INF contains the versions of a multi-release JAR, whose classes are already counted;
    descriptors of modules and packages are in many JARs and cause no conflict.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.NameToInfo
    except zipfile.BadZipFile as error:
        raise UserError(f"{path} is not a JAR: {error}") from None
    return [
        name
        for name in names
        if name.endswith(".class")
        and not name.startswith("META-INF/")
        and not name.endswith(("module-info.class", "package-info.class"))
    ]


def _line(first: str, second: str, classes: list[str]) -> str:
    shown = [name.removesuffix(".class").replace("/", ".") for name in sorted(classes)[:_EXAMPLES]]
    more = f" and {len(classes) - _EXAMPLES} more" if len(classes) > _EXAMPLES else ""
    return f"  {first} and {second}: {', '.join(shown)}{more}"
