"""A stack's components, or a change of them, as a Mermaid flowchart, which GitHub renders."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from ops.diff.diff import WORDS, ComponentChange, Diff, component_changes, merged
from ops.diff.steps import Operation
from ops.diff.text import summary
from ops.plan.components import Component, Tier, components
from ops.plan.graph import reachable
from ops.plan.model import Plan

_MOST_NODES = 40
"""A chart with more is too small to read in a comment."""
_KINDS = 4
"""Kinds of resources that a node lists."""
_TITLES = {Tier.network: "Network", Tier.cloud: "AWS", Tier.cluster: "Kubernetes"}
_STYLES = {
    Operation.create: "fill:#dcfce7,stroke:#15803d,color:#14532d",
    Operation.update: "fill:#fef3c7,stroke:#b45309,color:#78350f",
    Operation.may_replace: "fill:#fae8ff,stroke:#a21caf,color:#701a75,stroke-dasharray:3 3",
    Operation.replace: "fill:#ede9fe,stroke:#6d28d9,color:#4c1d95,stroke-width:3px",
    Operation.delete: "fill:#fee2e2,stroke:#b91c1c,color:#7f1d1d,stroke-dasharray:6 4",
}
"""Text and border are dark on a light fill, so that they read on a dark page too."""


@dataclass(frozen=True)
class Node:
    """Components that are drawn as one node."""

    members: tuple[Component, ...]
    change: ComponentChange | None = None

    @property
    def label(self) -> str:
        """Lines of the node: name, kind, contents, changes."""
        first, count = self.members[0], len(self.members)
        kinds = {one.kind for one in self.members}
        names = ", ".join(one.name for one in self.members[:3]) + (", ..." if count > 3 else "")
        lines = [first.name, first.kind]
        if count > 1:
            lines = [f"{count} x {first.kind}" if len(kinds) == 1 else f"{count} components", names]
        if len({one.contents for one in self.members}) == 1:
            lines.append(_contents(first))
        if self.change is not None:
            lines.append(self.change.words)
        return "<br>".join(escape(line) for line in lines if line)


@dataclass(frozen=True)
class Chart:
    """Nodes, and edges from what must exist first, as positions in `nodes`."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]
    is_change: bool


def chart_of(plan: Plan, diff: Diff | None = None) -> Chart:
    """Returns the chart of a plan; with a diff before and after in one, deleted parts included."""
    changes = component_changes(diff) if diff else {}
    found = components(merged(diff) if diff else plan)
    nodes = _nodes(found, changes)
    index = {one.name: number for number, node in enumerate(nodes) for one in node.members}
    edges = {
        (index[name], number)
        for number, node in enumerate(nodes)
        for one in node.members
        for name in one.needs
        if index[name] != number
    }
    created = sum(one.custom and not one.is_provider for one in plan.resources)
    text = f"{plan.project}/{plan.stack}: {summary(diff) if diff else f'{created} resources'}"
    return Chart(text, nodes, tuple(sorted(_reduced(edges))), diff is not None)


def to_mermaid(chart: Chart) -> str:
    """Returns the flowchart, the same text for the same plan."""
    lines = ["---", f"title: {json.dumps(chart.title, ensure_ascii=False)}", "---", "flowchart TD"]
    for tier, title in _TITLES.items():
        inside = [(i, one) for i, one in enumerate(chart.nodes) if one.members[0].tier is tier]
        if inside:
            lines.append(f'  subgraph {tier.name}["{title}"]')
            lines += [f'    n{number}["{node.label}"]' for number, node in inside]
            lines.append("  end")
    lines += [f"  n{first} --> n{then}" for first, then in chart.edges]
    if chart.is_change:
        lines += _colours(chart.nodes)
    return "\n".join(lines) + "\n"


def to_json(chart: Chart) -> str:
    """Returns the chart as JSON: nodes with their components, and edges."""
    content = {
        "title": chart.title,
        "nodes": [
            {
                "id": f"n{number}",
                "group": _TITLES[node.members[0].tier],
                "components": [one.name for one in node.members],
                "kind": node.members[0].kind,
                "change": str(node.change.operation) if node.change else None,
            }
            for number, node in enumerate(chart.nodes)
        ],
        "edges": [{"first": f"n{first}", "then": f"n{then}"} for first, then in chart.edges],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def escape(text: str) -> str:
    """Returns text for a quoted label: markup, quotes and entities are shown as they are."""
    # Entity codes: mermaid.js.org/syntax/flowchart.html, "Entity codes to escape characters".
    special = r"[^\w ,./():-]|^\W|(?<=[0-9])\.(?= )"
    return re.sub(special, lambda found: f"#{ord(found[0])};", text.replace("\n", " "))


def _nodes(found: Sequence[Component], changes: Mapping[str, ComponentChange]) -> tuple[Node, ...]:
    """Groups equal components; if too many nodes remain, components of one kind, then of one
    tier."""

    def operation(one: Component) -> Operation | None:
        known = changes.get(one.name)
        return known.operation if known else None

    nodes: list[Node] = []
    for key in (
        lambda one: (one.tier, one.kind, one.contents, one.needs, changes.get(one.name)),
        lambda one: (one.tier, one.kind, operation(one)),
        lambda one: (one.tier, operation(one)),
    ):
        groups: dict[Any, list[Component]] = {}
        for one in found:
            groups.setdefault(key(one), []).append(one)
        nodes = [
            Node(tuple(group), _common({changes.get(one.name) for one in group}))
            for group in groups.values()
        ]
        if len(nodes) <= _MOST_NODES:
            break
    return tuple(nodes)


def _common(found: Set[ComponentChange | None]) -> ComponentChange | None:
    """Returns the common change of a group; if the counts differ, its operation alone."""
    first = next(iter(found))
    return first if len(found) == 1 or first is None else ComponentChange("", first.operation)


def _reduced(edges: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Returns the edges without those that a longer path also gives (the transitive reduction)."""
    after: dict[int, set[int]] = {}
    for first, then in edges:
        after.setdefault(first, set()).add(then)

    reach = {first: reachable(after[first], after) for first in after}
    return {
        (first, then)
        for first, then in edges
        # Grouped components may form a cycle, where each edge also has a longer path.
        if first in reach.get(then, ())
        or not any(then in reach.get(other, ()) for other in after[first] - {then})
    }


def _colours(nodes: Sequence[Node]) -> Iterator[str]:
    yield '  subgraph legend["Legend"]'
    yield "    direction LR"
    yield from (f'    {op.name}["{word}"]:::{op.name}_style' for op, word in WORDS.items())
    yield "  end"
    for operation, style in _STYLES.items():
        yield f"  classDef {operation.name}_style {style}"
        changed = [
            f"n{number}"
            for number, node in enumerate(nodes)
            if node.change and node.change.operation is operation
        ]
        if changed:
            yield f"  class {','.join(changed)} {operation.name}_style"


def _contents(one: Component) -> str:
    items = [_plural(kind, count) for kind, count in one.contents]
    return ", ".join([*items[:_KINDS], *(["..."] if len(items) > _KINDS else [])])


def _plural(kind: str, count: int) -> str:
    if count == 1:
        return kind
    if kind.endswith("y") and kind[-2] not in "aeo":
        return f"{count} {kind[:-1]}ies"
    return f"{count} {kind}{'es' if kind.endswith('s') else 's'}"
