"""Checks of the Lustre file system against teams and pools."""

from collections.abc import Sequence

from components.base import Problems, below, sound
from components.pools import Pool, default_pool
from components.spark.team import TeamSettings
from components.storage.lustre.settings import LustreSettings


def check_lustre(
    lustre: LustreSettings, teams: Sequence[TeamSettings], pools: Sequence[Pool]
) -> Problems:
    """The pools of its teams are in one zone, and their nodes can mount it."""
    users = [team for team in teams if team.__dict__.get("shuffle") == "lustre"]
    if not users:
        why = "without a team with shuffle: lustre"
        yield from below("storage.lustre", lustre.without_effect(why))
        return
    if not pools:
        yield "pools", "is empty; shuffle: lustre needs a pool, whose zone the file system is in"
        return
    used = {team.__dict__.get("pool") or default_pool(pools) for team in users}
    found = {
        f"pools[{index}]": pool
        for index, pool in enumerate(pools)
        if pool.__dict__.get("name") in used
    }
    for key, pool in found.items():
        yield from sound(lambda key=key, pool=pool: _mountable(key, pool))
    zones = {
        key: pool.__dict__["zones"] for key, pool in found.items() if pool.__dict__.get("zones")
    }
    for key, zone in zones.items():
        first = next(iter(zones))
        if len(zone) == 1 and zone != zones[first]:
            text = f"{zone} is not {zones[first]} of {first}: a file system is in one zone"
            yield f"{key}.zones", text


def _mountable(key: str, pool: Pool) -> Problems:
    if pool.zones is None or len(pool.zones) != 1:
        given = "is not set" if pool.zones is None else f"{pool.zones} is not one zone"
        yield (
            f"{key}.zones",
            f"{given}; executors with shuffle: lustre are in the one zone of the file system",
        )
    if pool.os != "al2023":
        yield (
            f"{key}.os",
            f"'{pool.os}' is not known to have Lustre's client; shuffle: lustre needs al2023",
        )


def zone_of(teams: Sequence[TeamSettings], pools: Sequence[Pool]) -> str:
    """The letter of the zone of the pools of its teams, which the settings checked."""
    used = {team.pool or default_pool(pools) for team in teams if team.shuffle == "lustre"}
    (zone,) = {letter for pool in pools if pool.name in used for letter in pool.zones or ()}
    return zone
