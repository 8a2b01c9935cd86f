"""The system nodes of a report: each workload of the platform, the sum, and whether it fits."""

from collections.abc import Sequence
from typing import Any

from ops.plan.platform_pods import CPU, DISK, MEMORY, PODS, PodGroup
from ops.plan.quantity import GIB
from ops.plan.system_nodes import SystemNodes
from ops.plan.text import columns


def smallest(found: Sequence[SystemNodes]) -> list[SystemNodes]:
    """Of each group the type with the least memory: what fits there fits on the others."""
    groups: dict[str, SystemNodes] = {}
    for one in found:
        urn = one.capacity.nodes.resource.urn
        if urn not in groups or one.room[MEMORY] < groups[urn].room[MEMORY]:
            groups[urn] = one
    return list(groups.values())


def lines(nodes: SystemNodes) -> list[str]:
    """A part of the report as text."""
    rows = [["", "pods", "vCPU", "memory, GiB", "disk, GiB", ""]]
    groups = sorted(nodes.groups, key=lambda one: (one.every_node, -_total(one, nodes)[2]))
    for one in groups:
        note = "a node each" if one.one_per_node else ""
        rows.append(
            [one.name, *_numbers(*_total(one, nodes)), "on each" if one.every_node else note]
        )
    needed, room = nodes.needed(nodes.nodes), nodes.room
    keys = (PODS, CPU, MEMORY, DISK)
    rows.append(["all pods", *_numbers(*(_shown(key, needed[key]) for key in keys)), ""])
    rows.append(
        ["these nodes", *_numbers(*(_shown(key, room[key]) * nodes.nodes for key in keys)), ""]
    )
    verdicts = [["error" if missing else "ok", text] for text, missing in _verdicts(nodes)]
    title = f"system nodes: {nodes.nodes} {nodes.type.name}, at the limits of all pools"
    return [title, *columns(rows, right=(1, 2, 3, 4)), *columns(verdicts)]


def as_json(nodes: SystemNodes) -> dict[str, Any]:
    """The same for tools; memory and disk in GiB."""
    needed, room = nodes.needed(nodes.nodes), nodes.room
    return {
        "type": nodes.type.name,
        "nodes": nodes.nodes,
        "leastNodes": nodes.least_nodes,
        "needed": {key: _shown(key, needed[key]) for key in needed},
        "oneNode": {key: _shown(key, room[key]) for key in room},
        "unplaced": nodes.unplaced(nodes.nodes),
        "unplacedAfterLoss": nodes.unplaced_after_loss(nodes.nodes),
        "workloads": [
            {
                "name": one.name,
                "replicas": one.replicas,
                "everyNode": one.every_node,
                "onePerNode": one.one_per_node,
                "each": {key: _shown(key, one.amounts[key]) for key in one.amounts},
            }
            for one in nodes.groups
        ],
    }


def _verdicts(nodes: SystemNodes) -> list[tuple[str, bool]]:
    more = nodes.unplaced(nodes.nodes)
    lost = nodes.unplaced_after_loss(nodes.nodes)
    return [
        (_said("all pods, and one more of the largest for a rollout", more), bool(more)),
        (_said("one replica of each with a node lost", lost), bool(lost)),
    ]


def _said(what: str, missing: list[str]) -> str:
    return f"{what}: no place for {', '.join(missing)}" if missing else what


def _total(group: PodGroup, nodes: SystemNodes) -> tuple[float, float, float, float]:
    """Pods, vCPU, memory and disk of a workload on all nodes."""
    count = nodes.nodes if group.every_node else group.replicas
    pods, cpu, memory, disk = (
        count * _shown(key, group.amounts[key]) for key in (PODS, CPU, MEMORY, DISK)
    )
    return pods, cpu, memory, disk


def _shown(key: str, amount: Any) -> float:
    return round(float(amount / GIB if key in (MEMORY, DISK) else amount), 3)


def _numbers(*values: float) -> list[str]:
    return [f"{value:.2f}".rstrip("0").rstrip(".") for value in values]
