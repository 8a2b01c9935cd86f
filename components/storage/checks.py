"""Checks of storage against the rest of a stack."""

from collections.abc import Sequence

from components.base import Problems, below
from components.pools import Pool
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
) -> Problems:
    """The EBS driver of an existing cluster is not the stack's; what teams share needs a team."""
    if not created:
        yield from below("storage.ebsCsi", storage.ebs_csi.without_effect("in an existing cluster"))
    if not any(team.shuffle == "claim" for team in teams):
        why = "without a team with shuffle: claim"
        yield from below("storage.shuffleClass", storage.shuffle_class.without_effect(why))
    yield from check_celeborn(storage.celeborn, teams, pools)
    yield from check_lustre(storage.lustre, teams, pools)
