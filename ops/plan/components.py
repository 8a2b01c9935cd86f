"""A plan's components as a graph: the resources of each, and the components that must exist
first."""

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum

from ops.plan.model import Plan, Resource


class Tier(IntEnum):
    """Where a component's resources are."""

    network = 0
    cloud = 1
    cluster = 2


@dataclass(frozen=True)
class Component:
    """One top-level component: the kinds of resources in it, and the components it needs."""

    name: str
    kind: str
    tier: Tier
    contents: tuple[tuple[str, int], ...]
    needs: tuple[str, ...]


_IMPORTANT = (
    "Vpc", "Subnet", "NatGateway", "VpcEndpoint", "Cluster", "NodeGroup", "LaunchTemplate", "Addon",
    "NodePool", "EC2NodeClass", "Release", "DaemonSet", "Deployment", "Bucket", "Queue",
    "Namespace", "PersistentVolume", "PersistentVolumeClaim", "ResourceQuota", "Role",
)  # fmt: skip
"""Kinds that a component lists first."""
_CONNECTING = ("Association", "Attachment", "Rule", "Tag", "Policy", "Route", "Binding", "Target")
"""Kinds that a component lists last: each only connects two other resources."""


def components(plan: Plan) -> tuple[Component, ...]:
    """Returns the top-level components in the order of dependency, then by name.

    Resources outside of any component are left out, except for remote components.
    """
    tops: dict[str, Resource] = {}
    members: dict[str, list[Resource]] = {}
    owner: dict[str, str] = {}
    for resource in plan.resources:
        if resource.is_provider:
            continue
        top = plan.component(resource)
        if top is not None:
            tops[top.urn] = top
            members.setdefault(top.urn, []).append(resource)
            owner[resource.urn] = top.urn
    edges = {urn: _edges(urn, found, owner, plan) for urn, found in members.items()}
    order = _ordered(edges)
    tiers: dict[str, Tier] = {}
    for urn in order:
        tiers[urn] = max([_tier(members[urn]), *(tiers[below] for below in edges[urn])])
    return tuple(
        Component(
            name=tops[urn].name,
            kind=tops[urn].type.rsplit(":", 1)[1],
            tier=tiers[urn],
            contents=_contents(members[urn]),
            needs=tuple(sorted(tops[below].name for below in edges[urn])),
        )
        for urn in order
    )


def _edges(
    urn: str, resources: list[Resource], owner: dict[str, str], plan: Plan
) -> frozenset[str]:
    reached: set[str] = set()
    for resource in resources:
        reached.update(resource.options.dependencies)
        # Resources depend on the resources that configure their provider.
        for reference in (resource.options.provider, *resource.options.providers.values()):
            if provider := plan.get(reference):
                reached.update(provider.options.dependencies)
    return frozenset(owner[found] for found in reached if found in owner) - {urn}


def _ordered(edges: dict[str, frozenset[str]]) -> list[str]:
    """Returns the nodes in the order of their dependencies; removes cycles from `edges`."""
    order: list[str] = []
    left = sorted(edges)
    while left:
        done = set(order)
        # In a cycle, the component with the fewest open dependencies is first.
        chosen = min(left, key=lambda urn: (len(edges[urn] - done), urn))
        edges[chosen] &= done
        order.append(chosen)
        left.remove(chosen)
    return order


def _tier(resources: list[Resource]) -> Tier:
    kinds = Counter(resource.package for resource in resources if resource.custom)
    if kinds["kubernetes"] > kinds["aws"]:
        return Tier.cluster
    if any(resource.type in ("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet") for resource in resources):
        return Tier.network
    return Tier.cloud


def _contents(resources: list[Resource]) -> tuple[tuple[str, int], ...]:
    counted = Counter(
        str(resource.inputs.get("kind") or resource.type.rsplit(":", 1)[1])
        for resource in resources
        if resource.custom or resource.remote
    )
    return tuple(sorted(counted.items(), key=lambda item: (_rank(item[0]), -item[1], item[0])))


def _rank(kind: str) -> int:
    if kind in _IMPORTANT:
        return _IMPORTANT.index(kind)
    return len(_IMPORTANT) + kind.endswith(_CONNECTING)
