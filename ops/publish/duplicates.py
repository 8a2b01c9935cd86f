"""Finds classes that are in two JARs of a release: which one a job loads would depend on their
order."""

import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from ops.publish.errors import Refused

_PAIRS, _EXAMPLES = 10, 3
"""Maximum length of the message."""


def refuse_duplicates(paths: Sequence[Path]) -> None:
    """Raises Refused, with a list by pair of JARs, when two of them have the same class."""
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
    raise Refused(
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
        raise Refused(f"{path} is not a JAR: {error}") from None
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
