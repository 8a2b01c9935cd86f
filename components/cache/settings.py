"""Settings of the data cache, and which of its folders a team's rights cover."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pulumi

from components.base import Settings
from components.formats import entries, whole
from components.mounts.base import Volume
from components.names import DATA_CLAIM
from components.spark.team_access import BucketAccess, DataBucket, Prefix


class CachedBucket(Settings):
    """`cache.buckets[]`: a folder that jobs read again and again."""

    name: DataBucket
    """Name or ARN of an existing bucket, as in `spark.teams[].buckets`."""
    prefix: Prefix
    """Prefix of the data, with a slash at the end; `""` is the whole bucket."""

    @property
    def folder(self) -> str:
        """Bucket and prefix: `example-lake/raw/`."""
        return f"{self.name.rpartition(':')[2]}/{self.prefix}"

    @property
    def claim(self) -> str:
        """Name of a team's claim on it. It depends on the folder, not on its place in the list."""
        return f"{DATA_CLAIM}-{hashlib.sha256(self.folder.encode()).hexdigest()[:8]}"

    def is_read_by(self, access: BucketAccess) -> bool:
        """Whether these rights cover all of it."""
        return self.folder.startswith(f"{access.bucket}/{access.prefix}")


class CacheSettings(Settings):
    """`cache`: data of S3 on the disks of the nodes that read it. A job asks for it with
    `cache: true`, and reads S3 itself where there is none."""

    kind: Literal["none", "mountpoint"] = "none"
    """`mountpoint`: the Mountpoint CSI driver's volumes, read-only, each with a cache on the node's
    disk. A team mounts what its own role may read (`spark.teams[].buckets`), and nothing else."""
    buckets: Annotated[list[CachedBucket], entries(most=16)] = []
    """Folders to cache. Each is in the whole of an entry of `spark.teams[].buckets`."""
    capacity_gib: Annotated[int, whole(1, 16_000)] = 20
    """Size limit of a cache in GiB. A node has one for each folder and service account of a team:
    its drivers' and its executors'."""
    refresh_seconds: Annotated[int, whole(0, 86_400)] = 60
    """Seconds until a job sees that an object was replaced or removed; a new one it sees at
    once."""


@dataclass(frozen=True)
class DataVolume:
    """A team's volume over a cached folder."""

    entry: CachedBucket
    source: Volume

    @property
    def url(self) -> str:
        """What it has: `s3a://example-lake/raw/`."""
        return f"s3a://{self.entry.folder}"


@dataclass(frozen=True)
class Cache:
    """The cache of a stack; without one, it has nothing."""

    first: Sequence[pulumi.Resource] = ()
    """What its volumes depend on."""
    volumes: Mapping[str, Sequence[DataVolume]] = field(default_factory=dict)
    """By team."""


def entries_of(settings: CacheSettings, buckets: Sequence[BucketAccess]) -> list[CachedBucket]:
    """The cached folders that a team with these rights may read."""
    if settings.kind == "none":
        return []
    return [one for one in settings.buckets if any(one.is_read_by(right) for right in buckets)]
