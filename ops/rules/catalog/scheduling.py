"""Scheduling: taints are tolerated, selectors match nodes, startup taints are removed."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.names import POOL_LABEL, SYSTEM_POOL, SYSTEM_TAINT
from ops.plan.model import Plan, Resource
from ops.plan.nodes import node_sets
from ops.plan.packages import RELEASE, packages, registered
from ops.plan.requirements import Taint
from ops.plan.scheduling import Term, pod_terms, selects, tolerates, untolerated, volume_terms
from ops.plan.values import UNKNOWN, at, each, is_true, mappings
from ops.plan.workloads import pods
from ops.rules.rule import Violation, rule

_TAINTS = "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"
_ASSIGN = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"
_SYSTEM_NODES_TAINT = Taint(SYSTEM_TAINT, "true", "NoSchedule")


@rule(
    reason="A controller must not run on a Spot node, or on one that it can remove: the "
    "platform stops with it.",
    source="https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/",
)
def system_pods_placed(plan: Plan) -> Iterator[Violation]:
    """Each chart's and add-on's controller selects the system nodes and tolerates their taint."""
    if not any(nodes.is_system for nodes in node_sets(plan)):
        return
    for package in packages(plan):
        if not package.registered and package.name != UNKNOWN:
            what = f"{package.name}: its component does not register where its pods run"
            yield Violation(package.resource, package.name, what)
        if package.values == UNKNOWN:
            continue
        for workload in package.workloads:
            if not workload.is_placed:
                continue
            where = package.at(workload.values)
            critical = at(where, "priorityClassName") == "system-cluster-critical"
            chart = package.resource.type == RELEASE and workload.kind == "Deployment"
            if chart and not critical and not workload.no_priority:
                what = f"{package.name} has no critical priority and can be evicted"
                yield Violation(package.resource, "priority", what)
            selector = (where or {}).get("nodeSelector") or {}
            if selector.get(POOL_LABEL) != SYSTEM_POOL:
                yield Violation(package.resource, "selector", f"{package.name} may run on any node")
            if untolerated(each(where, "tolerations"), [_SYSTEM_NODES_TAINT]):
                yield Violation(package.resource, "toleration", f"{package.name} cannot run there")


@rule(
    reason="Without taints, pods of jobs run on system nodes, or system pods on Spot.",
    source=_TAINTS,
)
def nodes_tainted(plan: Plan) -> Iterator[Violation]:
    """Every node group and NodePool has a taint and the label of its pool."""
    for nodes in node_sets(plan):
        if not nodes.is_known:
            continue
        if not any(taint.effect in ("NoSchedule", "NoExecute") for taint in nodes.taints):
            yield Violation(nodes.resource, "taint", "has no taint: any pod can run there")
        if not nodes.pool:
            yield Violation(nodes.resource, POOL_LABEL, f"has no label {POOL_LABEL}")
        for taint in nodes.taints:
            if taint.key == POOL_LABEL and taint.value != nodes.pool:
                yield Violation(nodes.resource, str(taint), f"taint {taint} differs from its label")


@rule(reason="Nodes with a taint that no pod tolerates stay empty.", source=_TAINTS)
def taints_tolerated(plan: Plan) -> Iterator[Violation]:
    """Every taint is a pool's own, which jobs tolerate, or some pod, chart or add-on tolerates it;
    agents of each node do not count."""
    tolerations = list(_tolerations(plan))
    for nodes in node_sets(plan):
        for taint in nodes.taints:
            if (taint.key, taint.value) == (POOL_LABEL, nodes.pool) or taint.key in _AGENT_TAINTS:
                continue
            if not any(tolerates(one, taint) for one in tolerations):
                yield Violation(nodes.resource, str(taint), f"no pod tolerates {taint}")


@rule(
    reason="On a node without the agents of the storage drivers and of the mount, pods "
    "with volumes do not start.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/s3-csi.html",
)
def agents_everywhere(plan: Plan) -> Iterator[Violation]:
    """DaemonSets of the plan and of add-ons run on all Spark nodes."""
    for package in packages(plan):
        for path in (workload.tolerate_all for workload in package.workloads):
            if path and package.values != UNKNOWN and not _tolerates_all(package.at(path)):
                yield Violation(package.resource, path, f"{package.name}: {path} is not set")
    for pod in pods(plan):
        if pod.kind != "DaemonSet":
            continue
        for nodes in node_sets(plan):
            taints = (*nodes.taints, *nodes.startup_taints)
            missing = untolerated(each(pod.spec, "tolerations"), taints)
            for taint in () if nodes.is_system else missing:
                where = f"{taint} of {nodes.name}"
                yield Violation(pod.resource, where, f"does not tolerate {where}")


@rule(
    reason="A startup taint stays until an agent removes it: until then the node costs "
    "money and runs no pod.",
    source="https://karpenter.sh/docs/concepts/nodepools/#spectemplatespecstartuptaints",
)
def startup_taints_removed(plan: Plan) -> Iterator[Violation]:
    """An agent of the plan removes every startup taint, and Spark nodes have the mount's startup
    taint."""
    removers = {one.removes_taint for package in packages(plan) for one in package.workloads}
    mount_taints = {key for _, keys in registered(plan, "startupTaints") for key in keys}
    for pod in pods(plan):
        for container in pod.containers:
            for item in each(container, "env"):
                if item.get("name") == "STARTUP_TAINT":
                    removers.add(str(item.get("value")))
    for nodes in node_sets(plan):
        taints = (*nodes.startup_taints, *nodes.taints)
        for taint in taints:
            starts = taint in nodes.startup_taints or taint.key in _AGENT_TAINTS
            if starts and taint.key not in removers:
                yield Violation(nodes.resource, str(taint), f"nothing removes {taint}")
        present = {taint.key for taint in taints}
        for key in sorted(removers):
            if key not in present and key in mount_taints and not nodes.is_system:
                yield Violation(
                    nodes.resource, key, f"lacks {key}: pods start before the mount is ready"
                )


@rule(
    reason="A pod stays Pending if no node has the labels that it or its volume selects.",
    source=_ASSIGN,
)
def selectors_matched(plan: Plan) -> Iterator[Violation]:
    """Every selector of a pod, a chart, an add-on or a volume matches nodes of the stack, and a pod
    tolerates the taints of such nodes."""
    everywhere = node_sets(plan)
    if not everywhere:
        # The stack does not create the nodes: their labels are unknown.
        return
    added = _labels_set_by_pods(plan)
    for resource, terms in _selected(plan):
        if not any(selects(terms, nodes, added) for nodes in everywhere):
            text = " or ".join(
                ", ".join(f"{one.key} {one.operator} {list(one.values)}" for one in term)
                for term in terms
            )
            yield Violation(resource, text, f"no node has {text}")
    for pod in pods(plan):
        here = [nodes for nodes in everywhere if selects(pod_terms(pod.spec), nodes, added)]
        tolerations = each(pod.spec, "tolerations")
        if here and all(untolerated(tolerations, nodes.taints) for nodes in here):
            taint = untolerated(tolerations, here[0].taints)[0]
            yield Violation(pod.resource, "taints", f"tolerates {taint} of no node that it selects")


_AGENT_TAINTS = ("s3.csi.aws.com/agent-not-ready", "ebs.csi.aws.com/agent-not-ready")
"""Taints that CSI drivers remove. A node group lists its start-up taints with the others."""


def _tolerates_all(value: Any) -> bool:
    """A chart has a switch, or takes the tolerations themselves."""
    return is_true(value) or {"operator": "Exists"} in mappings(value)


def _tolerations(plan: Plan) -> Iterator[Mapping[str, Any]]:
    for pod in pods(plan):
        if pod.kind != "DaemonSet":
            yield from each(pod.spec, "tolerations")
    for package in packages(plan):
        for workload in package.workloads if package.values != UNKNOWN else ():
            if workload.is_placed:
                yield from each(package.at(workload.values), "tolerations")


def _selected(plan: Plan) -> Iterator[tuple[Resource, list[Term]]]:
    """Resources with the terms that select their nodes."""
    for pod in pods(plan):
        yield pod.resource, pod_terms(pod.spec)
    for package in packages(plan):
        for workload in package.workloads:
            where = package.at(workload.values)
            if workload.is_placed and isinstance(where, Mapping):
                yield package.resource, pod_terms({"nodeSelector": where.get("nodeSelector")})
    for one in plan.of_kind("PersistentVolume"):
        yield one, volume_terms(at(one.inputs, "spec") or {})


def _labels_set_by_pods(plan: Plan) -> dict[str, str]:
    """Labels that a DaemonSet of the plan puts on nodes: LABEL to JARS of its environment."""
    found = {}
    for pod in pods(plan):
        for container in pod.containers:
            values = {item.get("name"): item.get("value") for item in each(container, "env")}
            if pod.kind == "DaemonSet" and values.get("LABEL"):
                found[str(values["LABEL"])] = str(values.get("JARS"))
    return found
