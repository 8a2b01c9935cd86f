"""The releases that a bucket has, and whether each is complete."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

from ops.plan.archives import complete_in
from ops.plan.aws import THREADS
from ops.plan.command import Format, table
from ops.plan.errors import Failed
from ops.plan.text import columns
from ops.publish.progress import in_parallel, megabytes
from ops.publish.publish import MANIFEST, Release
from ops.publish.store import Store


@dataclass(frozen=True)
class Listed:
    """A release in a set of JARs. `jars` and `size` (bytes) are those of its release.json; `wrong`
    says why it is not complete, and is empty if it is. `archives` are the processors for which it
    has class data."""

    jar_set: str
    name: str
    jars: int = 0
    size: int = 0
    wrong: str = ""
    archives: tuple[str, ...] = ()


def listed(jar_set: str, store: Store, names: Sequence[str] = ()) -> list[Listed]:
    """Returns the releases of a set of JARs by name, or those of these names, there or not.

    Complete is one with a release.json, and each of its files with its size: a replicated bucket
    may have the first without the others. Raises Failed for an error of S3.
    """
    return in_parallel(
        [partial(_listed, jar_set, store, name) for name in names or store.folders()], THREADS
    )


def _listed(jar_set: str, store: Store, name: str) -> Listed:
    sizes = store.sizes(name)
    if not sizes:
        return Listed(jar_set, name, wrong="not published")
    if MANIFEST not in sizes:
        return Listed(jar_set, name, wrong=f"unfinished: it has no {MANIFEST}")
    try:
        release = Release.from_json(name, store.text(name, MANIFEST))
    except Failed as error:
        return Listed(jar_set, name, wrong=str(error))
    entries = release.every.values()
    absent = [one.name for one in entries if one.name not in sizes]
    other = [one.name for one in entries if sizes.get(one.name, one.size) != one.size]
    wrong = [
        *([f"missing: {_some(absent)}"] if absent else []),
        *([f"of another size: {_some(other)}"] if other else []),
    ]
    size = sum(one.size for one in entries)
    return Listed(jar_set, name, len(release.jars), size, "; ".join(wrong), complete_in(sizes))


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{rest}"


def as_text(style: Format, found: Sequence[Listed]) -> str:
    """Returns a line for each release; JSON has the fields of `Listed`."""
    if style is Format.json:
        return json.dumps({"releases": [asdict(one) for one in found]}, indent=1) + "\n"
    if not found:
        return "no release\n"
    head = ["set", "release", "JARs", "size", "archives", "state"]
    rows = [
        [
            *(one.jar_set, one.name, str(one.jars), megabytes(one.size)),
            *(", ".join(one.archives) or "none", one.wrong or "complete"),
        ]
        for one in found
    ]
    if style is Format.markdown:
        return table(head, rows)
    return "".join(f"{line[2:]}\n" for line in columns([head, *rows]))
