"""A line on stderr for what takes long."""

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

PATIENCE = 2.0
"""Seconds after which a command says what it is at."""


@contextmanager
def waiting(what: str, patience: float = PATIENCE) -> Generator[None]:
    """Says `what` on stderr if the block takes longer than `patience` seconds: on a terminal with a
    spinner that is removed at the end, elsewhere in one line."""
    # The program that is recorded meanwhile may have stderr redirected.
    console = Console(file=sys.stderr)
    status = Status(f"{what} ...", console=console)

    def say() -> None:
        if console.is_terminal:
            status.start()
        else:
            console.print(f"{what} ...", markup=False, highlight=False, soft_wrap=True)

    timer = threading.Timer(patience, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
