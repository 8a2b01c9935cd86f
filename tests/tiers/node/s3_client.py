"""The little of S3 that the stand-in needs, over urllib3: importing boto3 takes longer than a mount
may. Requests name the key and the region as signed ones do, so that a server can refuse them; they
have no signature, which moto would not verify."""

import argparse
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote
from xml.etree import ElementTree

import urllib3
from mount_s3_words import Failed

_REFUSED = (
    "Client error",
    "Unknown CRT error",
    "CRT error 1047: aws-c-io: AWS_IO_SOCKET_CONNECTION_REFUSED, socket connection refused.",
)
_NAMES = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class Client:
    """One bucket, by path style. A request is tried again for `give_up` seconds."""

    def __init__(self, given: argparse.Namespace, give_up: float) -> None:
        endpoint = given.endpoint_url or os.environ["AWS_ENDPOINT_URL"]
        self._bucket = f"{endpoint}/{given.bucket}"
        self._key = os.environ.get("AWS_ACCESS_KEY_ID", "")
        region = given.region or os.environ.get("AWS_REGION", "us-east-1")
        scope = f"{self._key}/{datetime.now(UTC):%Y%m%d}/{region}/s3/aws4_request"
        self._headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}"}
        if given.expected_bucket_owner:
            self._headers["x-amz-expected-bucket-owner"] = given.expected_bucket_owner
        self._give_up = give_up
        self._pool = urllib3.PoolManager(maxsize=64, timeout=30, retries=False)

    def head(self, key: str) -> tuple[int, float] | None:
        """Size and time of change, or None when there is no such object."""
        answer = self._request("HEAD", key)
        if answer.status == 404:
            return None
        modified = parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp()
        return int(answer.headers["Content-Length"]), modified

    def get(self, key: str, offset: int, size: int) -> bytes:
        """Part of an object."""
        return self._request("GET", key, {"Range": f"bytes={offset}-{offset + size - 1}"}).data

    def list(self, prefix: str, limit: int = 1000) -> Iterator[tuple[str, int | None, float]]:
        """The first names right below the prefix, with size and time; None for a folder's size."""
        query = {"list-type": "2", "prefix": prefix, "delimiter": "/", "max-keys": str(limit)}
        page = ElementTree.fromstring(self._request("GET", "", query=query).data)
        # mount-s3 hides what is no name of a file, and a file below a folder of its name.
        seen = {"", ".", ".."}
        for entry in page.iter(f"{_NAMES}CommonPrefixes"):
            name = str(entry.findtext(f"{_NAMES}Prefix"))[len(prefix) : -1]
            if name not in seen:
                yield name, None, 0.0
            seen.add(name)
        for entry in page.iter(f"{_NAMES}Contents"):
            name = str(entry.findtext(f"{_NAMES}Key"))[len(prefix) :]
            modified = datetime.fromisoformat(str(entry.findtext(f"{_NAMES}LastModified")))
            if name not in seen:
                yield name, int(entry.findtext(f"{_NAMES}Size") or 0), modified.timestamp()

    def _request(
        self,
        method: str,
        key: str,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        if not self._key:
            raise Failed("Client error", "No signing credentials available, see CRT debug logs")
        url = f"{self._bucket}/{quote(key, errors='surrogateescape')}".rstrip("/")
        begin = time.monotonic()
        while True:
            try:
                answer = self._pool.request(
                    method, url, fields=query, headers={**self._headers, **(headers or {})}
                )
                break
            except urllib3.exceptions.HTTPError as error:
                if time.monotonic() - begin > self._give_up:
                    raise Failed(*_REFUSED) from error
                time.sleep(0.2)
        if answer.status >= 300 and (method, answer.status) != ("HEAD", 404):
            raise _error(answer)
        return answer


def _error(answer: urllib3.BaseHTTPResponse) -> Failed:
    """The causes that mount-s3 gives for an answer of S3."""
    text = answer.data.decode(errors="replace")
    if answer.status == 403:
        return Failed("Client error", f"Forbidden: {_tag(text, 'Message') or _tag(text, 'Code')}")
    if _tag(text, "Code") == "NoSuchBucket":
        return Failed("Service error", "The bucket does not exist")
    result = f'response_status: {answer.status}, error_response_body: Some("{text}")'
    return Failed("Client error", f"Unknown response error: MetaRequestResult {{ {result} }}")


def _tag(text: str, name: str) -> str:
    return text.partition(f"<{name}>")[2].partition(f"</{name}>")[0]
