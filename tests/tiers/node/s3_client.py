"""The little of S3 that the stand-in needs, over http.client: importing boto3 takes longer than a
mount may. Requests are signed (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-
signed-request.html), so that a server can refuse a key or a region."""

import argparse
import hashlib
import hmac
import http.client
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

_EMPTY = hashlib.sha256(b"").hexdigest()
_NAMES = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class Failed(Exception):
    """S3 returned an error."""


class Unreachable(Exception):
    """The endpoint does not answer."""


class Client:
    """One bucket, by path style. A request is tried again for `give_up` seconds."""

    def __init__(self, given: argparse.Namespace, give_up: float) -> None:
        self._bucket, self._owner = given.bucket, given.expected_bucket_owner
        self._region = given.region or os.environ.get("AWS_REGION", "us-east-1")
        self._endpoint = urlsplit(given.endpoint_url or os.environ["AWS_ENDPOINT_URL"])
        self._key = os.environ.get("AWS_ACCESS_KEY_ID", "")
        self._secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
        self._give_up = give_up
        self._local = threading.local()

    def head(self, key: str) -> tuple[int, float] | None:
        """Size and time of change, or None when there is no such object."""
        status, headers, _ = self._request("HEAD", key)
        if status == 404:
            return None
        self._check(status, b"")
        modified = parsedate_to_datetime(headers["Last-Modified"]).timestamp()
        return int(headers["Content-Length"]), modified

    def get(self, key: str, offset: int, size: int) -> bytes:
        """Part of an object."""
        wanted = {"Range": f"bytes={offset}-{offset + size - 1}"}
        status, _, body = self._request("GET", key, headers=wanted)
        self._check(status, body)
        return body

    def list(self, prefix: str, limit: int = 1000) -> Iterator[tuple[str, int | None, float]]:
        """Names right below the prefix, with size and time for objects, None for folders."""
        token = ""
        while True:
            query = {"list-type": "2", "prefix": prefix, "delimiter": "/", "max-keys": str(limit)}
            if token:
                query["continuation-token"] = token
            status, _, body = self._request("GET", "", query)
            self._check(status, body)
            page = ElementTree.fromstring(body)
            for entry in page.iter(f"{_NAMES}CommonPrefixes"):
                yield str(entry.findtext(f"{_NAMES}Prefix"))[len(prefix) : -1], None, 0.0
            for entry in page.iter(f"{_NAMES}Contents"):
                name = str(entry.findtext(f"{_NAMES}Key"))[len(prefix) :]
                modified = datetime.fromisoformat(str(entry.findtext(f"{_NAMES}LastModified")))
                if name:
                    yield name, int(entry.findtext(f"{_NAMES}Size") or 0), modified.timestamp()
            token = page.findtext(f"{_NAMES}NextContinuationToken") or ""
            if limit == 1 or not token:
                return

    @staticmethod
    def _check(status: int, body: bytes) -> None:
        if status >= 300:
            text = body.decode(errors="replace")
            code = text.partition("<Code>")[2].partition("</Code>")[0]
            raise Failed(f"Client error: {code or 'Forbidden'} (HTTP {status})")

    def _request(
        self,
        method: str,
        key: str,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        if not self._key:
            raise Failed("No signing credentials found")
        path = quote(f"/{self._bucket}/{key}" if key else f"/{self._bucket}")
        text = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}"
            for name, value in sorted((query or {}).items())
        )
        begin = time.monotonic()
        while True:
            try:
                connection = self._connection()
                signed = {**self._sign(method, path, text), **(headers or {})}
                connection.request(method, f"{path}?{text}" if text else path, headers=signed)
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._local.connection = None
                if time.monotonic() - begin > self._give_up:
                    raise Unreachable(f"Failed to send the request: {error}") from error
                time.sleep(0.2)

    def _connection(self) -> http.client.HTTPConnection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            host, port = self._endpoint.hostname or "", self._endpoint.port
            connection = http.client.HTTPConnection(host, port, timeout=30)
            self._local.connection = connection
        return connection

    def _sign(self, method: str, path: str, query: str) -> dict[str, str]:
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        signed = {"host": self._endpoint.netloc, "x-amz-content-sha256": _EMPTY, "x-amz-date": now}
        if self._owner:
            signed["x-amz-expected-bucket-owner"] = self._owner
        names = ";".join(sorted(signed))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{_EMPTY}"
        scope = f"{now[:8]}/{self._region}/s3/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        secret = b"AWS4" + self._secret.encode()
        for part in scope.split("/"):
            secret = hmac.new(secret, part.encode(), "sha256").digest()
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}"
        signature = hmac.new(secret, text.encode(), "sha256").hexdigest()
        signed["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return signed
