"""Sends JARs to S3, several requests at a time."""

import threading
from collections.abc import Callable, Iterable

from ops.publish.aws import THREADS
from ops.publish.jars import Jar, Part
from ops.publish.progress import Report, Task
from ops.publish.store import Overtaken, Store, Upload
from ops.publish.threads import in_parallel


def send(store: Store, release: str, jars: Iterable[Jar], report: Report) -> set[str]:
    """Uploads what S3 does not have of each JAR. Returns the names of those that it completed.

    An object that has come into being meanwhile is left alone, and its name is not returned.
    Raises Failed; by then no request is under way any more.
    """
    transfer = _Transfer(store, release, report)
    jars = list(jars)
    in_parts = [jar for jar in jars if len(jar.parts) > 1]
    begun = store.begun(release) if in_parts else {}
    steps = [step for jar in jars for step in transfer.steps(jar, begun.get(jar.name, []))]
    in_parallel(steps, THREADS)
    return transfer.sent


class _Transfer:
    """The requests that it takes, as functions to be called in any order and at the same time."""

    def __init__(self, store: Store, release: str, report: Report) -> None:
        self._store, self._release, self._report = store, release, report
        self._lock = threading.Lock()
        self.sent: set[str] = set()

    def steps(self, jar: Jar, begun: list[str]) -> list[Callable[[], None]]:
        """One for a small JAR, one a missing part for a large one; the last makes the object."""
        task = self._report.task("uploading", jar.name, jar.size)
        if len(jar.parts) == 1:
            return [lambda: self._whole(jar, task)]
        try:
            upload = self._store.open(self._release, jar, begun)
        except Overtaken:
            return []
        missing = [part for part in jar.parts if part.number not in upload.etags]
        task.advance(jar.size - sum(part.size for part in missing))
        if not missing:
            return [lambda: self._finish(upload, jar)]
        return [lambda part=part: self._part(upload, jar, part, task) for part in missing]

    def _whole(self, jar: Jar, task: Task) -> None:
        try:
            self._store.put_jar(self._release, jar)
        except Overtaken:
            return
        self.sent.add(jar.name)
        task.advance(jar.size)

    def _part(self, upload: Upload, jar: Jar, part: Part, task: Task) -> None:
        try:
            etag = self._store.send(upload, jar, part)
        except Overtaken:
            return
        task.advance(part.size)
        with self._lock:
            upload.etags[part.number] = etag
            complete = len(upload.etags) == len(jar.parts)
        if complete:
            self._finish(upload, jar)

    def _finish(self, upload: Upload, jar: Jar) -> None:
        try:
            self._store.finish(upload, jar)
        except Overtaken:
            return
        self.sent.add(jar.name)
