"""A release in S3: what is there, whether it is the same bytes, and how the rest gets there.

Nothing is ever overwritten or deleted, and nothing that S3 has is sent again: neither an object
nor a part of one that was interrupted. boto3's own transfers begin an interrupted object anew, so
parts are sent here.
"""

import base64
import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from ops.publish.aws import code_of, explained
from ops.publish.destination import Destination
from ops.publish.errors import Failed
from ops.publish.jars import Jar, Part

_CONTENT_TYPE = "application/java-archive"
_OVERTAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchUpload", "412", "409"}
"""Another run was first, or this one's answer was lost: looking again tells which."""
_BLOCK = 1024 * 1024


class Overtaken(Exception):
    """The object, or the upload that was to become it, is not what it was a moment ago."""


@dataclass
class Upload:
    """An object that is being sent in parts. `etags` are those of the parts that S3 has."""

    key: str
    id: str
    etags: dict[int, str] = field(default_factory=dict)


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
        """A small object. Raises Failed."""
        with explained(f"reading {self._to.url(release, name)}"):
            answer = self._s3.get_object(**self._bucket, Key=self._to.key(release, name))
            return answer["Body"].read()

    def holds(self, release: str, jar: Jar) -> bool:
        """True where the object has the JAR's bytes, by the checksum that S3 reports.

        Where S3 has none that can be compared (another tool uploaded it, or in other parts), the
        object is read. Raises Failed.
        """
        of_object = {**self._bucket, "Key": self._to.key(release, jar.name)}
        with explained(f"looking at {self._to.url(release, jar.name)}"):
            head = self._s3.head_object(**of_object, ChecksumMode="ENABLED")
            if head["ContentLength"] != jar.size:
                return False
            if head.get("ChecksumSHA256", "").partition("-")[0] == jar.s3_checksum:
                return True
            whole = hashlib.sha256()
            for block in self._s3.get_object(**of_object)["Body"].iter_chunks(_BLOCK):
                whole.update(block)
        return whole.hexdigest() == jar.sha256

    def put_jar(self, release: str, jar: Jar) -> None:
        """Sends a JAR in one piece, unless there is an object. Raises Overtaken, Failed."""
        (part,) = jar.parts
        with jar.open(part) as body:
            self._put(release, jar.name, body, part.sha256, _CONTENT_TYPE)

    def put_text(self, release: str, name: str, text: bytes) -> None:
        """Writes a small object, unless there is one. Raises Overtaken, Failed."""
        checksum = base64.b64encode(hashlib.sha256(text).digest()).decode("ascii")
        self._put(release, name, text, checksum, "application/json")

    def _put(
        self, release: str, name: str, body: bytes | BinaryIO, checksum: str, kind: str
    ) -> None:
        key, url = self._to.key(release, name), self._to.url(release, name)
        with explained(f"writing {url}"), _overtaken():
            answer = self._s3.put_object(
                **self._bucket,
                Key=key,
                Body=body,
                ContentType=kind,
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
            )
        _compare(url, answer, checksum)

    def open(self, release: str, jar: Jar, begun: list[str]) -> Upload:
        """The upload of a JAR: of those begun, the one that S3 has most of, or a new one.

        Raises Overtaken, Failed.
        """
        key = self._to.key(release, jar.name)
        resumed = [self._resumed(key, upload, jar) for upload in begun]
        best = max(resumed, key=lambda upload: len(upload.etags), default=None)
        if best is not None:
            return best
        with explained(f"writing {self._to.url(release, jar.name)}"):
            answer = self._s3.create_multipart_upload(
                **self._bucket,
                Key=key,
                ContentType=_CONTENT_TYPE,
                ChecksumAlgorithm="SHA256",
                ChecksumType="COMPOSITE",
            )
        return Upload(key, answer["UploadId"])

    def begun(self, release: str) -> dict[str, list[str]]:
        """The uploads that were not finished, by the JAR's name. Raises Failed."""
        prefix = self._to.key(release)
        pages = self._s3.get_paginator("list_multipart_uploads")
        found: dict[str, list[str]] = {}
        with explained(f"listing unfinished uploads of {self._to.url(release)}"):
            for page in pages.paginate(**self._bucket, Prefix=prefix):
                for upload in page.get("Uploads", []):
                    if upload.get("ChecksumAlgorithm") == "SHA256":
                        name = upload["Key"].removeprefix(prefix)
                        found.setdefault(name, []).append(upload["UploadId"])
        return found

    def send(self, upload: Upload, jar: Jar, part: Part) -> str:
        """Sends a part and returns its ETag. Raises Overtaken, Failed."""
        url = f"s3://{self._to.bucket}/{upload.key}"
        doing = explained(f"writing {url}, part {part.number} of {len(jar.parts)}")
        with jar.open(part) as body, doing, _overtaken():
            answer = self._s3.upload_part(
                **self._bucket,
                Key=upload.key,
                UploadId=upload.id,
                PartNumber=part.number,
                Body=body,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=part.sha256,
            )
        _compare(url, answer, part.sha256)
        return answer["ETag"]

    def finish(self, upload: Upload, jar: Jar) -> None:
        """Makes the object of its parts, unless there is one. Raises Overtaken, Failed."""
        parts = [
            {"PartNumber": p.number, "ETag": upload.etags[p.number], "ChecksumSHA256": p.sha256}
            for p in jar.parts
        ]
        with explained(f"finishing s3://{self._to.bucket}/{upload.key}"), _overtaken():
            self._s3.complete_multipart_upload(
                **self._bucket,
                Key=upload.key,
                UploadId=upload.id,
                MultipartUpload={"Parts": parts},
                MpuObjectSize=jar.size,
                IfNoneMatch="*",
            )

    def _resumed(self, key: str, upload_id: str, jar: Jar) -> Upload:
        """What S3 has of the JAR in an upload: the parts with the same bytes."""
        upload, parts = Upload(key, upload_id), {part.number: part for part in jar.parts}
        pages = self._s3.get_paginator("list_parts")
        with explained(f"listing the parts of s3://{self._to.bucket}/{key}"), _overtaken():
            for page in pages.paginate(**self._bucket, Key=key, UploadId=upload_id):
                for found in page.get("Parts", []):
                    part = parts.get(found["PartNumber"])
                    if part and (found["Size"], found.get("ChecksumSHA256")) == (
                        part.size,
                        part.sha256,
                    ):
                        upload.etags[part.number] = found["ETag"]
        return upload


def _compare(url: str, answer: dict[str, Any], checksum: str) -> None:
    if answer.get("ChecksumSHA256") != checksum:
        raise Failed(f"{url}: S3 reports another checksum than that of the bytes that were sent")


@contextmanager
def _overtaken() -> Generator[None]:
    try:
        yield
    except ClientError as error:
        if code_of(error) in _OVERTAKEN:
            raise Overtaken from None
        raise
