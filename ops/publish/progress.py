"""Parallel transfers, and their progress on stderr: a bar on a terminal, a line for each JAR
elsewhere."""

import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

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
"""Receives the number of bytes sent since the last call; negative if they must be sent again."""
T = TypeVar("T")


class Report:
    """Progress for logs: a line per finished JAR."""

    def say(self, text: str) -> None:
        """Prints one line."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    @contextmanager
    def task(self, verb: str, name: str, size: int) -> Generator[Advance]:
        """The transfer of a JAR of `size` bytes: `uploading`, `x.jar`."""
        yield lambda count: None
        self.say(f"{verb} {name}, {megabytes(size)}: done")


class Bars(Report):
    """Progress for terminals."""

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
    """The report for this kind of stderr; its display is always removed at the end."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield Report()
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console) as bars:
        yield Bars(bars)


def megabytes(size: int) -> str:
    """`558.0 MB`, in millions of bytes."""
    return f"{size / 1e6:.1f} MB"


def in_parallel(steps: Sequence[Callable[[], T]], threads: int) -> list[T]:
    """Results of the steps, in their order.

    Raises the error of the first step to fail, after running steps have ended; the others do not
    start. Ctrl-C does not wait for them.
    """
    pool = ThreadPoolExecutor(threads)
    try:
        running = [pool.submit(step) for step in steps]
        done, _ = wait(running, return_when=FIRST_EXCEPTION)
        failures = [error for step in done if (error := step.exception())]
        if failures:
            raise failures[0]
        results = [step.result() for step in running]
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
    return results
