"""A release in S3: lists objects, compares checksums, uploads missing objects.

It overwrites and deletes nothing, and sends no existing object again.
"""

import base64
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from ops.plan.aws import code_of, explained
from ops.plan.errors import Failed
from ops.publish.destination import Destination
from ops.publish.files import File
from ops.publish.progress import Report

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

    def folders(self) -> list[str]:
        """The names of all releases, complete or not, sorted. Raises Failed."""
        pages = self._s3.get_paginator("list_objects_v2")
        url = f"s3://{self._to.bucket}/{self._to.prefix}"
        with explained(f"listing {url}"):
            return sorted(
                item["Prefix"].removeprefix(self._to.prefix).rstrip("/")
                for page in pages.paginate(**self._bucket, Prefix=self._to.prefix, Delimiter="/")
                for item in page.get("CommonPrefixes", [])
            )

    def names(self, release: str) -> set[str]:
        """The objects of a release. Raises Failed."""
        return {*self.sizes(release)}

    def sizes(self, release: str) -> dict[str, int]:
        """The objects of a release, with their sizes in bytes. Raises Failed."""
        return {name: int(item["Size"]) for name, item in self._objects(release)}

    def times(self, release: str) -> dict[str, int]:
        """The objects of a release and when each was written, in seconds: as a mount shows them.
        Raises Failed."""
        objects = self._objects(release)
        return {name: int(item["LastModified"].timestamp()) for name, item in objects}

    def _objects(self, release: str) -> list[tuple[str, Any]]:
        prefix = self._to.key(release)
        pages = self._s3.get_paginator("list_objects_v2")
        with explained(f"listing {self._to.url(release)}"):
            return [
                (item["Key"].removeprefix(prefix), item)
                for page in pages.paginate(**self._bucket, Prefix=prefix)
                for item in page.get("Contents", [])
            ]

    def text(self, release: str, name: str) -> bytes:
        """The text of a small object. Raises Failed."""
        with explained(f"reading {self._to.url(release, name)}"):
            answer = self._s3.get_object(**self._bucket, Key=self._to.key(release, name))
            return answer["Body"].read()

    def holds(self, release: str, file: File) -> bool:
        """Whether the object has the file's bytes, by the checksum that S3 reports.

        If S3 reports none for the whole object (another tool uploaded it), the object is read.
        Raises Failed.
        """
        of_object = {**self._bucket, "Key": self._to.key(release, file.name)}
        with explained(f"looking at {self._to.url(release, file.name)}"):
            head = self._s3.head_object(**of_object, ChecksumMode="ENABLED")
            if head["ContentLength"] != file.size:
                return False
            if head.get("ChecksumSHA256") == file.s3_checksum:
                return True
            whole = hashlib.sha256()
            for block in self._s3.get_object(**of_object)["Body"].iter_chunks(_BLOCK):
                whole.update(block)
        return whole.hexdigest() == file.sha256

    def put_file(self, release: str, file: File, report: Report) -> bool:
        """Uploads a file; returns False if the object exists by then. Raises Failed.

        S3 rejects the upload if the file has changed since it was read.
        """
        try:
            with (
                report.task("uploading", file.name, file.size) as advance,
                _Counted(file.path, advance) as body,
            ):
                self._put(release, file.name, body, file.s3_checksum, file.content_type)
        except AlreadyExists:
            return False
        except OSError as error:
            raise Failed(f"{file.path}: {error.strerror}") from None
        return True

    def put_text(self, release: str, name: str, text: bytes) -> None:
        """Writes a small object, unless it exists. Raises AlreadyExists, Failed."""
        checksum = base64.b64encode(hashlib.sha256(text).digest()).decode("ascii")
        self._put(release, name, text, checksum, "application/json")

    def _put(
        self, release: str, name: str, body: bytes | BinaryIO, checksum: str, kind: str
    ) -> None:
        url = self._to.url(release, name)
        with explained(f"writing {url}"):
            try:
                answer = self._s3.put_object(
                    **self._bucket,
                    Key=self._to.key(release, name),
                    Body=body,
                    ContentType=kind,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                )
            except ClientError as error:
                if code_of(error) in _EXISTS:
                    raise AlreadyExists from None
                raise
        if answer.get("ChecksumSHA256") != checksum:
            raise Failed(f"{url}: S3 reports another checksum than that of the bytes sent")


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
