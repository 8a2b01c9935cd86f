"""A release in S3: lists objects, compares checksums, uploads missing objects.

It overwrites and deletes nothing, and sends no existing object again.
"""

import base64
import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from ops.publish.aws import code_of, explained
from ops.publish.destination import Destination
from ops.publish.errors import Failed
from ops.publish.jars import Jar

_EXISTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
"""Another run was first, or this run lost the response: listing the objects again tells which."""
_BLOCK = 1024 * 1024


class AlreadyExists(Exception):
    """An object with this key already exists."""


class Store:
    """The folder of releases, through one S3 client."""

    def __init__(self, client: Any, destination: Destination) -> None:
        self._s3, self._to = client, destination
        self._bucket = {"Bucket": destination.bucket, "ExpectedBucketOwner": destination.owner}

    def names(self, release: str) -> dict[str, int]:
        """The objects of a release with their sizes. Raises Failed."""
        prefix = self._to.key(release)
        pages = self._s3.get_paginator("list_objects_v2")
        with explained(f"listing {self._to.url(release)}"):
            return {
                item["Key"].removeprefix(prefix): item["Size"]
                for page in pages.paginate(**self._bucket, Prefix=prefix)
                for item in page.get("Contents", [])
            }

    def text(self, release: str, name: str) -> bytes:
        """The text of a small object. Raises Failed."""
        with explained(f"reading {self._to.url(release, name)}"):
            answer = self._s3.get_object(**self._bucket, Key=self._to.key(release, name))
            return answer["Body"].read()

    def holds(self, release: str, jar: Jar) -> bool:
        """Whether the object has the JAR's bytes, by the checksum that S3 reports.

        If S3 reports none for the whole object (another tool uploaded it), the object is read.
        Raises Failed.
        """
        of_object = {**self._bucket, "Key": self._to.key(release, jar.name)}
        with explained(f"looking at {self._to.url(release, jar.name)}"):
            head = self._s3.head_object(**of_object, ChecksumMode="ENABLED")
            if head["ContentLength"] != jar.size:
                return False
            if head.get("ChecksumSHA256") == jar.s3_checksum:
                return True
            whole = hashlib.sha256()
            for block in self._s3.get_object(**of_object)["Body"].iter_chunks(_BLOCK):
                whole.update(block)
        return whole.hexdigest() == jar.sha256

    def put_jar(self, release: str, jar: Jar, body: BinaryIO) -> None:
        """Uploads a JAR, unless the object exists. Raises AlreadyExists, Failed.

        S3 rejects the upload if the file has changed since it was read.
        """
        self._put(release, jar.name, body, jar.s3_checksum, "application/java-archive")

    def put_text(self, release: str, name: str, text: bytes) -> None:
        """Writes a small object, unless it exists. Raises AlreadyExists, Failed."""
        checksum = base64.b64encode(hashlib.sha256(text).digest()).decode("ascii")
        self._put(release, name, text, checksum, "application/json")

    def _put(
        self, release: str, name: str, body: bytes | BinaryIO, checksum: str, kind: str
    ) -> None:
        url = self._to.url(release, name)
        with explained(f"writing {url}"), _if_absent():
            answer = self._s3.put_object(
                **self._bucket,
                Key=self._to.key(release, name),
                Body=body,
                ContentType=kind,
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
            )
        if answer.get("ChecksumSHA256") != checksum:
            raise Failed(f"{url}: S3 reports another checksum than that of the bytes sent")


@contextmanager
def _if_absent() -> Generator[None]:
    try:
        yield
    except ClientError as error:
        if code_of(error) in _EXISTS:
            raise AlreadyExists from None
        raise
