"""NodePools: how far they grow, and when their nodes go."""

from collections.abc import Iterator

from ops.plan.model import Plan
from ops.plan.nodes import ARCH, CAPACITY_TYPE, node_pools
from ops.plan.values import UNKNOWN, at, each
from ops.rules.rule import Broken, Severity, rule


@rule(
    "limits-bounded",
    Severity.error,
    reason="A NodePool without limits buys nodes until the account's quota stops it.",
    source="https://karpenter.sh/docs/concepts/nodepools/#speclimits",
)
def limits(plan: Plan) -> Iterator[Broken]:
    """Every NodePool ends at CPU and memory, names what it may buy, and drains in a time."""
    for nodes in node_pools(plan):
        one = nodes.resource
        if at(one.inputs, "spec") == UNKNOWN:
            continue
        for key in ("cpu", "memory"):
            if not nodes.limits.get(key):
                yield Broken(one, key, f"has no limit of {key}")
        if not at(one.inputs, "spec.template.spec.terminationGracePeriod"):
            yield Broken(one, "drain", "drains without an end: a budget or a job keeps a node")
        named = {requirement.key for requirement in nodes.requirements}
        for key in (ARCH, CAPACITY_TYPE):
            if key not in named:
                yield Broken(one, key, f"does not say which {key}")


@rule(
    "running-pods-kept",
    Severity.error,
    reason="A node that is moved to save money takes its executors with it, and a driver its job.",
    source="https://karpenter.sh/docs/concepts/disruption/",
)
def kept(plan: Plan) -> Iterator[Broken]:
    """Every NodePool says when nodes go and how many at once; drivers' nodes only when empty."""
    for nodes in node_pools(plan):
        one, spec = nodes.resource, at(nodes.resource.inputs, "spec")
        if spec == UNKNOWN:
            continue
        if not each(spec, "disruption.budgets"):
            yield Broken(one, "budgets", "may lose a tenth of its nodes for any reason, at once")
        for item in each(spec, "disruption.budgets"):
            if item.get("nodes") == "0" and not (item.get("reasons") or item.get("schedule")):
                yield Broken(one, "budget 0", "keeps empty nodes for ever")
        if not at(spec, "disruption.consolidateAfter"):
            yield Broken(one, "consolidateAfter", "does not say how long an empty node waits")
        if not at(spec, "disruption.consolidationPolicy"):
            yield Broken(one, "consolidation", "moves pods to save nodes, which is the default")
        if not at(spec, "template.spec.expireAfter"):
            yield Broken(one, "expireAfter", "ends nodes after 720 hours, which is the default")
        if not nodes.is_drivers:
            continue
        if at(spec, "disruption.consolidationPolicy") != "WhenEmpty":
            yield Broken(one, "consolidation", "moves drivers")
        frozen = [item for item in each(spec, "disruption.budgets") if item.get("nodes") == "0"]
        reasons = {reason for item in frozen for reason in item.get("reasons") or ()}
        if not {"Drifted", "Underutilized"} <= reasons:
            yield Broken(one, "budgets", "replaces drivers' nodes when they drift")
        if not nodes.is_on_demand:
            yield Broken(one, "capacity", "runs drivers on Spot")
