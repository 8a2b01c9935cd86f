"""What AWS bills by the hour, as counts without prices."""

from collections.abc import Callable, Iterable, Iterator

from ops.diff.diff import Diff
from ops.diff.impact.cluster import TYPES
from ops.diff.impact.model import Cause, Consequence, Kind
from ops.diff.steps import Operation
from ops.diff.values import change_line
from ops.plan import paths
from ops.plan.model import Plan
from ops.plan.nodes import NodeSet, node_groups, node_pools
from ops.plan.quantity import GIB

_DONE = {
    Operation.create: "is created",
    Operation.update: "is updated",
    Operation.replace: "is replaced",
    Operation.may_replace: "may be replaced",
    Operation.delete: "is deleted",
}


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields each count that changes."""
    for label, count in _COUNTS.items():
        old, new = count(diff.old), count(diff.new)
        if old != new:
            names = _causes(diff, label)
            yield Consequence(Kind.cost, f"cost: {label} {old:g} -> {new:g}", names)
    yield from _support(diff)


def _nat(plan: Plan) -> float:
    return len(plan.by_type("aws:ec2/natGateway:NatGateway"))


def _addresses(plan: Plan) -> float:
    return len(plan.by_type("aws:ec2/eip:Eip"))


def _endpoint_interfaces(plan: Plan) -> float:
    """An interface endpoint is billed for each zone."""
    return sum(
        len(one.inputs.get("subnetIds") or [0])
        for one in plan.by_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        if one.inputs.get("vpcEndpointType") == "Interface"
    )


def _node_floor(plan: Plan) -> float:
    return sum(one.min_nodes for one in node_groups(plan))


def _node_ceiling(plan: Plan) -> float:
    return _total(node_groups(plan), "nodes")


def _pool_cpu(plan: Plan) -> float:
    return _total(node_pools(plan), "cpu")


def _pool_memory(plan: Plan) -> float:
    return _total(node_pools(plan), "memory") / GIB


def _total(nodes: Iterable[NodeSet], resource: str) -> float:
    return float(sum(one.limit(resource) or 0 for one in nodes))


def _keys(plan: Plan) -> float:
    return len(plan.by_type("aws:kms/key:Key"))


def _flow_logs(plan: Plan) -> float:
    return len(plan.by_type("aws:ec2/flowLog:FlowLog"))


def _log_types(plan: Plan) -> float:
    found = [one for type_ in TYPES for one in plan.by_type(type_)]
    return sum(len(one.inputs.get("enabledClusterLogTypes") or []) for one in found)


_COUNTS: dict[str, Callable[[Plan], float]] = {
    "NAT gateways": _nat,
    "public IPv4 addresses": _addresses,
    "interface endpoints, by zone": _endpoint_interfaces,
    "node floor (managed groups' minimum)": _node_floor,
    "managed groups' maximum of nodes": _node_ceiling,
    "NodePools' limit of vCPU": _pool_cpu,
    "NodePools' limit of memory in GiB": _pool_memory,
    "KMS keys": _keys,
    "VPC flow logs": _flow_logs,
    "kinds of control-plane logs": _log_types,
}
_CAUSES = {
    "NAT gateways": "natGateway",
    "public IPv4 addresses": "eip:",
    "interface endpoints, by zone": "vpcEndpoint",
    "node floor (managed groups' minimum)": "nodeGroup",
    "managed groups' maximum of nodes": "nodeGroup",
    "NodePools' limit of vCPU": "NodePool",
    "NodePools' limit of memory in GiB": "NodePool",
    "KMS keys": "kms/key",
    "VPC flow logs": "flowLog",
    "kinds of control-plane logs": "luster",
}


def _causes(diff: Diff, label: str) -> tuple[Cause, ...]:
    found = [step for step in diff.steps if _CAUSES[label] in step.resource.type]
    return tuple(Cause(step.resource.name, _DONE[step.operation]) for step in found)


def _support(diff: Diff) -> Iterator[Consequence]:
    # docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html
    for step in diff.steps:
        if step.resource.type not in TYPES or step.old is None or step.new is None:
            continue
        for change in step.changes:
            if not change.path.startswith("upgradePolicy"):
                continue
            now = paths.get(step.new.inputs, ("upgradePolicy", "supportType"))
            text = (
                "cost: after the end of standard support the control plane is kept, at the fee of "
                "extended support"
                if now == "EXTENDED"
                else "cost: no fee of extended support; AWS upgrades the control plane by itself "
                "at the end of standard support"
            )
            cause = Cause(step.resource.name, change_line(change))
            yield Consequence(Kind.cost, text, (cause,))
