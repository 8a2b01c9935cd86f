"""A team in a plan: everything that its jobs refer to, by name, and the folders in S3 that its role
may read and write, from the policies."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from components.names import (
    DATA_ANNOTATION,
    DATA_MOUNT_PATH,
    DRIVER_ACCOUNT,
    DRIVER_PRIORITY,
    EVENT_LOGS_ANNOTATION,
    EXECUTOR_ACCOUNT,
    EXECUTOR_LOG_ANNOTATION,
    EXECUTOR_PRIORITY,
    JARS_CLAIM,
    LOG_FORMAT_ANNOTATION,
    MAX_EXECUTORS_ANNOTATION,
    POD_LOGS_ANNOTATION,
    QUEUE_ANNOTATION,
    SHUFFLE_ANNOTATION,
    SHUFFLE_CLAIM,
    SHUFFLE_CLASS,
    SHUFFLE_FALLBACK_ANNOTATION,
)
from ops.jobs.metrics import scraped
from ops.jobs.shuffle_service import CELEBORN, endpoints_of
from ops.plan.errors import UserError
from ops.plan.iam import action_matches
from ops.plan.iam_grants import Grant, grants
from ops.plan.iam_roles import assumed_by, documents_of
from ops.plan.model import Plan, Resource
from ops.plan.nodes import NodeSet
from ops.plan.teams import annotation, jar_set_in, team_namespace, team_nodes
from ops.plan.workloads import in_namespace

_IMAGE = re.compile(
    r"^.+:(?P<version>[0-9]+\.[0-9]+\.[0-9]+)([.-][\w.-]*)?(@sha256:[0-9a-f]{64})?$"
)
_OBJECTS = ":s3:::"
NO_ACCOUNT = "000000000000"
"""Placeholder for the account in the plan of a stack that does not set one."""
_READ, _WRITE = "s3:GetObject", "s3:PutObject"


@dataclass(frozen=True)
class CachedData:
    """A claim on a folder of S3 that is cached on nodes: `url` is the folder, with a slash at the
    end, `path` where jobs mount it, without."""

    claim: str
    url: str
    path: str


@dataclass(frozen=True)
class Team:
    """A team in a plan. `name` is also the name of its namespace."""

    name: str
    region: str
    image: str
    max_executors: int
    """Maximum number of executors of one job."""
    queue: str | None
    """YuniKorn's queue, if it schedules the team's pods."""
    event_logs: str | None
    """Folder of the team's event logs, if enabled."""
    shuffle_fallback: str | None
    """Folder in S3 for shuffle files of decommissioned executors, if enabled."""
    shuffle: str
    """Where executors keep shuffle files, if a job does not say."""
    has_shuffle_class: bool
    """Whether the stack has the StorageClass of claimed volumes."""
    celeborn: str | None
    """Addresses of Celeborn's masters, if the team's pods may reach them."""
    metrics: bool
    """Whether a Prometheus scrapes the stack's drivers."""
    pod_logs: str | None
    """Folder in S3, or log group, with the logs of the team's pods, if there is one."""
    executor_log_url: str | None
    """Spark's pattern of the page with an executor's log."""
    json_logs: bool
    """Whether jobs write their logs as JSON."""
    mounts_lustre: bool
    """Whether the team has the claim on its folder of the Lustre file system."""
    data: Sequence[CachedData]
    """The team's claims on cached data."""
    volume_name: str
    volume: Mapping[str, Any]
    """Spec of the volume that the claim is bound to."""
    jar_set: str
    """Key of the stack's output `jarBuckets`."""
    driver_nodes: Sequence[NodeSet]
    executor_nodes: Sequence[NodeSet]
    """None in an existing cluster whose nodes the stack does not create."""
    quotas: Sequence[Mapping[str, Any]]
    """Specs of the namespace's ResourceQuotas."""
    claims: Sequence[Mapping[str, Any]]
    """Specs of the claims that the stack itself has in the namespace, which quotas count."""
    container_limits: Sequence[Mapping[str, Any]]
    """The entries of LimitRanges for containers."""

    @property
    def spark_version(self) -> str:
        """Version of Spark, from the beginning of the image's tag."""
        return version_of(self.image, "spark-on-eks:spark.image")


def version_of(image: str, key: str = "image") -> str:
    """The version of Spark in an image's tag. Raises UserError, which names the key, without."""
    match = _IMAGE.fullmatch(image)
    if match is None:
        raise UserError(
            f"{key}: the tag of {image!r} does not begin with a version of Spark such as 4.0.1"
            + (": add sparkVersion" if key == "image" else "")
        )
    return match["version"]


def team_of(plan: Plan, name: str) -> Team:
    """Returns the team. Raises UserError for an unknown name, or if the plan lacks something that
    its jobs need."""
    namespace = team_namespace(plan, name)
    claim = _object(plan, "PersistentVolumeClaim", JARS_CLAIM, namespace=name)
    claims = in_namespace(plan, "PersistentVolumeClaim", name)
    volume = _object(plan, "PersistentVolume", claim.inputs["spec"]["volumeName"])
    for account in (DRIVER_ACCOUNT, EXECUTOR_ACCOUNT):
        _object(plan, "ServiceAccount", account, namespace=name)
    for priority in (DRIVER_PRIORITY, EXECUTOR_PRIORITY):
        _object(plan, "PriorityClass", priority)
    nodes = team_nodes(plan, namespace)
    spec = volume.inputs["spec"]
    shuffle = annotation(namespace, SHUFFLE_ANNOTATION) or "node"
    return Team(
        name=name,
        region=str(plan.exports["region"]),
        image=str(plan.exports["sparkImage"]),
        max_executors=_max_executors(plan, namespace),
        queue=annotation(namespace, QUEUE_ANNOTATION),
        event_logs=annotation(namespace, EVENT_LOGS_ANNOTATION),
        shuffle_fallback=annotation(namespace, SHUFFLE_FALLBACK_ANNOTATION),
        shuffle=shuffle,
        has_shuffle_class=any(
            one.object_name == SHUFFLE_CLASS for one in plan.of_kind("StorageClass")
        ),
        celeborn=endpoints_of(plan) if shuffle == CELEBORN else None,
        metrics=scraped(plan),
        pod_logs=annotation(namespace, POD_LOGS_ANNOTATION),
        executor_log_url=annotation(namespace, EXECUTOR_LOG_ANNOTATION),
        json_logs=annotation(namespace, LOG_FORMAT_ANNOTATION) == "json",
        mounts_lustre=any(one.object_name == SHUFFLE_CLAIM for one in claims),
        data=[
            CachedData(one.object_name, url, _data_path(url))
            for one in claims
            if (url := annotation(one, DATA_ANNOTATION))
        ],
        volume_name=volume.object_name,
        volume=spec,
        jar_set=jar_set_in(plan, spec),
        driver_nodes=[one for one in nodes if one.is_drivers],
        executor_nodes=[one for one in nodes if not one.is_drivers],
        quotas=[quota.inputs["spec"] for quota in in_namespace(plan, "ResourceQuota", name)],
        claims=[one.inputs["spec"] for one in claims],
        container_limits=[
            item
            for limits in in_namespace(plan, "LimitRange", name)
            for item in limits.inputs["spec"]["limits"]
            if item.get("type") == "Container"
        ],
    )


def _data_path(url: str) -> str:
    return f"{DATA_MOUNT_PATH}/{url.removeprefix('s3a://')}".rstrip("/")


def _max_executors(plan: Plan, namespace: Resource) -> int:
    found = annotation(namespace, MAX_EXECUTORS_ANNOTATION)
    if found is None:
        raise UserError(
            f"stack {plan.stack}: namespace {namespace.object_name} has no annotation "
            f"{MAX_EXECUTORS_ANNOTATION}, which every job needs"
        )
    return int(found)


def _object(plan: Plan, kind: str, name: str, *, namespace: str = "") -> Resource:
    objects = in_namespace(plan, kind, namespace) if namespace else plan.of_kind(kind)
    for resource in objects:
        if resource.object_name == name:
            return resource
    where = f" in namespace {namespace}" if namespace else ""
    raise UserError(f"stack {plan.stack} creates no {kind} {name}{where}, which every job needs")


@dataclass(frozen=True)
class Rights:
    """Patterns of objects, `bucket/key`, that may be read and written."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    platform: tuple[str | None, ...] = ()
    """Folders that contain only event logs, or shuffle files."""

    def may_read(self, url: str) -> bool:
        """Whether all below `s3a://bucket/folder/` may be read."""
        return _covers(self.readable, url)

    def may_read_object(self, url: str) -> bool:
        """Whether the object `s3a://bucket/key` may be read."""
        key = url.removeprefix("s3a://")
        return any(fnmatchcase(key, pattern) for pattern in self.readable)

    def may_write(self, url: str) -> bool:
        return _covers(self.writable, url)

    @property
    def folder(self) -> str | None:
        """The first folder, `s3a://bucket/folder/`, that may be both read and written."""
        for pattern in self.writable:
            url = f"s3a://{pattern.removesuffix('*')}"
            if pattern.endswith("/*") and url not in self.platform and self.may_read(url):
                return url
        return None


def rights_of(plan: Plan, team: Team) -> Rights:
    """Returns what the policies of the role that the team's drivers assume allow."""
    found = [
        grant
        for role in assumed_by(plan, f"system:serviceaccount:{team.name}:{DRIVER_ACCOUNT}")
        for document in documents_of(plan, role)
        for grant in grants(document.statements, document.resource.name)
    ]
    platform = (team.event_logs, team.shuffle_fallback)
    return Rights(_patterns(found, _READ), _patterns(found, _WRITE), platform)


def _patterns(grants: list[Grant], action: str) -> tuple[str, ...]:
    return tuple(
        one.resource.partition(_OBJECTS)[2]
        for one in grants
        if one.allows
        and action_matches(one.action, action)
        and _OBJECTS in one.resource
        and not one.resource.startswith("!")
    )


def _covers(patterns: tuple[str, ...], url: str) -> bool:
    key = f"{url.removeprefix('s3a://').rstrip('/')}/part"
    return any(fnmatchcase(key, pattern) for pattern in patterns)
