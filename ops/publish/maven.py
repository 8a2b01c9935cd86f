"""Downloads JARs from a Maven repository and verifies the checksums that it publishes."""

import base64
import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from ops.plan.errors import Failed, UserError
from ops.plan.releases import Coordinate
from ops.publish.progress import Report, in_parallel

CENTRAL = "https://repo1.maven.org/maven2"
ALGORITHMS = ("sha256", "sha1")
"""In the order of preference: Central has SHA-1 for all files, SHA-256 for some."""

_THREADS = 4
_TRIES = 4
_TIMEOUT = 60
_BLOCK = 1024 * 1024
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

T = TypeVar("T")


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows a redirect, but never from HTTPS to HTTP."""

    def redirect_request(  # noqa: PLR0917  urllib's signature
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and not newurl.startswith("https:"):
            raise Failed("the Maven repository redirects from HTTPS to HTTP")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Repository:
    """A Maven repository over HTTPS, and a cache folder for downloads."""

    def __init__(self, url: str, cache: Path, pause: float = 1.0) -> None:
        """`url` may contain `user:password@`; neither is ever printed. `pause` is the seconds
        before the second try, doubled before each one after. Raises UserError for plain HTTP."""
        given = urlsplit(url)
        local = given.scheme == "http" and given.hostname in _LOOPBACK
        if not given.hostname or not (given.scheme == "https" or local):
            raise UserError("the Maven repository must be https://host/path")
        self._authorization = ""
        if given.username:
            words = f"{unquote(given.username)}:{unquote(given.password or '')}"
            self._authorization = f"Basic {base64.b64encode(words.encode()).decode()}"
        host = given.netloc.rpartition("@")[2]
        self._base = f"{given.scheme}://{host}{given.path.rstrip('/')}"
        self._cache, self._pause = cache, pause
        self._opener = urllib.request.build_opener(_SameScheme)

    def fetch_all(self, wanted: Sequence[Coordinate], report: Report) -> dict[Coordinate, Path]:
        """The artifacts' files; cached files are not downloaded again.

        Raises UserError for an artifact that does not exist, Failed for a failed download or a
        wrong checksum.
        """
        steps = [partial(self.fetch, one, report) for one in wanted]
        return dict(zip(wanted, in_parallel(steps, _THREADS), strict=True))

    def fetch(self, wanted: Coordinate, report: Report) -> Path:
        """The verified file of one artifact. Raises as `fetch_all`."""
        algorithm, checksum = self._published(wanted)
        path = self._cache / wanted.path
        if path.is_file() and _digest(path, algorithm) == checksum:
            report.say(f"{wanted}: downloaded before, {algorithm} as published")
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        # Another run may download the same file; a rename is atomic.
        unchecked = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._try(wanted, lambda: self._download(wanted, unchecked, report))
            found = _digest(unchecked, algorithm)
            if found != checksum:
                raise Failed(
                    f"{wanted}: the repository publishes the {algorithm} {checksum}, but sent "
                    f"bytes that have {found}; the file is not used"
                )
            unchecked.replace(path)
        finally:
            unchecked.unlink(missing_ok=True)
        report.say(f"{wanted}: {algorithm} as published")
        return path

    def _published(self, wanted: Coordinate) -> tuple[str, str]:
        """The best algorithm with a published checksum, and the checksum in hexadecimal."""
        for algorithm in ALGORITHMS:
            text = self._try(wanted, lambda kind=algorithm: self._text(f"{wanted.path}.{kind}"))
            if text is None:
                continue
            # Some files have the file name after the checksum, as sha256sum writes it.
            value = (text.split() or [""])[0].lower()
            if not re.fullmatch(f"[0-9a-f]{{{hashlib.new(algorithm).digest_size * 2}}}", value):
                raise Failed(f"{wanted}: the repository's .{algorithm} contains no such checksum")
            return algorithm, value
        if self._try(wanted, lambda: self._text(wanted.path, "HEAD")) is not None:
            raise Failed(f"{wanted}: the repository publishes no checksum of it")
        raise UserError(f"{wanted}: {self._base} has no such artifact")

    def _text(self, path: str, method: str = "GET") -> str | None:
        """The first kB of a file, None if there is no such file."""
        try:
            with self._open(path, method) as answer:
                return answer.read(1024).decode("ascii", errors="replace")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def _download(self, wanted: Coordinate, path: Path, report: Report) -> None:
        with self._open(wanted.path) as answer, path.open("wb") as file:
            size, got = int(answer.headers.get("Content-Length") or 0), 0
            with report.task("downloading", wanted.file_name, size) as advance:
                while block := answer.read(_BLOCK):
                    file.write(block)
                    got += len(block)
                    advance(len(block))
                if size and got != size:
                    raise ConnectionError(f"received {got} of {size} bytes")

    def _open(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(f"{self._base}/{path}", method=method)
        request.add_header("User-Agent", "spark-on-eks")
        if self._authorization:
            # An unredirected header is not sent to the target of a redirect.
            request.add_unredirected_header("Authorization", self._authorization)
        return self._opener.open(request, timeout=_TIMEOUT)

    def _try(self, wanted: Coordinate, action: Callable[[], T]) -> T:
        """Retries temporary errors. Raises Failed after the last attempt."""
        for tries in range(1, _TRIES + 1):
            try:
                return action()
            except urllib.error.HTTPError as error:
                error.close()
                reason = f"HTTP {error.code}"
                again = error.code >= 500 or error.code == 429
            except (OSError, http.client.HTTPException) as error:
                reason = str(getattr(error, "reason", "") or error) or type(error).__name__
                again = "CERTIFICATE_VERIFY_FAILED" not in reason
            if not again or tries == _TRIES:
                times = f" ({tries} times)" if tries > 1 else ""
                raise Failed(f"{wanted}: {self._base} answered: {reason}{times}")
            time.sleep(self._pause * 2 ** (tries - 1))
        raise AssertionError("the last attempt returns or raises")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
