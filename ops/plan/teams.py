"""A team's namespace in a plan, and the nodes of its pools."""

from ops.plan.errors import UserError
from ops.plan.model import Plan, Resource
from ops.plan.nodes import NodeSet, node_sets
from ops.plan.workloads import team_namespaces


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
