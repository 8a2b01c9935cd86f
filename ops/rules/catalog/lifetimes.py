"""Expiry of Karpenter's nodes, which asks no disruption budget."""

from collections.abc import Iterator
from typing import Any

from ops.plan.model import Plan
from ops.plan.nodes import NodeSet, node_pools
from ops.plan.values import UNKNOWN, at
from ops.rules.rule import Severity, Violation, rule

_EXPIRATION = "https://karpenter.sh/docs/concepts/disruption/#expiration"
_DEFAULT = "720h"


@rule(
    reason="A job ends with its driver. Expiry is forceful: it asks no disruption budget and no "
    "`karpenter.sh/do-not-disrupt`, and drivers that still run when `terminationGracePeriod` ends "
    "are killed. Drivers' nodes are removed when they are empty.",
    source=_EXPIRATION,
)
def drivers_not_expired(plan: Plan) -> Iterator[Violation]:
    """Drivers' nodes never expire."""
    for nodes, spec, age in _expiring(plan):
        if nodes.is_drivers:
            drain = at(spec, "terminationGracePeriod") or "no time limit"
            what = f"ends drivers {age} after their node's start (a drain has {drain}): no "
            yield _expires(nodes, f"{what}budget is asked; set drivers.expireAfter: Never")


@rule(
    severity=Severity.warning,
    reason="Expiry asks no disruption budget: nodes that a job started together go together, with "
    "their executors' shuffle files. Drift by a new image replaces nodes within the budgets.",
    source=_EXPIRATION,
)
def executors_not_expired(plan: Plan) -> Iterator[Violation]:
    """Executors' nodes never expire."""
    for nodes, _, age in _expiring(plan):
        if not nodes.is_drivers:
            text = f"evicts executors {age} after their node's start: no budget is asked"
            yield _expires(nodes, text)


def _expires(nodes: NodeSet, text: str) -> Violation:
    return Violation(nodes.resource, "expireAfter", text)


def _expiring(plan: Plan) -> Iterator[tuple[NodeSet, Any, str]]:
    """NodePools whose nodes expire, with the spec of their nodes and the age."""
    for nodes in node_pools(plan):
        spec = at(nodes.resource.inputs, "spec.template.spec")
        # UNKNOWN is text.
        if not isinstance(spec, dict):
            continue
        age = spec.get("expireAfter") or _DEFAULT
        if age not in ("Never", UNKNOWN):
            yield nodes, spec, str(age)
