"""Which nodes a pod can run on, as the Kubernetes scheduler decides it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ops.plan.nodes import NodeSet
from ops.plan.requirements import Requirement, Taint, requirements_of
from ops.plan.values import at, mapping, mappings

Term = tuple[Requirement, ...]
"""A node selector term: a node must match all of its requirements."""

_SET_ON_ANY_NODE = ("kubernetes.io/", "node.kubernetes.io/", "topology.kubernetes.io/")
"""Labels that the kubelet or the cloud provider sets on each node."""
_AFFINITY = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"


def tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """Whether a toleration matches a taint.

    Without an effect it matches all effects; without a key all keys, and needs operator Exists;
    without an operator it is Equal. Sources: Toleration.ToleratesTaint of k8s.io/api/core/v1, and
    for the key kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration.
    """
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    if (toleration.get("effect") or taint.effect) != taint.effect:
        return False
    if not key:
        return operator == "Exists"
    same_value = operator == "Equal" and (toleration.get("value") or "") == taint.value
    return key == taint.key and (operator == "Exists" or same_value)


def untolerated(tolerations: Iterable[Mapping[str, Any]], taints: Iterable[Taint]) -> list[Taint]:
    """The taints that keep a pod with these tolerations off a node."""
    matching = list(tolerations)
    return [
        taint
        for taint in taints
        if taint.effect != "PreferNoSchedule" and not any(tolerates(one, taint) for one in matching)
    ]


def pod_terms(spec: Mapping[str, Any]) -> list[Term]:
    """The terms of a pod's nodeSelector and required node affinity: a node must match one of
    them.

    Empty for a pod without node selector.
    """
    selector = tuple(
        Requirement(str(key), "In", (str(value),))
        for key, value in mapping(spec, "nodeSelector").items()
    )
    terms = node_terms(at(spec, _AFFINITY))
    return [(*selector, *term) for term in terms] or ([selector] if selector else [])


def volume_terms(spec: Mapping[str, Any]) -> list[Term]:
    """The terms of a PersistentVolume's node affinity."""
    return node_terms(at(spec, "nodeAffinity.required"))


def node_terms(selector: Any) -> list[Term]:
    """The terms of a node selector. Fields of a node (`matchFields`) are ignored."""
    return [
        requirements_of(term.get("matchExpressions"))
        for term in mappings(mapping(selector).get("nodeSelectorTerms"))
    ]


def selects(
    terms: Sequence[Term], nodes: NodeSet, added_labels: Mapping[str, str] | None = None
) -> bool:
    """Whether nodes of a pool or group can match one of the terms; no terms select every node.

    `added_labels` are labels that a pod may add to a node.
    """
    added = added_labels or {}
    return not terms or any(
        all(_can_meet(nodes, requirement, added) for requirement in term) for term in terms
    )


def can_run_on(spec: Mapping[str, Any], nodes: NodeSet) -> bool:
    """Whether a pod can run on nodes of a pool or group once their startup taints are removed."""
    tolerations = mappings(spec.get("tolerations"))
    return selects(pod_terms(spec), nodes) and not untolerated(tolerations, nodes.taints)


def _can_meet(nodes: NodeSet, wanted: Requirement, added: Mapping[str, str]) -> bool:
    key = wanted.key
    if key in added and wanted.accepts(added[key]):
        return True
    if key in nodes.labels:
        return wanted.accepts(str(nodes.labels[key]))
    own = [one for one in nodes.requirements if one.key == key]
    if listed := nodes.values_of(key):
        return any(wanted.accepts(value) for value in listed)
    if not own and not key.startswith(_SET_ON_ANY_NODE):
        return wanted.accepts(None)
    # The node has the label, with an unknown value.
    if wanted.operator == "In":
        return any(all(one.accepts(value) for one in own) for value in wanted.values)
    return wanted.operator != "DoesNotExist"
