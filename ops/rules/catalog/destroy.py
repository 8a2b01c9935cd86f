"""The order of a destroy, as a property of the dependency graph."""

from collections.abc import Iterator

from ops.plan.graph import Graph
from ops.plan.model import Plan
from ops.plan.nodes import node_sets
from ops.plan.values import UNKNOWN, at
from ops.plan.workloads import team_namespaces
from ops.rules.order import TABLE
from ops.rules.rule import Violation, rule


@rule(
    reason="A destroy in another order leaves instances without a controller that ends them, and a "
    "VPC that cannot be deleted.",
    source="https://karpenter.sh/docs/concepts/disruption/#termination-controller",
)
def destroy_order(plan: Plan) -> Iterator[Violation]:
    """A destroy deletes claims, NodePools, node classes, controller, CRDs, system nodes, cluster
    and network, in this order; roles, queue and NAT gateways are deleted after what uses
    them."""
    graph = Graph(plan)
    for row in TABLE:
        for one in row.first(plan):
            for other in graph.missing(one, row.then(plan, one)):
                message = f"may outlive {other.name} ({other.short_type}): {row.why}"
                yield Violation(one, f"{one.name} before {other.name}", message)


@rule(
    reason="A namespace is deleted after its pods, which needs the nodes and their controller.",
    source="https://kubernetes.io/docs/concepts/architecture/garbage-collection/",
)
def teams_before_nodes(plan: Plan) -> Iterator[Violation]:
    """A team's namespace and volume are deleted before the nodes of its drivers and executors."""
    graph = Graph(plan)
    spark = [nodes for nodes in node_sets(plan) if not nodes.is_system]
    if not spark:
        return
    volumes = [one for one in plan.of_kind("PersistentVolume") if at(one.inputs, "spec.claimRef")]
    for one in (*team_namespaces(plan), *volumes):
        below = graph.below(one)
        kept = [nodes for nodes in spark if nodes.resource.urn in below]
        if not any(nodes.is_drivers for nodes in kept):
            yield Violation(one, "drivers", "may outlive the nodes of its drivers")
        if all(nodes.is_drivers for nodes in kept):
            yield Violation(one, "executors", "may outlive the nodes of its executors")


@rule(
    reason="A NodePool that is deleted in the background is gone at once, and then its controller: "
    "the instances stay (github.com/METR/hawk/pull/21).",
    source="https://kubernetes.io/docs/concepts/architecture/garbage-collection/#foreground-deletion",
)
def nodepools_wait(plan: Plan) -> Iterator[Violation]:
    """A NodePool is deleted with foreground propagation, which waits for its nodes."""
    for one in plan.of_kind("NodePool"):
        annotations = at(one.inputs, "metadata.annotations")
        wanted = "pulumi.com/deletionPropagationPolicy"
        if annotations != UNKNOWN and (annotations or {}).get(wanted) != "foreground":
            yield Violation(one, wanted, "is deleted in the background")
