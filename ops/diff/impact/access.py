"""Network access: the API server's endpoint, and security groups."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from ops.diff.diff import Diff
from ops.diff.impact.cluster import TYPES
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.plan.model import Resource
from ops.plan.values import each, mapping

_GROUPS = (
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
)
_EVERYWHERE = "0.0.0.0/0"
_NODES_PUBLIC = (
    "nodes reach the API server at its public endpoint only: unless publicAccessCidrs has the "
    "addresses of their NAT gateways, nodes are lost and their pods end"
)
"""docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"""


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields targets that more networks can reach than before, and those that fewer can."""
    for step in diff.of_type(*TYPES):
        if step.old is None or step.new is None:
            continue
        causes = causes_of(
            step, "publicAccessCidrs", "endpointPublicAccess", "endpointPrivateAccess", "vpcConfig"
        )
        old, new = _callers(step.old), _callers(step.new)
        what = "the API server from the internet"
        yield from _compared(what, old, new, causes, "" if _private(step.new) else _NODES_PUBLIC)
        if _private(step.old) and not _private(step.new):
            text = "no private endpoint of the API server: nodes use its public endpoint"
            jobs = "" if new == {_EVERYWHERE} else _NODES_PUBLIC
            yield Consequence(Kind.guard, text, causes, jobs=jobs)
    for step in diff.of_type(*_GROUPS):
        if step.old is None or step.new is None or not step.touches("ingress", "egress"):
            continue
        for key in ("ingress", "egress"):
            old, new = _rules(step.old, key), _rules(step.new, key)
            what = f"security group {step.resource.name}, {key}"
            cut = f"connections that security group {step.resource.name} no longer allows fail"
            yield from _compared(what, old, new, causes_of(step, key), cut)


def _compared(
    what: str, old: set[str], new: set[str], causes: tuple[Any, ...], jobs: str = ""
) -> Iterator[Consequence]:
    more = sorted(one for one in new if not any(_within(one, other) for other in old))
    less = sorted(one for one in old if not any(_within(one, other) for other in new))
    if more:
        text = f"wider permission: {what}: also {', '.join(more)}"
        yield Consequence(Kind.wider, text, causes)
    if less:
        text = f"narrower permission: {what}: no longer {', '.join(less)}"
        yield Consequence(Kind.narrower, text, causes, jobs=jobs)


def _config(cluster: Resource) -> Mapping[str, Any]:
    return mapping(cluster.inputs, "vpcConfig") or cluster.inputs


def _callers(cluster: Resource) -> set[str]:
    config = _config(cluster)
    # EKS's default: a public endpoint, open to every address.
    if config.get("endpointPublicAccess") is False:
        return set()
    return set(config.get("publicAccessCidrs") or [_EVERYWHERE])


def _private(cluster: Resource) -> bool:
    return bool(_config(cluster).get("endpointPrivateAccess"))


def _rules(group: Resource, key: str) -> set[str]:
    found = set()
    for rule in map(mapping, each(group.inputs, key)):
        ports = f"{rule.get('protocol')} {rule.get('fromPort')}-{rule.get('toPort')}"
        lists = ("cidrBlocks", "ipv6CidrBlocks", "securityGroups", "prefixListIds")
        sources = [one for name in lists for one in each(rule, name)]
        sources += ["itself"] if rule.get("self") else []
        found |= {f"{ports} {source}" for source in sources}
    return found


def _within(one: str, other: str) -> bool:
    """Whether a CIDR block lies in another, with the same ports before both."""
    *what, block = one.split(" ")
    *other_what, other_block = other.split(" ")
    if what != other_what:
        return False
    try:
        inner, outer = ipaddress.ip_network(block), ipaddress.ip_network(other_block)
    except ValueError:
        return block == other_block
    # Blocks of different IP versions do not contain each other.
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False
