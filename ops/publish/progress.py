"""How far it is: a bar on a terminal, a line for each JAR elsewhere. Both on stderr."""

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
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


class Task(Protocol):
    """One JAR on its way."""

    def advance(self, count: int) -> None:
        """So many bytes more have gone; negative when they must go again."""


class Report(Protocol):
    """Where progress is told."""

    def say(self, text: str) -> None:
        """Tells one line."""

    def task(self, verb: str, name: str, size: int) -> Task:
        """Begins a JAR of so many bytes: `uploading`, `x.jar`."""


class _Counted:
    """Tells a JAR when all of it has gone."""

    def __init__(self, report: "Lines", text: str, size: int) -> None:
        self._report, self._text, self._left = report, text, size
        self._lock = threading.Lock()

    def advance(self, count: int) -> None:
        with self._lock:
            self._left -= count
            if self._left == 0:
                self._report.say(self._text)


class Lines:
    """For a log: nothing that moves."""

    def say(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def task(self, verb: str, name: str, size: int) -> Task:
        return _Counted(self, f"{verb} {name}, {megabytes(size)}: done", size)


class _Shown:
    """A line of the display."""

    def __init__(self, progress: Progress, text: str, size: int) -> None:
        self._progress = progress
        self._id = progress.add_task(text, total=size)

    def advance(self, count: int) -> None:
        self._progress.advance(self._id, count)


class Bars:
    """For a person at a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def task(self, verb: str, name: str, size: int) -> Task:
        return _Shown(self._progress, f"{verb} {name}", size)


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
