"""Uploads JARs to S3 in parallel, each in one request."""

import io
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from ops.publish.aws import THREADS
from ops.publish.errors import Failed
from ops.publish.jars import Jar
from ops.publish.progress import Report
from ops.publish.store import AlreadyExists, Store
from ops.publish.threads import in_parallel


def send(store: Store, release: str, jars: Iterable[Jar], report: Report) -> set[str]:
    """Uploads JARs and returns the names of those that this call completed.

    Objects that exist by then are not changed, and their names are not returned. Raises Failed
    after all requests have ended.
    """
    steps = [partial(_send, store, release, jar, report) for jar in jars]
    return {name for name in in_parallel(steps, THREADS) if name}


def _send(store: Store, release: str, jar: Jar, report: Report) -> str | None:
    try:
        with (
            report.task("uploading", jar.name, jar.size) as advance,
            _Counted(jar.path, advance) as body,
        ):
            store.put_jar(release, jar, body)
    except AlreadyExists:
        return None
    except OSError as error:
        raise Failed(f"{jar.path}: {error.strerror}") from None
    return jar.name


class _Counted(io.FileIO):
    """A file that reports how much of it was read; a retry reads it again from the start."""

    def __init__(self, path: Path, advance: Callable[[int], None]) -> None:
        super().__init__(path)
        self._advance = advance

    def read(self, size: int | None = -1, /) -> bytes:
        read = super().read(-1 if size is None else size)
        self._advance(len(read))
        return read

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        before = self.tell()
        position = super().seek(offset, whence)
        self._advance(position - before)
        return position
