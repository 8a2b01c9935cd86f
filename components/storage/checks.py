"""Checks of storage against the rest of a stack."""

from collections.abc import Sequence

from components.base import Problems, below
from components.pools import Pool, default_pool
from components.spark.team import TeamSettings
from components.storage import StorageSettings
from components.storage.celeborn.checks import check_celeborn
from components.storage.lustre.checks import check_lustre


def check_storage(
    storage: StorageSettings,
    teams: Sequence[TeamSettings],
    pools: Sequence[Pool],
    *,
    created: bool,
    driver_zone: str,
    karpenter: bool,
) -> Problems:
    """The EBS driver of an existing cluster is not the stack's; volumes are where executors are;
    what teams share needs a team."""
    if not created:
        yield from below("storage.ebsCsi", storage.ebs_csi.without_effect("in an existing cluster"))
    if not any(team.shuffle == "claim" for team in teams):
        why = "without a team with shuffle: claim"
        yield from below("storage.shuffleClass", storage.shuffle_class.without_effect(why))
    claiming = {team.pool or default_pool(pools) for team in teams if team.shuffle == "claim"}
    for index, pool in enumerate(pools):
        zones = pool.__dict__.get("zones")
        apart = driver_zone and zones and driver_zone not in zones
        if apart and pool.__dict__.get("name") in claiming:
            yield (
                f"pools[{index}].zones",
                f"{zones} lacks '{driver_zone}', the zone of the drivers: the volumes of executors "
                "with shuffle: claim are there. Add it, or set drivers.zone",
            )
    yield from check_celeborn(storage.celeborn, teams, pools, karpenter=karpenter)
    yield from check_lustre(storage.lustre, teams, pools)
