"""NodePools: limits, and when Karpenter may disrupt their nodes."""

from collections.abc import Iterator

from ops.plan.model import Plan
from ops.plan.nodes import ARCH, CAPACITY_TYPE, node_pools
from ops.plan.values import UNKNOWN, at, each
from ops.rules.rule import Violation, rule


@rule(
    reason="A NodePool without limits launches nodes until the account's quota is reached.",
    source="https://karpenter.sh/docs/concepts/nodepools/#speclimits",
)
def limits_bounded(plan: Plan) -> Iterator[Violation]:
    """Every NodePool limits CPU and memory, names architecture and capacity type, and bounds the
    time of a drain."""
    for nodes in node_pools(plan):
        one = nodes.resource
        if at(one.inputs, "spec") == UNKNOWN:
            continue
        for key in ("cpu", "memory"):
            if not nodes.limits.get(key):
                yield Violation(one, key, f"has no limit of {key}")
        if not at(one.inputs, "spec.template.spec.terminationGracePeriod"):
            yield Violation(
                one, "drain", "drains without a time limit: a budget or a job can keep a node"
            )
        named = {requirement.key for requirement in nodes.requirements}
        for key in (ARCH, CAPACITY_TYPE):
            if key not in named:
                yield Violation(one, key, f"has no requirement of {key}")


@rule(
    reason="Consolidation of a non-empty node evicts its executors, and with a driver its job.",
    source="https://karpenter.sh/docs/concepts/disruption/",
)
def running_pods_kept(plan: Plan) -> Iterator[Violation]:
    """Every NodePool has a consolidation policy, disruption budgets and an expiry; drivers' nodes
    are removed only when empty."""
    for nodes in node_pools(plan):
        one, spec = nodes.resource, at(nodes.resource.inputs, "spec")
        if spec == UNKNOWN:
            continue
        if not each(spec, "disruption.budgets"):
            what = "may lose 10% of its nodes at once for any reason, which is the default"
            yield Violation(one, "budgets", what)
        for item in each(spec, "disruption.budgets"):
            if item.get("nodes") == "0" and not (item.get("reasons") or item.get("schedule")):
                yield Violation(one, "budget 0", "never removes empty nodes")
        if not at(spec, "disruption.consolidateAfter"):
            yield Violation(one, "consolidateAfter", "does not set how long an empty node is kept")
        if not at(spec, "disruption.consolidationPolicy"):
            yield Violation(
                one, "consolidation", "evicts pods from underutilized nodes, which is the default"
            )
        if not at(spec, "template.spec.expireAfter"):
            yield Violation(
                one, "expireAfter", "expires nodes after 720 hours, which is the default"
            )
        if not nodes.is_drivers:
            continue
        if at(spec, "disruption.consolidationPolicy") != "WhenEmpty":
            yield Violation(one, "consolidation", "evicts drivers")
        frozen = [item for item in each(spec, "disruption.budgets") if item.get("nodes") == "0"]
        reasons = {reason for item in frozen for reason in item.get("reasons") or ()}
        if not {"Drifted", "Underutilized"} <= reasons:
            yield Violation(one, "budgets", "replaces drivers' nodes when they drift")
        if not nodes.is_on_demand:
            yield Violation(one, "capacity", "runs drivers on Spot")
