"""What teams share for shuffle files: Celeborn, and the Lustre file system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.context import Context
from components.eks_addons import AddonVersions
from components.pools import Pool, default_pool
from components.spark.settings import SparkSettings
from components.storage import StorageSettings
from components.storage.celeborn import Celeborn
from components.storage.lustre.checks import zone_of
from components.storage.lustre.file_system import Lustre


@dataclass(frozen=True)
class ShuffleServices:
    """The services of a stack, for teams that use them."""

    by_kind: Mapping[str, pulumi.Resource] = field(default_factory=dict)
    """By kind of shuffle, what its teams depend on."""
    volumes: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """By team, the volume that is reserved for its claim."""


def create_services(
    storage: StorageSettings,
    spark: SparkSettings,
    context: Context,
    *,
    versions: AddonVersions,
    pools: Sequence[Pool],
    nodes: Mapping[str, Sequence[pulumi.Resource]],
) -> ShuffleServices:
    """Creates the services that a team uses, and nothing for others. `nodes` are, by pool, what
    pods on that pool depend on."""
    by_kind: dict[str, pulumi.Resource] = {}
    volumes: dict[str, pulumi.Output[str]] = {}
    if teams := [team.name for team in spark.teams if team.shuffle == "celeborn"]:
        own = context.then(*nodes.get(str(storage.celeborn.pool), []))
        by_kind["celeborn"] = Celeborn("celeborn", storage.celeborn, own, teams=teams)
    default = default_pool(pools)
    folders = {team.name: team.pool or default for team in spark.teams if team.shuffle == "lustre"}
    if folders:
        users = [pool for pool in pools if pool.name in folders.values()]
        used = {name for pool in users for name in (pool.name, pool.driver_pool)}
        lustre = Lustre(
            "lustre",
            storage.lustre,
            context.then(*(one for name in sorted(used) for one in nodes.get(name, []))),
            versions=versions,
            zone=zone_of(spark.teams, pools),
            folders=folders,
        )
        by_kind["lustre"] = lustre
        volumes = lustre.volumes
    return ShuffleServices(by_kind, volumes)
