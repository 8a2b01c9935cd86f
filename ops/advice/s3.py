"""Event logs in S3, read as a stream."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, cast

from ops.advice.sources import EventLog, Part, logs_of
from ops.plan import aws
from ops.plan.errors import UserError

_URL = re.compile(r"s3a?://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_PAGE = "docs/advise.md"
_MOST = 200_000
"""Objects that are listed."""


def is_s3(place: str) -> bool:
    return place.startswith(("s3://", "s3a://"))


def split(place: str) -> tuple[str, str]:
    """Bucket and prefix. Raises UserError for what is no place in S3."""
    match = _URL.fullmatch(place)
    if not match:
        raise UserError(f"LOGS={place}: is not a place in S3 such as s3://bucket/events/team-a/")
    return match[1], match[2] or ""


def s3_logs(place: str, region: str) -> list[EventLog]:
    """The logs at an object or below a prefix. Raises UserError if there is none, Failed for an
    error of S3."""
    bucket, prefix = split(place)
    client = aws.client("s3", region)
    objects = _objects(client, bucket, prefix, place)
    whole = [one for one in objects if one[0] == prefix]
    folder = prefix.rpartition("/")[0] if whole else prefix.rstrip("/")
    start = f"{folder}/" if folder else ""
    parts = [
        Part(key.removeprefix(start), size, modified, partial(_body, client, bucket, key))
        for key, size, modified in whole or objects
        if key.startswith(start)
    ]
    found = logs_of(parts, "" if whole else folder.rpartition("/")[2])
    if not found:
        raise UserError(
            f"LOGS={place}: has no event logs, such as eventlog_v2_spark-... or spark-..."
        )
    return found


def _objects(client: Any, bucket: str, prefix: str, place: str) -> list[tuple[str, int, float]]:
    found: list[tuple[str, int, float]] = []
    with aws.explained(f"listing {place}", _PAGE):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            found += [
                (one["Key"], one["Size"], one["LastModified"].timestamp())
                for one in page.get("Contents", [])
                # A folder's own key has a slash at its end.
                if one["Size"]
            ]
            if len(found) > _MOST:
                raise UserError(f"LOGS={place}: has more than {_MOST:,} objects; name a log in it")
    return found


@contextmanager
def _body(client: Any, bucket: str, key: str) -> Generator[BinaryIO]:
    with aws.explained(f"reading s3://{bucket}/{key}", _PAGE):
        body = client.get_object(Bucket=bucket, Key=key)["Body"]
        try:
            yield cast(BinaryIO, body)
        finally:
            body.close()
