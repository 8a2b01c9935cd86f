"""The cost table of README.md: the monthly cost of a stack without jobs."""

from collections.abc import Callable
from dataclasses import dataclass

from ops.diff.impact.cost import ADDRESSES, BILLED, ENDPOINTS, FLOOR, NAT
from ops.plan.command import table
from ops.plan.model import Plan
from tests.plans import plan_of

STACKS = ("dev", "prod")
HOURS = 730
"""Hours per month, as in AWS's calculator."""

_INSTANCES = {"r7g.large": 0.1071, "m7g.xlarge": 0.1632}
"""Dollars an hour, On-Demand, Linux, us-east-1, as of 2026-07-06:
github.com/aws/karpenter-provider-aws v1.14.1, pkg/providers/pricing/zz_generated.pricing_aws.go."""


@dataclass(frozen=True)
class Item:
    """A resource that AWS bills while the stack exists."""

    title: str
    price: str
    source: str
    count: Callable[[Plan], float]
    monthly: Callable[[Plan], float]


def monthly() -> str:
    """The monthly cost of each stack without jobs."""
    plans = [plan_of(stack) for stack in STACKS]
    head = ["USD a month (number)", *(f"`{stack}`" for stack in STACKS), "price in USD"]
    rows = [
        [
            item.title,
            *(f"{item.monthly(plan):.0f} ({item.count(plan):g})" for plan in plans),
            f"[{item.price}]({item.source})",
        ]
        for item in ITEMS
    ]
    totals = [sum(item.monthly(plan) for item in ITEMS) for plan in plans]
    rows.append(["**sum**", *(f"**{total:.0f}**" for total in totals), ""])
    return table(head, rows, right=len(STACKS))


def _hourly(
    title: str, dollars: float, unit: str, source: str, count: Callable[[Plan], float]
) -> Item:
    return Item(
        title, f"{dollars:g} {unit}", source, count, lambda plan: count(plan) * dollars * HOURS
    )


_system_nodes = BILLED[FLOOR].count


def _instances(plan: Plan) -> float:
    (group,) = plan.by_type("aws:eks/nodeGroup:NodeGroup")
    return _system_nodes(plan) * _INSTANCES[group.inputs["instanceTypes"][0]] * HOURS


def _gib(plan: Plan) -> float:
    (template,) = plan.by_type("aws:ec2/launchTemplate:LaunchTemplate")
    disks = template.inputs["blockDeviceMappings"]
    return _system_nodes(plan) * sum(disk["ebs"]["volumeSize"] for disk in disks)


ITEMS = (
    _hourly(
        "EKS control plane",
        0.10,
        "an hour",
        "https://aws.amazon.com/eks/pricing/",
        lambda plan: len(plan.by_type("eks:index:Cluster")),
    ),
    _hourly(
        "NAT gateways",
        0.045,
        "an hour, and as much a GB",
        "https://aws.amazon.com/vpc/pricing/",
        BILLED[NAT].count,
    ),
    _hourly(
        "their public IPv4 addresses",
        0.005,
        "an hour",
        "https://aws.amazon.com/vpc/pricing/",
        BILLED[ADDRESSES].count,
    ),
    _hourly(
        "interface endpoints x zones",
        0.01,
        "an hour, and as much a GB",
        "https://aws.amazon.com/privatelink/pricing/",
        BILLED[ENDPOINTS].count,
    ),
    Item(
        "system nodes, the minimum",
        ", ".join(f"{name} {dollars}" for name, dollars in _INSTANCES.items()) + " an hour",
        "https://aws.amazon.com/ec2/pricing/on-demand/",
        _system_nodes,
        _instances,
    ),
    Item(
        "their EBS volumes, GiB of gp3",
        "0.08 a GiB",
        "https://aws.amazon.com/ebs/pricing/",
        _gib,
        lambda plan: _gib(plan) * 0.08,
    ),
)
