"""A team: a namespace with its rights, limits, network, and the claim on the JARs of its pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.base import Name, Settings, child
from components.cloud import Cloud
from components.cluster import Cluster
from components.jar_bucket import JarBucket
from components.mounts.claim import Claim
from components.mounts.contract import Mount
from components.pools import LABEL_DOMAIN, SHARED_JARS, Pool
from components.spark.admission import MOST_EXECUTORS, TEAM_LABEL
from components.spark.event_logs import EventLogs
from components.spark.team_access import BucketAccess, TeamAccess
from components.spark.team_limits import QuotaSettings, create_limits
from components.spark.team_network import Egress, create_network_policies

PARENT_QUEUE = "yunikorn.apache.org/parentqueue"
"""Tells YuniKorn below which queue the namespace's is, where that is not root."""

Queue = Annotated[str, Field(pattern=r"^root(\.[a-z]([a-z0-9-]{0,62}[a-z0-9])?)+$")]


class TeamSettings(Settings):
    """`spark.teams[]`."""

    name: Name
    """Name of the team and of its namespace."""
    pool: Name | None = None
    """Pool that the team's executors run on, and whose JARs it claims; without it the first one
    that shares the stack's JARs."""
    quota: QuotaSettings = QuotaSettings()
    """What all pods of the team may add up to."""
    max_executors: Annotated[int, Field(ge=1)] = 20
    """Most executors of one job."""
    queue: Queue | None = None
    """YuniKorn's queue of the team, ends with its name: `root.etl.<team>`; without it
    `root.<team>`."""
    buckets: Annotated[list[BucketAccess], Field(max_length=32)] = []
    """Data that the team's jobs read or write; nothing else in S3 is open to them."""
    egress: list[Egress] = []
    """What the team's jobs reach beside HTTPS: databases, brokers."""

    @property
    def queue_path(self) -> str:
        """The team's queue, given or not."""
        return self.queue or f"root.{self.name}"


@dataclass(frozen=True)
class TeamGround:
    """What every team stands on."""

    cloud: Cloud
    cluster: Cluster
    mount: Mount
    jars: Mapping[str, JarBucket]
    """Every set of JARs by name."""
    installed: Sequence[pulumi.Resource]
    """What mounts the JARs."""
    nodes: Mapping[str, Sequence[pulumi.Resource]]
    """Pool to what runs its pods."""


@dataclass(frozen=True)
class TeamRules:
    """What holds for all teams of a stack."""

    gangs: bool
    """YuniKorn holds a gang's places with pods that the level `restricted` refuses."""
    logs: EventLogs | None
    after: Sequence[pulumi.Resource]
    """What must outlive the teams' pods."""


class Team(pulumi.ComponentResource):
    """A namespace where only unprivileged pods run, isolated from every other team's.

    `after` is what must outlive the team's pods: what mounts the JARs, and the nodes.
    """

    def __init__(
        self,
        name: str,
        settings: TeamSettings,
        *,
        ground: TeamGround,
        rules: TeamRules,
        jars_name: str,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:Team", name, None, opts)
        self.namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": settings.name,
                "labels": {
                    TEAM_LABEL: settings.name,
                    # pod_security.py makes up for the difference.
                    "pod-security.kubernetes.io/enforce": "baseline"
                    if rules.gangs
                    else "restricted",
                },
                "annotations": _annotations(settings, rules),
            },
            opts=child(self, depends_on=after),
        )
        inside = [self.namespace]
        create_limits(
            name,
            self,
            namespace=settings.name,
            quota=settings.quota,
            gangs=rules.gangs,
            after=inside,
        )
        create_network_policies(
            name, self, namespace=settings.name, egress=settings.egress, after=inside
        )
        access = TeamAccess(
            f"{name}-access",
            namespace=settings.name,
            buckets=settings.buckets,
            log_statements=rules.logs.write_statements(settings.name) if rules.logs else [],
            cloud=ground.cloud,
            cluster=ground.cluster,
            after=inside,
            opts=child(self),
        )
        Claim(
            f"{name}-jars",
            namespace=settings.name,
            mount=ground.mount,
            jars=ground.jars[jars_name],
            jars_name=jars_name,
            after=[self.namespace, *after],
            opts=child(self),
        )
        self.register_outputs({"namespace": settings.name, "roleArn": access.role_arn})


def _annotations(settings: TeamSettings, rules: TeamRules) -> dict[str, pulumi.Input[str]]:
    """What a job of the team has to keep to, for those who write jobs."""
    annotations: dict[str, pulumi.Input[str]] = {MOST_EXECUTORS: str(settings.max_executors)}
    if rules.gangs:
        annotations[f"{LABEL_DOMAIN}/queue"] = settings.queue_path
        parent = settings.queue_path.rpartition(".")[0]
        if parent != "root":
            annotations[PARENT_QUEUE] = parent
    if rules.logs:
        annotations[f"{LABEL_DOMAIN}/event-logs"] = rules.logs.url(settings.name)
    return annotations


def create_teams(
    teams: Sequence[TeamSettings],
    pools: Sequence[Pool],
    ground: TeamGround,
    rules: TeamRules,
    opts: pulumi.ResourceOptions,
) -> list[Team]:
    """Creates the teams, each on its pool and with that pool's JARs."""
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
                ground=ground,
                rules=rules,
                jars_name=jars_name,
                after=[
                    *rules.after,
                    *ground.installed,
                    *(one for name in used for one in ground.nodes.get(name, [])),
                ],
                opts=opts,
            )
        )
    return created
