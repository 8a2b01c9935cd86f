"""Checks of the data cache against teams and nodes."""

from collections.abc import Mapping, Sequence

from components.base import Problems, below, sound
from components.cache.settings import CachedBucket, CacheSettings
from components.pools import DriverPool, Pool
from components.spark.team import TeamSettings


def check_cache(
    settings: CacheSettings,
    teams: Sequence[TeamSettings],
    shapes: Mapping[str, Pool | DriverPool],
) -> Problems:
    """A cache has folders that some team reads, once each, and room on every node's disk."""
    if settings.__dict__.get("kind", "none") == "none":
        yield from below("cache", settings.without_effect("with cache.kind: none", but=["kind"]))
        return
    if not settings.buckets:
        yield "cache.buckets", "is empty: list the folders to cache, or set cache.kind: none"
    seen: dict[str, int] = {}
    for index, one in enumerate(settings.buckets):
        yield from sound(lambda index=index, one=one: _read(f"cache.buckets[{index}]", one, teams))
        if isinstance(one.__dict__.get("prefix"), str) and "name" in one.__dict__:
            for folder, first in seen.items():
                if one.folder.startswith(folder) or folder.startswith(one.folder):
                    text = f"{one.folder} and cache.buckets[{first}] have objects in common"
                    yield f"cache.buckets[{index}].prefix", f"{text}: one volume is enough"
            seen[one.folder] = index
    for key, shape in shapes.items():
        yield from sound(lambda key=key, shape=shape: _fits(settings, key, shape))


def _read(key: str, one: CachedBucket, teams: Sequence[TeamSettings]) -> Problems:
    if not any(one.is_read_by(access) for team in teams for access in team.buckets):
        yield (
            f"{key}.prefix",
            f"no team may read all of {one.folder}: add it to spark.teams[].buckets, or list the "
            "folder that a team has there",
        )


def _fits(settings: CacheSettings, key: str, shape: Pool | DriverPool) -> Problems:
    if not shape.uses_instance_store and settings.capacity_gib * 2 > shape.disk_gib:
        yield (
            "cache.capacityGiB",
            f"{settings.capacity_gib} is over half of {key}.diskGiB, {shape.disk_gib}: images, "
            "logs and shuffle files share that disk",
        )
