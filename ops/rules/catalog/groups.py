"""Managed node groups: their version, launch template, sizes and updates."""

from collections.abc import Iterator

from ops.plan.model import Plan
from ops.plan.nodes import GROUP, node_groups
from ops.plan.values import UNKNOWN, at
from ops.rules.catalog.cluster import clusters
from ops.rules.rule import Violation, rule

_USERGUIDE = "https://docs.aws.amazon.com/eks/latest/userguide"
_MOVING = ("$Latest", "$Default")


@rule(
    reason="The kubelet must not be newer than the API server, and an older one is for the time of "
    "an upgrade only: it loses support first.",
    source="https://kubernetes.io/releases/version-skew-policy/#kubelet",
)
def groups_of_cluster(plan: Plan) -> Iterator[Violation]:
    """A managed node group has the Kubernetes version of its cluster."""
    versions = {str(one.inputs["version"]) for one in clusters(plan)} - {UNKNOWN}
    for one in plan.by_type(GROUP):
        own = one.inputs.get("version")
        if own not in (None, UNKNOWN, *versions) and versions:
            text = f"has Kubernetes {own}, and the cluster {', '.join(sorted(versions))}"
            yield Violation(one, "version", text)


@rule(
    reason="EKS updates a group when the number of its template's version changes: with `$Latest` "
    "a change of the template reaches no node, and two nodes of a group may differ.",
    source=f"{_USERGUIDE}/launch-templates.html",
)
def templates_numbered(plan: Plan) -> Iterator[Violation]:
    """A managed node group names the number of its launch template's version."""
    for one in plan.by_type(GROUP):
        version = at(one.inputs, "launchTemplate.version")
        if version in _MOVING:
            yield Violation(one, "template", f"follows version {version} of its launch template")


@rule(
    reason="An update ends as many nodes at once as it may: with all of them the platform's "
    "controllers stop, and so does every replica.",
    source=f"{_USERGUIDE}/managed-node-update-behavior.html",
)
def groups_updated_in_part(plan: Plan) -> Iterator[Violation]:
    """An update of a managed node group leaves some nodes of it, and its sizes are in order."""
    for nodes in node_groups(plan):
        group, most = nodes.resource, at(nodes.resource.inputs, "updateConfig.maxUnavailable")
        percent = at(group.inputs, "updateConfig.maxUnavailablePercentage")
        sizes = [at(group.inputs, f"scalingConfig.{key}") for key in ("minSize", "maxSize")]
        if isinstance(percent, int) and percent >= 100:
            yield Violation(group, "update", "may update all of its nodes at once")
        if nodes.is_system and isinstance(most, int) and most >= max(1, nodes.min_nodes):
            yield Violation(group, "update", f"may update {most} of {nodes.min_nodes} at once")
        if all(isinstance(size, int) for size in sizes) and sizes[1] < max(1, sizes[0]):
            text = f"has at most {sizes[1]} nodes, which EKS refuses: at least {max(1, sizes[0])}"
            yield Violation(group, "size", text)
