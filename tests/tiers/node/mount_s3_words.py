"""What mount-s3 1.24.0 prints, in its form: a log, and the causes of an error."""

import os
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn


class Failed(Exception):
    """An error with its causes, the nearest first."""

    def __init__(self, *causes: str) -> None:
        super().__init__(": ".join(causes))
        self.causes = causes


def log(level: str, text: str) -> None:
    """A line of the log, which goes to syslog and to stdout."""
    print(f"{datetime.now(UTC):%FT%T.%fZ} {level:>5} ThreadId(01) {text}", flush=True)
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.connect("/dev/log")
        line = f"<14>{datetime.now():%b %e %T} mount-s3[{os.getpid()}]: [{level}] 01 {text}"
        syslog.send(line.encode(errors="surrogateescape"))


def fail(error: str, *causes: str) -> NoReturn:
    """Ends as mount-s3 does when it cannot mount: the error and its causes on stderr, exit 1."""
    lines = [f"Error: {error}"]
    if len(causes) == 1:
        lines += ["", "Caused by:", f"    {causes[0]}"]
    elif causes:
        lines += ["", "Caused by:"]
        lines += [f"    {number}: {cause}" for number, cause in enumerate(causes)]
    print("\n".join(lines), file=sys.stderr, flush=True)
    raise SystemExit(1)
