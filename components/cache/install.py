"""Creates the cache that `cache` selects."""

from collections.abc import Sequence

from components.cache.mountpoint import MountpointCache
from components.cache.settings import Cache, CacheSettings, entries_of
from components.context import Context
from components.eks_addons import AddonVersions
from components.spark.team import TeamSettings


def create_cache(
    settings: CacheSettings,
    teams: Sequence[TeamSettings],
    context: Context,
    *,
    has_driver: bool,
    region: str,
    versions: AddonVersions,
) -> Cache:
    """Creates the driver, where it is not there; the volumes are created with their teams.

    `has_driver` is whether the JARs' mount creates Mountpoint's CSI driver.
    """
    found = {team.name: entries_of(settings, team.buckets) for team in teams}
    if not any(found.values()):
        return Cache()
    cache = MountpointCache(
        "data-cache", settings, context, has_driver=has_driver, region=region, versions=versions
    )
    volumes = {team: [cache.volume(one) for one in listed] for team, listed in found.items()}
    return Cache([cache], volumes)
