"""What a person asks to publish: Maven coordinates, paths, and lists of both."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ops.publish.errors import Refused

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_COORDINATE = re.compile(f"({_PART}):({_PART}):({_PART})(?::({_PART}))?")
_RELEASE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Coordinate:
    """One artifact of a Maven repository: `group:artifact:version[:classifier]`."""

    group: str
    artifact: str
    version: str
    classifier: str = ""

    @property
    def file_name(self) -> str:
        """`artifact-version[-classifier].jar`."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{suffix}.jar"

    @property
    def path(self) -> str:
        """Where every Maven repository has it (maven.apache.org/repositories/layout.html)."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"

    def __str__(self) -> str:
        suffix = f":{self.classifier}" if self.classifier else ""
        return f"{self.group}:{self.artifact}:{self.version}{suffix}"


def release_name(name: str) -> str:
    """The name of a release. Raises Refused unless it can be one folder, typed without quotes."""
    if not _RELEASE.fullmatch(name) or ".." in name:
        raise Refused(
            f"{name!r} cannot be a release's name: it has up to 63 lower-case letters, digits, "
            "dots and hyphens, and begins and ends with a letter or digit, such as 2026-11-01"
        )
    return name


def parse(words: Iterable[str], folder: Path = Path()) -> list[Coordinate | Path]:
    """What the words name, in their order; `@file` stands for the lines of a file.

    Paths are relative to `folder`, those of a list to the list's own folder. Raises Refused for
    an empty request, for what is neither a coordinate nor a path to a JAR, and for two that would
    have the same name in the release.
    """
    found = [item for word in words for item in _items(word.strip(), folder) if word.strip()]
    if not found:
        raise Refused("there is nothing to publish: name JARs as group:artifact:version or by path")
    by_name: dict[str, Coordinate | Path] = {}
    for item in found:
        name = item.name if isinstance(item, Path) else item.file_name
        if name in by_name:
            raise Refused(f"{name} is asked for twice: {by_name[name]} and {item}")
        by_name[name] = item
    return found


def _items(word: str, folder: Path) -> list[Coordinate | Path]:
    if word.startswith("@"):
        return _listed(folder / word[1:])
    return [_item(word, folder)] if word else []


def _item(word: str, folder: Path) -> Coordinate | Path:
    match = _COORDINATE.fullmatch(word)
    if match:
        group, artifact, version, classifier = match.groups()
        if version.endswith("-SNAPSHOT"):
            raise Refused(f"{word}: a snapshot changes, a release of JARs must not")
        if version in ("LATEST", "RELEASE"):
            raise Refused(f"{word}: name the version itself, {version} is another one every day")
        return Coordinate(group, artifact, version, classifier or "")
    if word.endswith(".jar"):
        return folder / word
    raise Refused(
        f"{word!r} is neither group:artifact:version[:classifier] nor the path of a .jar file"
    )


def _listed(path: Path) -> list[Coordinate | Path]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Refused(f"the list {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"the list {path} is not text in UTF-8") from None
    words = [line.partition(" #")[0].strip() for line in lines]
    nested = [word for word in words if word.startswith("@")]
    if nested:
        raise Refused(f"the list {path} names another list, {nested[0]}: write its lines here")
    return [_item(word, path.parent) for word in words if word and not word.startswith("#")]
