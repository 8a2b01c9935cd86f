"""A team as a plan has it: everything that its jobs are bound to, by name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.jobs.nodes import Nodes, nodes_of
from ops.plan.errors import UserError
from ops.plan.model import Plan, Resource

_DOMAIN = "spark-on-eks"
TEAM_LABEL = f"{_DOMAIN}/team"
CLAIM = "spark-jars"
DRIVER, EXECUTOR = "spark-driver", "spark-executor"
"""Names of the service accounts and of the PriorityClasses."""

_IMAGE = re.compile(
    r"^.+:(?P<version>[0-9]+\.[0-9]+\.[0-9]+)([.-][\w.-]*)?(@sha256:[0-9a-f]{64})?$"
)


@dataclass(frozen=True)
class Team:
    """What a plan says of one team. `name` is also its namespace's."""

    name: str
    region: str
    image: str
    max_executors: int
    """Of one job."""
    queue: str | None
    """YuniKorn's, where it schedules the team's pods."""
    event_logs: str | None
    """Folder of the team's event logs, where they are kept."""
    volume: Mapping[str, Any]
    """Spec of the volume that the claim is bound to."""
    jar_set: str
    """Key of the stack's output `jarBuckets`."""
    driver_nodes: Sequence[Nodes]
    executor_nodes: Sequence[Nodes]
    """None in a given cluster whose nodes the stack does not make."""
    quotas: Sequence[Mapping[str, Any]]
    """Specs of the namespace's ResourceQuotas."""
    container_limits: Sequence[Mapping[str, Any]]
    """The entries of LimitRanges that are about containers."""

    @property
    def spark_version(self) -> str:
        """Version of Spark, as the image's tag begins."""
        match = _IMAGE.fullmatch(self.image)
        if match is None:
            raise UserError(
                f"spark-on-eks:spark.image: the tag of {self.image!r} does not begin with a "
                "version of Spark such as 4.0.1"
            )
        return match["version"]


def team_of(plan: Plan, name: str) -> Team:
    """Returns the team. Raises UserError when there is none of that name, or when the plan lacks
    something that its jobs need."""
    namespace = _namespace(plan, name)
    claim = _object(plan, "PersistentVolumeClaim", CLAIM, namespace=name)
    volume = _object(plan, "PersistentVolume", claim.inputs["spec"]["volumeName"])
    for kind, space in (("ServiceAccount", name), ("PriorityClass", None)):
        for wanted in (DRIVER, EXECUTOR):
            _object(plan, kind, wanted, namespace=space)
    # A namespace stands on the nodes that its pods run on, so that these outlive it.
    behind = set(namespace.options.dependencies)
    nodes = [one for one in nodes_of(plan) if one.urn in behind]
    spec = volume.inputs["spec"]
    return Team(
        name=name,
        region=str(plan.exports["region"]),
        image=str(plan.exports["sparkImage"]),
        max_executors=int(_annotation(plan, namespace, "max-executors") or 0),
        queue=_annotation(plan, namespace, "queue", required=False),
        event_logs=_annotation(plan, namespace, "event-logs", required=False),
        volume=spec,
        jar_set=_jar_set(plan, spec),
        driver_nodes=[one for one in nodes if one.for_drivers],
        executor_nodes=[one for one in nodes if not one.for_drivers],
        quotas=[quota.inputs["spec"] for quota in _in_namespace(plan, "ResourceQuota", name)],
        container_limits=[
            item
            for limits in _in_namespace(plan, "LimitRange", name)
            for item in limits.inputs["spec"]["limits"]
            if item.get("type") == "Container"
        ],
    )


def _namespace(plan: Plan, name: str) -> Resource:
    teams = {
        resource.object_name: resource
        for resource in plan.of_kind("Namespace")
        if TEAM_LABEL in (resource.inputs["metadata"].get("labels") or {})
    }
    if name not in teams:
        known = ", ".join(sorted(teams)) or "none"
        given = f"there is no team {name!r}" if name else "no team is named"
        raise UserError(
            f"{given} in stack {plan.stack}; spark-on-eks:spark.teams has: {known} "
            f"(stacks/Pulumi.{plan.stack}.yaml)"
        )
    return teams[name]


def _annotation(plan: Plan, namespace: Resource, name: str, *, required: bool = True) -> str | None:
    """What the namespace tells those who write jobs."""
    annotations = namespace.inputs["metadata"].get("annotations") or {}
    found = annotations.get(f"{_DOMAIN}/{name}")
    if found is None and required:
        raise UserError(
            f"stack {plan.stack}: namespace {namespace.object_name} has no annotation "
            f"{_DOMAIN}/{name}, which every job needs"
        )
    return None if found is None else str(found)


def _in_namespace(plan: Plan, kind: str, namespace: str | None) -> list[Resource]:
    return [
        resource
        for resource in plan.of_kind(kind)
        if resource.inputs["metadata"].get("namespace") == namespace
    ]


def _object(plan: Plan, kind: str, name: str, *, namespace: str | None = None) -> Resource:
    for resource in _in_namespace(plan, kind, namespace):
        if resource.object_name == name:
            return resource
    where = f" in namespace {namespace}" if namespace else ""
    raise UserError(f"stack {plan.stack} makes no {kind} {name}{where}, which every job needs")


def _jar_set(plan: Plan, volume: Mapping[str, Any]) -> str:
    """Which of the stack's sets of JARs the volume is over."""
    sets: Mapping[str, str] = plan.exports["jarBuckets"]
    csi = volume.get("csi")
    if csi:
        options = dict(text.partition(" ")[::2] for text in volume.get("mountOptions", []))
        url = f"s3://{csi['volumeAttributes']['bucketName']}/{options.get('prefix', '')}jars/"
        found = [name for name, place in sets.items() if place == url]
    else:
        found = [name for name in sets if name in affinity_values(volume)]
    if len(found) != 1:
        raise UserError(f"stack {plan.stack}: the volume of the claim is over no known set of JARs")
    return found[0]


def affinity_of(volume: Mapping[str, Any]) -> dict[str, list[str]]:
    """Labels that a node must have to be given the volume, each with the values allowed."""
    required = (volume.get("nodeAffinity") or {}).get("required") or {}
    return {
        one["key"]: list(one["values"])
        for term in required.get("nodeSelectorTerms", [])
        for one in term.get("matchExpressions", [])
        if one["operator"] == "In"
    }


def affinity_values(volume: Mapping[str, Any]) -> set[str]:
    """All values in the volume's node affinity."""
    return {value for values in affinity_of(volume).values() for value in values}
