"""How far it is: a bar on a terminal, a line for each JAR elsewhere. Both on stderr."""

import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

Advance = Callable[[int], None]
"""Takes how many more bytes were sent; negative when they must be sent again."""


class Report(Protocol):
    """Where progress goes."""

    def say(self, text: str) -> None:
        """Prints one line."""

    def task(self, verb: str, name: str, size: int) -> AbstractContextManager[Advance]:
        """The transfer of a JAR of so many bytes: `uploading`, `x.jar`."""


class Lines:
    """For a log: a line when a JAR is done."""

    def say(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    @contextmanager
    def task(self, verb: str, name: str, size: int) -> Generator[Advance]:
        yield lambda count: None
        self.say(f"{verb} {name}, {megabytes(size)}: done")


class Bars:
    """For a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def task(self, verb: str, name: str, size: int) -> Generator[Advance]:
        task = self._progress.add_task(f"{verb} {name}", total=size)
        yield lambda count: self._progress.advance(task, count)


@contextmanager
def reporting(console: Console | None = None) -> Generator[Report]:
    """The right report for stderr; the display is taken down at the end, however it ends."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console) as bars:
        yield Bars(bars)


def megabytes(size: int) -> str:
    """`558.0 MB`, in millions of bytes."""
    return f"{size / 1e6:.1f} MB"
