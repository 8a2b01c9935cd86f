"""The NodePools of a pool: their order, and how much of it Karpenter may disrupt at once."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ops.plan.model import Plan
from ops.plan.node_templates import NODE_CLASS
from ops.plan.nodes import NodeSet, node_pools
from ops.plan.packages import packages
from ops.plan.values import UNKNOWN, at, each, is_true
from ops.rules.rule import Severity, Violation, rule

_WEIGHTS = "https://karpenter.sh/docs/concepts/nodepools/#specweight"


def executor_pools(plan: Plan) -> dict[str, list[NodeSet]]:
    """The NodePools of executors by pool, the first that Karpenter tries first."""
    found: dict[str, list[NodeSet]] = {}
    for one in node_pools(plan):
        if one.pool and not one.is_drivers and one.is_known:
            found.setdefault(one.pool, []).append(one)
    return {pool: sorted(nodes, key=lambda one: -one.weight) for pool, nodes in found.items()}


@rule(
    reason="Karpenter tries the NodePool with the highest weight first, and one that allows both "
    "capacity types or processors picks among them by its own price list.",
    source=_WEIGHTS,
)
def fallback_order(plan: Plan) -> Iterator[Violation]:
    """Each NodePool of a pool has one processor, one capacity type and a weight of its own: Spot
    before On-Demand, Arm before x86."""
    for nodes in executor_pools(plan).values():
        for one in nodes:
            if len(one.capacity_types) > 1:
                yield Violation(one.resource, "capacity", "mixes Spot and On-Demand")
            if len(one.architectures) > 1:
                yield Violation(one.resource, "processor", "mixes processors")
        for before, after in pairwise(nodes):
            if before.weight == after.weight:
                text = f"has the weight of {before.name}, {after.weight}"
                yield Violation(after.resource, "weight", text)
            elif _rank(before) > _rank(after):
                yield Violation(before.resource, "weight", f"is tried before {after.name}")


def _rank(nodes: NodeSet) -> tuple[bool, bool]:
    return ("spot" not in nodes.capacity_types, "arm64" not in nodes.architectures)


@rule(
    severity=Severity.warning,
    reason="When no Spot capacity is left, executors of a pool without On-Demand nodes wait.",
    source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html",
)
def on_demand_fallback(plan: Plan) -> Iterator[Violation]:
    """A pool with Spot nodes falls back to On-Demand."""
    for pool, nodes in executor_pools(plan).items():
        if not any("on-demand" in one.capacity_types for one in nodes):
            yield Violation(nodes[0].resource, pool, f"pool {pool} has no On-Demand nodes")


@rule(
    reason="A budget of 100% lets a new image, or consolidation, evict all executors at once.",
    source="https://karpenter.sh/docs/concepts/disruption/#nodes",
)
def pools_disrupted_in_part(plan: Plan) -> Iterator[Violation]:
    """Drift and consolidation of nodes that run pods never disrupt all nodes of a NodePool at
    once."""
    for one in node_pools(plan):
        spec = at(one.resource.inputs, "spec")
        budgets = each(spec, "disruption.budgets") if spec != UNKNOWN else ()
        moves = at(spec, "disruption.consolidationPolicy") != "WhenEmpty"
        for reason in ("Drifted", *(("Underutilized",) if moves else ())):
            if budgets and _unbounded(budgets, reason):
                text = f"may lose all of its nodes at once when {reason.lower()}"
                yield Violation(one.resource, reason, text)


def _unbounded(budgets: Sequence[Mapping[str, Any]], reason: str) -> bool:
    """Whether no budget without a schedule limits this reason: Karpenter applies the smallest."""
    return not any(
        str(item.get("nodes")) != "100%"
        and not item.get("schedule")
        and (not item.get("reasons") or reason in item["reasons"])
        for item in budgets
    )


@rule(
    reason="More pods than addresses: a pod without one does not start, and without prefixes most "
    "types have fewer than 110. The kubelet is slow above 250.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html",
)
def pods_have_addresses(plan: Plan) -> Iterator[Violation]:
    """A node class allows at most 250 pods, and above 58 with address prefixes of the VPC CNI."""
    networks = [one for one in packages(plan) if "node-networking" in one.provides]
    prefixes = any(
        one.values == UNKNOWN or is_true(one.at("env.ENABLE_PREFIX_DELEGATION")) for one in networks
    )
    for one in plan.of_kind(NODE_CLASS):
        most = at(one.inputs, "spec.kubelet.maxPods")
        if most is None or most == UNKNOWN:
            continue
        if int(most) > 250:
            yield Violation(one, "pods", f"lets {most} pods run on a node")
        if int(most) > 58 and networks and not prefixes:
            text = f"lets {most} pods run, and the VPC CNI gives no address prefixes"
            yield Violation(one, "prefixes", text)
