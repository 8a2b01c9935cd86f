"""A team: its namespace, and its claim on the JARs of its pool."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Name, Settings, child
from components.jar_bucket import JarBucket
from components.mounts.claim import Claim
from components.mounts.contract import Mount
from components.pools import LABEL_DOMAIN, SHARED_JARS, Pool

TEAM_LABEL = f"{LABEL_DOMAIN}/team"


class TeamSettings(Settings):
    """`spark.teams[]`."""

    name: Name
    """Name of the team and of its namespace."""
    pool: Name | None = None
    """Pool that the team's executors run on, and whose JARs it claims; without it the first one
    that shares the stack's JARs."""


class SparkSettings(Settings):
    """`spark`: who runs Spark jobs."""

    teams: list[TeamSettings] = []
    """The teams, each with a namespace of its own."""


class Team(pulumi.ComponentResource):
    """A namespace where only unprivileged pods run, with the claim `spark-jars`.

    `after` is what must outlive the team's pods: what mounts the JARs, and the nodes.
    """

    def __init__(
        self,
        name: str,
        settings: TeamSettings,
        *,
        mount: Mount,
        jars: JarBucket,
        jars_name: str,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:Team", name, None, opts)
        namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": settings.name,
                "labels": {
                    TEAM_LABEL: settings.name,
                    "pod-security.kubernetes.io/enforce": "restricted",
                },
            },
            opts=child(self, depends_on=after),
        )
        Claim(
            f"{name}-jars",
            namespace=settings.name,
            mount=mount,
            jars=jars,
            jars_name=jars_name,
            after=[namespace, *after],
            opts=child(self),
        )
        self.register_outputs({"namespace": settings.name})


def create_teams(
    teams: Sequence[TeamSettings],
    pools: Sequence[Pool],
    *,
    mount: Mount,
    jars: Mapping[str, JarBucket],
    installed: Sequence[pulumi.Resource],
    nodes: Mapping[str, Sequence[pulumi.Resource]],
    opts: pulumi.ResourceOptions,
) -> list[Team]:
    """Creates the teams, each on its pool and with that pool's JARs.

    `installed` is what mounts the JARs, `nodes` by pool what runs its pods.
    """
    by_name = {pool.name: pool for pool in pools}
    shared = next((pool for pool in pools if pool.jar_bucket is None), None)
    created = []
    for team in teams:
        pool = by_name[team.pool] if team.pool else shared
        jars_name = pool.jars if pool else SHARED_JARS
        used = [pool.name, pool.driver_pool] if pool else []
        created.append(
            Team(
                f"team-{team.name}",
                team,
                mount=mount,
                jars=jars[jars_name],
                jars_name=jars_name,
                after=[*installed, *(one for name in used for one in nodes.get(name, []))],
                opts=opts,
            )
        )
    return created
