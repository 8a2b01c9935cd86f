"""What AWS bills by the hour, as counts without prices."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ops.diff.compare import change_line
from ops.diff.diff import WORDS, Diff
from ops.diff.impact.cluster import TYPES
from ops.diff.impact.model import Cause, Consequence, Kind
from ops.plan.model import Plan
from ops.plan.nodes import NodeSet, node_groups, node_pools
from ops.plan.quantity import GIB
from ops.plan.values import at


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields each count that changes."""
    for label, billed in BILLED.items():
        old, new = billed.count(diff.old), billed.count(diff.new)
        if old != new:
            names = _causes(diff, billed.type_word)
            text = f"cost: {label} {_count(old)} -> {_count(new)}"
            yield Consequence(Kind.cost, text, names)
    yield from _support(diff)


def _count(number: float) -> str:
    return "unlimited" if number == float("inf") else f"{number:g}"


class Billed(NamedTuple):
    """A count of what is billed, and a word in the types of the resources that change it."""

    count: Callable[[Plan], float]
    type_word: str


def _of(type_: str) -> Callable[[Plan], float]:
    return lambda plan: len(plan.by_type(type_))


def _endpoint_interfaces(plan: Plan) -> float:
    """An interface endpoint is billed for each zone."""
    return sum(
        len(one.inputs.get("subnetIds") or [0])
        for one in plan.by_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        if one.inputs.get("vpcEndpointType") == "Interface"
    )


def _node_floor(plan: Plan) -> float:
    return sum(one.min_nodes for one in node_groups(plan))


def _total(nodes: Iterable[NodeSet], resource: str) -> float:
    limits = [one.limit(resource) for one in nodes]
    return float("inf") if None in limits else float(sum(one or 0 for one in limits))


def _log_types(plan: Plan) -> float:
    found = [one for type_ in TYPES for one in plan.by_type(type_)]
    return sum(len(one.inputs.get("enabledClusterLogTypes") or []) for one in found)


NAT, ADDRESSES, ENDPOINTS, FLOOR = (
    "NAT gateways",
    "public IPv4 addresses",
    "interface endpoints, by zone",
    "node floor (managed groups' minimum)",
)
BILLED: Mapping[str, Billed] = {
    NAT: Billed(_of("aws:ec2/natGateway:NatGateway"), "natGateway"),
    ADDRESSES: Billed(_of("aws:ec2/eip:Eip"), "eip:"),
    ENDPOINTS: Billed(_endpoint_interfaces, "vpcEndpoint"),
    FLOOR: Billed(_node_floor, "nodeGroup"),
    "managed groups' maximum of nodes": Billed(
        lambda plan: _total(node_groups(plan), "nodes"), "nodeGroup"
    ),
    "NodePools' limit of vCPU": Billed(lambda plan: _total(node_pools(plan), "cpu"), "NodePool"),
    "NodePools' limit of memory in GiB": Billed(
        lambda plan: _total(node_pools(plan), "memory") / GIB, "NodePool"
    ),
    "KMS keys": Billed(_of("aws:kms/key:Key"), "kms/key"),
    "VPC flow logs": Billed(_of("aws:ec2/flowLog:FlowLog"), "flowLog"),
    "kinds of control-plane logs": Billed(_log_types, "luster"),
}
"""By the words of a consequence; the first four are also in README.md's table, with prices."""


def _causes(diff: Diff, type_word: str) -> tuple[Cause, ...]:
    found = [step for step in diff.steps if type_word in step.resource.type]
    words = {op: word if word.startswith("may ") else f"is {word}" for op, word in WORDS.items()}
    return tuple(Cause(step.resource.name, words[step.operation], step.key) for step in found)


def _support(diff: Diff) -> Iterator[Consequence]:
    # docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html
    for step in diff.steps:
        if step.resource.type not in TYPES or step.old is None or step.new is None:
            continue
        for change in step.changes:
            if not change.path.startswith("upgradePolicy"):
                continue
            now = at(step.new.inputs, "upgradePolicy.supportType")
            text = (
                "cost: after the end of standard support the control plane is kept, at the fee of "
                "extended support"
                if now == "EXTENDED"
                else "cost: no fee of extended support; AWS upgrades the control plane by itself "
                "at the end of standard support"
            )
            cause = Cause(step.resource.name, change_line(change))
            yield Consequence(Kind.cost, text, (cause,))
