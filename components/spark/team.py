"""A team: a namespace with permissions, limits, network policies, and a claim on its JARs."""

from collections.abc import Sequence
from typing import Annotated, Literal

import pulumi
import pulumi_kubernetes as k8s

from components.base import Problems, Settings
from components.cache.settings import DataVolume
from components.context import Context
from components.formats import Name, entries, text, whole
from components.logs.store import LogStore
from components.mounts import Mount
from components.mounts.claim import Claim, claim_jars
from components.names import (
    DATA_ANNOTATION,
    DRIVER_POOL_ANNOTATION,
    EVENT_LOGS_ANNOTATION,
    EXECUTOR_LOG_ANNOTATION,
    LOG_FORMAT_ANNOTATION,
    MAX_EXECUTORS_ANNOTATION,
    POD_LOGS_ANNOTATION,
    POOL_ANNOTATION,
    QUEUE_ANNOTATION,
    SHARED_JARS,
    SHUFFLE_ANNOTATION,
    SHUFFLE_CLAIM,
    SHUFFLE_FALLBACK_ANNOTATION,
    TEAM_LABEL,
)
from components.pools import Pool
from components.spark.driver_claims import create_claim_rights
from components.spark.event_logs import EventLogs
from components.spark.submitters import Submitter, create_submitters
from components.spark.team_access import BucketAccess, TeamAccess
from components.spark.team_limits import QuotaSettings, create_limits
from components.spark.team_network import Client, Egress, Service, create_network_policies
from components.spark.team_rights import RightsSettings
from components.storage.celeborn.network import client_policy
from components.storage.lustre.folders import create_claim

PARENT_QUEUE = "yunikorn.apache.org/parentqueue"
"""YuniKorn's annotation for the parent of the namespace's queue, where that is not root."""

Queue = Annotated[
    str,
    text(
        r"(?=.{1,500}$)root(\.[a-z]([a-z0-9-]{0,62}[a-z0-9])?)+",
        "a queue below root, with names of lower-case letters, digits and hyphens: root.etl.team-a",
    ),
]


class TeamSettings(Settings):
    """`spark.teams[]`."""

    name: Name
    """Name of the team and of its namespace."""
    pool: Name | None = None
    """Pool of the team's executors, and of the JARs that it claims; default: the pool `default`, or
    the only one."""
    quota: QuotaSettings = QuotaSettings()
    """Limits of all pods of the team together."""
    max_executors: Annotated[int, whole(1, 100_000)] = 20
    """Largest number of executors of one job."""
    shuffle: Literal["node", "claim", "celeborn", "lustre"] = "node"
    """Where executors keep shuffle files: on their node's disk, on EBS volumes that the driver
    claims and a new executor takes over from a lost one, in the service that `storage.celeborn`
    describes, or on the file system of `storage.lustre`."""
    queue: Queue | None = None
    """YuniKorn queue of the team; it ends with the team's name: `root.etl.<team>`. Default:
    `root.<team>`."""
    buckets: Annotated[list[BucketAccess], entries(most=32)] = []
    """Data that the team's jobs read or write; they have no other access to S3."""
    rights: RightsSettings = RightsSettings()
    """What the team's jobs may use besides S3."""
    egress: Annotated[list[Egress], entries(most=100)] = []
    """Destinations of the team's jobs besides HTTPS: databases, brokers."""
    services: Annotated[list[Service], entries(most=50)] = []
    """Services of other namespaces that the team's jobs call."""
    clients: Annotated[list[Client], entries(most=50)] = []
    """Pods of other namespaces that reach a port of the team's drivers and executors."""

    submitters: Annotated[list[Submitter], entries(most=50)] = []
    """Who may create, follow and delete the team's applications, and read their logs."""

    def problems(self) -> Problems:
        seen: set[str] = set()
        for index, destination in enumerate(self.egress):
            block = destination.__dict__.get("cidr")
            if block in seen:
                yield f"egress[{index}].cidr", f"'{block}' is listed twice; put all ports in one"
            seen.add(str(block))

    @property
    def queue_path(self) -> str:
        """The team's queue, set or default."""
        return self.queue or f"root.{self.name}"


class Team(pulumi.ComponentResource):
    """A namespace for unprivileged pods only, isolated from every other team's.

    `context.after` are the mount and the nodes, which are deleted after the team's pods.
    """

    namespace: k8s.core.v1.Namespace

    def __init__(
        self,
        name: str,
        settings: TeamSettings,
        context: Context,
        *,
        mount: Mount,
        pool: Pool | None,
        gangs: bool,
        logs: EventLogs | None,
        pod_logs: LogStore | None,
        shuffle_volume: pulumi.Input[str] | None,
        data: Sequence[DataVolume],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`pool` is the pool of the team's executors; None on nodes that the stack does not create.
        `shuffle_volume` is the team's folder on Lustre, `data` are its volumes of cached data.
        With `gangs` the namespace admits YuniKorn's placeholders (see pod_security.py).
        """
        super().__init__("spark-on-eks:spark:Team", name, None, context.options(opts))
        own = pulumi.ResourceOptions(parent=self)
        self.namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": settings.name,
                "labels": {
                    TEAM_LABEL: settings.name,
                    "pod-security.kubernetes.io/enforce": "baseline" if gangs else "restricted",
                },
                "annotations": {
                    **_annotations(settings, pool, gangs, logs),
                    **_log_annotations(settings.name, pod_logs),
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[self.namespace])
        create_limits(
            name,
            namespace=settings.name,
            quota=settings.quota,
            max_executors=settings.max_executors,
            gangs=gangs,
            claims=(1 if shuffle_volume is None else 2) + len(data),
            opts=inside,
        )
        create_network_policies(
            name,
            namespace=settings.name,
            egress=settings.egress,
            services=settings.services,
            clients=settings.clients,
            others={"celeborn": client_policy()} if settings.shuffle == "celeborn" else {},
            opts=inside,
        )
        create_submitters(
            name, namespace=settings.name, submitters=settings.submitters, opts=inside
        )
        access = TeamAccess(
            f"{name}-access",
            context.only([self.namespace]),
            namespace=settings.name,
            buckets=settings.buckets,
            rights=settings.rights,
            log_statements={
                **({"event-logs": logs.write_statements(settings.name)} if logs else {}),
                **({"pod-logs": pod_logs.read_statements(settings.name)} if pod_logs else {}),
            },
            opts=own,
        )
        claim_jars(
            f"{name}-jars",
            context.then(self.namespace),
            namespace=settings.name,
            mount=mount,
            jar_set=pool.jar_set if pool else SHARED_JARS,
            opts=own,
        )
        for one in data:
            Claim(
                f"{name}-{one.entry.claim}",
                context.then(self.namespace),
                namespace=settings.name,
                claim=one.entry.claim,
                part="mountpoint",
                volume_name=f"{one.entry.claim}-{settings.name}",
                volume=one.source,
                annotations={DATA_ANNOTATION: one.url},
                opts=own,
            )
        if settings.shuffle == "claim":
            create_claim_rights(name, namespace=settings.name, opts=inside)
        if shuffle_volume is not None:
            create_claim(f"{name}-shuffle", SHUFFLE_CLAIM, settings.name, shuffle_volume, inside)
        self.register_outputs({"namespace": settings.name, "roleArn": access.role_arn})


def _annotations(
    settings: TeamSettings, pool: Pool | None, gangs: bool, logs: EventLogs | None
) -> dict[str, pulumi.Input[str]]:
    """The limits that a job of the team must observe."""
    annotations: dict[str, pulumi.Input[str]] = {
        MAX_EXECUTORS_ANNOTATION: str(settings.max_executors)
    }
    if settings.shuffle != "node":
        annotations[SHUFFLE_ANNOTATION] = settings.shuffle
    if pool:
        annotations[POOL_ANNOTATION] = pool.name
        annotations[DRIVER_POOL_ANNOTATION] = pool.driver_pool
    if gangs:
        annotations[QUEUE_ANNOTATION] = settings.queue_path
        parent = settings.queue_path.rpartition(".")[0]
        if parent != "root":
            annotations[PARENT_QUEUE] = parent
    if logs:
        annotations[EVENT_LOGS_ANNOTATION] = logs.url(settings.name)
        fallback = logs.fallback_url(settings.name)
        if fallback is not None:
            annotations[SHUFFLE_FALLBACK_ANNOTATION] = fallback
    return annotations


def _log_annotations(team: str, store: LogStore | None) -> dict[str, pulumi.Input[str]]:
    """Where the team's logs are, and what its jobs need to be found there."""
    if store is None:
        return {}
    return {
        POD_LOGS_ANNOTATION: store.place(team),
        EXECUTOR_LOG_ANNOTATION: store.executor_url(team),
        **({LOG_FORMAT_ANNOTATION: "json"} if store.structured else {}),
    }
