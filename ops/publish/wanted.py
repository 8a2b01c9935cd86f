"""Parses the arguments of `publish-jars`: Maven coordinates, paths, and lists of both."""

from collections.abc import Iterable
from pathlib import Path

from ops.plan.releases import Coordinate
from ops.publish.errors import Refused


def parse(words: Iterable[str], folder: Path = Path()) -> list[Coordinate | Path]:
    """The coordinates and paths in their order; `@file` stands for the lines of a file.

    Paths are relative to `folder`, those of a list to the list's own folder. Raises Refused for an
    empty request, for an argument that is neither a coordinate nor a path to a JAR, and for two
    JARs of the same name.
    """
    found = [item for word in words for item in _items(word.strip(), folder) if word.strip()]
    if not found:
        raise Refused("nothing to publish: list JARs as group:artifact:version or by path")
    by_name: dict[str, Coordinate | Path] = {}
    for item in found:
        name = item.name if isinstance(item, Path) else item.file_name
        if name in by_name:
            raise Refused(f"{name} is listed twice: {by_name[name]} and {item}")
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
            raise Refused(f"{word}: a snapshot changes, a release of JARs must not")
        if version in ("LATEST", "RELEASE"):
            raise Refused(f"{word}: use a fixed version, {version} changes")
        return coordinate
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
        raise Refused(f"the list {path} includes another list, {nested[0]}: copy its lines here")
    return [_item(word, path.parent) for word in words if word and not word.startswith("#")]
