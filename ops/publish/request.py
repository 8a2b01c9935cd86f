"""The files of a request: Maven coordinates, files on this machine, and lists of both."""

import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from ops.plan.errors import UserError
from ops.plan.releases import Coordinate
from ops.publish.files import is_publishable, kinds

_PAIRS, _EXAMPLES = 10, 3
"""Maximum length of the message about duplicate classes."""


def parse(words: Iterable[str], folder: Path = Path()) -> list[Coordinate | Path]:
    """The coordinates and paths in their order; `@file` stands for the lines of a file.

    Paths are relative to `folder`, those of a list to the list's own folder. Raises UserError for
    an empty request, for an argument that is neither a coordinate nor a path to a file of a known
    kind, and for two files of the same name.
    """
    found = [item for word in words for item in _items(word.strip(), folder) if word.strip()]
    if not found:
        raise UserError("nothing to publish: list files as group:artifact:version or by path")
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
    if is_publishable(word):
        return folder / word
    raise UserError(
        f"{word!r} is neither group:artifact:version[:classifier] nor the path of a file that ends "
        f"in {kinds()}"
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
