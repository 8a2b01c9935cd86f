"""Which event logs there are in a file, a folder or a prefix of S3."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ops.plan.errors import UserError

ROLLING = "eventlog_v2_"
"""How the folder of a rolling log begins, the default of Spark 4."""
_PART = re.compile(r"events_([0-9]{1,9})_.*")
_COMPACT = ".compact"
_LEFT_OUT = (".crc", ".md", ".log", ".out")
"""What lies beside logs: Hadoop's checksums, notes, a driver's output."""


@dataclass(frozen=True)
class Part:
    """A file of a log. `open` opens it as a stream of bytes."""

    name: str
    size: int
    modified: float
    open: Callable[[], AbstractContextManager[BinaryIO]] = field(repr=False, compare=False)


@dataclass(frozen=True)
class EventLog:
    """The parts of one log, in their order."""

    name: str
    parts: tuple[Part, ...]
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return sum(one.size for one in self.parts)

    @property
    def modified(self) -> float:
        return max((one.modified for one in self.parts), default=0)


def local_logs(place: str) -> list[EventLog]:
    """The logs in a file or a folder. Raises UserError if there is none."""
    path = Path(place.removeprefix("file://"))
    try:
        if path.is_dir():
            found = logs_of(_files(path), path.resolve().name)
        elif path.is_file():
            found = [EventLog(path.name, (_part(path, path.name),))]
        else:
            raise UserError(f"LOGS={place}: there is no such file or folder")
    except OSError as error:
        raise UserError(f"LOGS={place}: {error.strerror}") from None
    if not found:
        raise UserError(
            f"LOGS={place}: has no event logs, such as eventlog_v2_spark-... or spark-..."
        )
    return found


def logs_of(files: Iterable[Part], folder_name: str) -> list[EventLog]:
    """The logs that files form, by their names relative to the folder, which may itself be one."""
    is_log = folder_name.startswith(ROLLING)
    folders: dict[str, list[Part]] = {}
    found: list[EventLog] = []
    for one in files:
        folder, _, name = one.name.rpartition("/")
        if name.startswith(".") or name.endswith(_LEFT_OUT) or not one.size:
            continue
        if folder.rpartition("/")[2].startswith(ROLLING) or (is_log and not folder):
            folders.setdefault(folder, []).append(one)
        elif not name.startswith("appstatus_"):
            found.append(EventLog(one.name, (one,)))
    found += [_rolled(folder or folder_name, parts) for folder, parts in folders.items()]
    return sorted((one for one in found if one.parts), key=lambda one: (one.modified, one.name))


def _rolled(folder: str, parts: Sequence[Part]) -> EventLog:
    """A rolling log: the parts by number, from the last compact one on."""
    numbered: dict[int, list[Part]] = {}
    for one in parts:
        if match := _PART.fullmatch(one.name.rpartition("/")[2]):
            numbered.setdefault(int(match[1]), []).append(one)
    compact = [
        number
        for number, those in numbered.items()
        if any(one.name.endswith(_COMPACT) for one in those)
    ]
    first = max(compact, default=0)
    chosen = [
        # A compact part takes the place of the one with its number and of all before.
        max(numbered[number], key=lambda one: one.name.endswith(_COMPACT))
        for number in sorted(numbered)
        if number >= first
    ]
    warnings = []
    if compact:
        warnings.append(f"compacted: tasks of jobs that ended before part {first} are left out")
    last = max(numbered, default=0)
    missing = [n for n in range(first or 1, min(last, 100_000)) if n not in numbered]
    if missing:
        warnings.append(f"part {missing[0]} of {last} is missing")
    return EventLog(folder.rpartition("/")[2], tuple(chosen), tuple(warnings))


def _files(folder: Path) -> Iterator[Part]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield _part(path, path.relative_to(folder).as_posix())


def _part(path: Path, name: str) -> Part:
    told = path.stat()
    return Part(name, told.st_size, told.st_mtime, lambda: path.open("rb"))
