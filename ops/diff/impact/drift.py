"""Changes on which Karpenter replaces nodes (karpenter v1.14.1).

Sources: sigs.k8s.io/karpenter pkg/apis/v1/nodepool.go (the hash of `spec.template`, fields marked
`hash:"ignore"`), pkg/controllers/nodeclaim/disruption/drift.go (requirements against a node's
labels), and github.com/aws/karpenter-provider-aws pkg/apis/v1/ec2nodeclass.go and
pkg/cloudprovider/drift.go. Lists are hashed as sets.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ops.diff.impact.model import Cause
from ops.plan.model import Resource
from ops.plan.requirements import requirements_of

_CLASS_UNHASHED = {
    "amiFamily", "amiSelectorTerms", "capacityReservationSelectorTerms", "ipPrefixCount",
    "securityGroupSelectorTerms", "subnetSelectorTerms",
}  # fmt: skip
REQUIREMENT = "requirement"
"""First word of a cause that drifts only the nodes that no longer match."""
DEFAULT_BUDGETS = [{"nodes": "10%"}]
"""The CRD's default."""


def of_pool(old: Resource, new: Resource) -> Iterator[Cause]:
    """Yields the changes of a NodePool that drift its nodes; weight, limits, disruption do not."""
    before, after = (_template(one) for one in (old, new))
    for path in sorted({*before, *after} - {"spec.requirements"}):
        if _hashed(before.get(path)) != _hashed(after.get(path)):
            yield Cause(new.name, f"template.{path}")
    was, now = (_requirements(one) for one in (old, new))
    for key, allowed in sorted(now.items()):
        if key not in was:
            yield Cause(new.name, f"{REQUIREMENT} {key} is asked for")
        elif lost := was[key] - allowed:
            values = ", ".join(sorted(lost))
            yield Cause(new.name, f"{REQUIREMENT} {key} no longer allows {values}")


def of_class(old: Resource, new: Resource) -> Iterator[Cause]:
    """Yields the changes of an EC2NodeClass that drift its nodes.

    A further subnet does not; another set of security groups or another image does.
    """
    before, after = (one.inputs.get("spec") or {} for one in (old, new))
    hashed = sorted({*before, *after} - _CLASS_UNHASHED)
    for field in (*hashed, "amiFamily", "amiSelectorTerms", "securityGroupSelectorTerms"):
        if _hashed(before.get(field)) != _hashed(after.get(field)):
            yield Cause(new.name, f"spec.{field}")
    was, now = (
        {json.dumps(term, sort_keys=True) for term in spec.get("subnetSelectorTerms") or []}
        for spec in (before, after)
    )
    if was - now:
        yield Cause(new.name, "spec.subnetSelectorTerms: a subnet less")


def budget(pool: Resource) -> tuple[str, bool]:
    """Returns how many drifted nodes are replaced at once, in words, and whether any is.

    Of the budgets for all reasons and for drift the smallest holds.
    """
    disruption = (pool.inputs.get("spec") or {}).get("disruption") or {}
    found = [
        one
        for one in disruption.get("budgets", DEFAULT_BUDGETS)
        if one.get("reasons") is None or "Drifted" in one["reasons"]
    ]
    if not found:
        return "all at once: no budget is for drifted nodes", True
    always = [str(one["nodes"]) for one in found if not one.get("schedule")]
    if any(nodes in ("0", "0%") for nodes in always):
        return "the budget for drifted nodes is 0", False
    words = [f"{nodes} at a time" for nodes in always]
    words += [
        f"{one['nodes']} for {one['duration']} from {one['schedule']}"
        for one in found
        if one.get("schedule")
    ]
    return f"budget {', '.join(words)}", True


def _template(pool: Resource) -> Mapping[str, Any]:
    template = (pool.inputs.get("spec") or {}).get("template") or {}
    found = {f"metadata.{key}": value for key, value in (template.get("metadata") or {}).items()}
    return found | {f"spec.{key}": value for key, value in (template.get("spec") or {}).items()}


def _requirements(pool: Resource) -> Mapping[str, frozenset[str]]:
    """Returns the allowed values of each label; an operator other than In counts as one value."""
    found: dict[str, frozenset[str]] = {}
    for one in requirements_of(_template(pool).get("spec.requirements")):
        values = frozenset(one.values)
        if one.operator != "In":
            values = frozenset({f"{one.operator} {', '.join(sorted(values))}".strip()})
        found[one.key] = found[one.key] & values if one.key in found else values
    return found


def _hashed(value: Any) -> str:
    return json.dumps(_normal(value), sort_keys=True)


def _normal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _normal(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return sorted((_normal(item) for item in value), key=json.dumps)
    # None differs from false: Karpenter hashes a pointer to false, and no nil pointer.
    return value
