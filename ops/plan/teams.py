"""A team's namespace in a plan, its set of JARs, and the nodes of its pools."""

from collections.abc import Mapping
from typing import Any

from components.names import JARS_CLAIM
from ops.plan.errors import UserError
from ops.plan.model import Plan, Resource
from ops.plan.nodes import NodeSet, node_sets
from ops.plan.scheduling import volume_terms
from ops.plan.values import at
from ops.plan.workloads import in_namespace, team_namespaces


def team_namespace(plan: Plan, name: str) -> Resource:
    """The team's namespace. Raises UserError, with the stack's teams, for an unknown name."""
    teams = {resource.object_name: resource for resource in team_namespaces(plan)}
    if name not in teams:
        known = ", ".join(sorted(teams)) or "none"
        given = f"there is no team {name!r}" if name else "no team given"
        raise UserError(
            f"{given} in stack {plan.stack}; spark-on-eks:spark.teams has: {known} "
            f"(stacks/Pulumi.{plan.stack}.yaml)"
        )
    return teams[name]


def annotation(namespace: Resource, key: str) -> str | None:
    """An annotation of a namespace, None without it."""
    found = (namespace.inputs["metadata"].get("annotations") or {}).get(key)
    return None if found is None else str(found)


def team_nodes(plan: Plan, namespace: Resource) -> list[NodeSet]:
    """The nodes that the team's pods may use; none in an existing cluster whose nodes the stack
    does not create."""
    # A team's namespace depends on its nodes, which are deleted after its pods.
    own = set(namespace.options.dependencies)
    return [one for one in node_sets(plan) if one.resource.urn in own]


def team_jar_set(plan: Plan, name: str) -> str:
    """Returns the stack's set of JARs that a team's jobs mount. Raises UserError for an unknown
    team, and for one without."""
    team_namespace(plan, name)
    claims = in_namespace(plan, "PersistentVolumeClaim", name)
    named = {at(one.inputs, "spec.volumeName") for one in claims if one.object_name == JARS_CLAIM}
    for one in plan.of_kind("PersistentVolume"):
        if one.object_name in named:
            return jar_set_in(plan, one.inputs["spec"])
    raise UserError(f"stack {plan.stack}: team {name} has no volume with JARs")


def jar_set_in(plan: Plan, volume: Mapping[str, Any]) -> str:
    """Returns the stack's set of JARs that a volume's spec has. Raises UserError for no or an
    unknown set."""
    sets: Mapping[str, str] = plan.exports["jarBuckets"]
    csi = volume.get("csi")
    if csi:
        options = dict(text.partition(" ")[::2] for text in volume.get("mountOptions", []))
        url = f"s3://{csi['volumeAttributes']['bucketName']}/{options.get('prefix', '')}jars/"
        found = [name for name, place in sets.items() if place == url]
    else:
        terms = volume_terms(volume)
        values = {value for term in terms for one in term for value in one.values}
        found = [name for name in sets if name in values]
    if len(found) != 1:
        raise UserError(
            f"stack {plan.stack}: the volume of the claim contains no known set of JARs"
        )
    return found[0]
