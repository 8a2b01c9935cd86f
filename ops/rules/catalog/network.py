"""The network: endpoints, flow logs, names and tags."""

import ipaddress
from collections.abc import Iterator, Sequence
from itertools import combinations

from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource
from ops.plan.values import UNKNOWN, is_true
from ops.rules.catalog.nodes import public_subnets
from ops.rules.rule import Severity, Violation, rule

_ROUTE, _SUBNET = "aws:ec2/route:Route", "aws:ec2/subnet:Subnet"
_NAMED = ("vpc:Vpc", "subnet:Subnet", "routeTable:RouteTable", "natGateway:NatGateway", "eip:Eip")


@rule(
    reason="An interface endpoint without private DNS, or without a security group that allows "
    "callers, is billed and not used; without a gateway endpoint S3 traffic is billed by NAT.",
    source="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
)
def endpoints_used(plan: Plan) -> Iterator[Violation]:
    """Interface endpoints have private DNS and an address in each zone of nodes; a VPC has an S3
    gateway endpoint, which all tables with a NAT gateway use."""
    made = plan.by_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    for one in made:
        if one.inputs.get("vpcEndpointType") != "Interface":
            continue
        if not is_true(one.inputs.get("privateDnsEnabled")):
            yield Violation(one, "DNS", "has no private DNS")
        if not one.inputs.get("securityGroupIds"):
            yield Violation(
                one, "group", "uses the VPC's default security group, which allows no ingress"
            )
    yield from _closed_groups(plan)
    for vpc in plan.by_type("aws:ec2/vpc:Vpc"):
        gateways = [
            one
            for one in made
            if str(one.inputs.get("serviceName")).endswith(".s3")
            and vpc in inputs_from(one, "vpcId", plan)
        ]
        served = {
            table.urn for one in gateways for table in inputs_from(one, "routeTableIds", plan)
        }
        if not any(one.inputs.get("routeTableIds") for one in gateways):
            yield Violation(vpc, "S3", "reaches S3 through NAT")
            continue
        for table in _tables_with_nat(plan, vpc):
            if table.urn not in served:
                yield Violation(table, "S3", "reaches S3 through NAT")
    yield from _zones_without_endpoint(plan, made)


def _closed_groups(plan: Plan) -> Iterator[Violation]:
    """Security groups that let in no caller."""
    for group in plan.by_type("aws:ec2/securityGroup:SecurityGroup"):
        if not group.inputs.get("ingress"):
            yield Violation(group, "ingress", "allows no ingress")
        for item in group.inputs.get("ingress") or []:
            if not (item.get("cidrBlocks") or item.get("securityGroups") or item.get("self")):
                yield Violation(group, "callers", "has an ingress rule without a source")


def _tables_with_nat(plan: Plan, vpc: Resource) -> list[Resource]:
    """The route tables of a VPC that lead to a NAT gateway."""
    return [
        table
        for route in plan.by_type(_ROUTE)
        if route.inputs.get("natGatewayId")
        for table in inputs_from(route, "routeTableId", plan)
        if vpc in inputs_from(table, "vpcId", plan)
    ]


def _zones_without_endpoint(plan: Plan, endpoints: Sequence[Resource]) -> Iterator[Violation]:
    """Zones of nodes in which an interface endpoint has no address."""
    zones = {zone for one in private_subnets(plan) if (zone := _zone(one))}
    for one in endpoints:
        own = {_zone(subnet) for subnet in inputs_from(one, "subnetIds", plan)}
        for zone in sorted(zones - own) if own else ():
            yield Violation(one, zone, f"has no address in {zone}: its nodes depend on another")


def _zone(subnet: Resource) -> str:
    return str(subnet.inputs.get("availabilityZone") or "")


def private_subnets(plan: Plan) -> list[Resource]:
    """The subnets of the stack without a route to an internet gateway."""
    public = {one.urn for one in public_subnets(plan)}
    return [one for one in plan.by_type(_SUBNET) if one.urn not in public]


@rule(
    reason="Traffic to a NAT gateway of another zone is billed as cross-zone, and ends when that "
    "zone does.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
)
def nat_in_zone(plan: Plan) -> Iterator[Violation]:
    """Where each zone has a NAT gateway, its subnets use that one."""
    zone_of = {
        gateway.urn: _zone(subnet)
        for gateway in plan.by_type("aws:ec2/natGateway:NatGateway")
        for subnet in inputs_from(gateway, "subnetId", plan)
    }
    tables = {
        table.urn: _zone(subnet)
        for one in plan.by_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
        for table in inputs_from(one, "routeTableId", plan)
        for subnet in inputs_from(one, "subnetId", plan)
    }
    for route in plan.by_type(_ROUTE):
        for gateway in inputs_from(route, "natGatewayId", plan):
            for table in inputs_from(route, "routeTableId", plan):
                zone, other = tables.get(table.urn, ""), zone_of.get(gateway.urn, "")
                if zone in zone_of.values() and zone and other != zone:
                    text = f"leads from {zone} to the NAT gateway in {other}"
                    yield Violation(route, "zone", text)


@rule(
    reason="EC2 refuses a subnet that overlaps another, or is outside of its VPC: the `up` stops "
    "half-way.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
)
def subnets_apart(plan: Plan) -> Iterator[Violation]:
    """Subnets of a VPC are inside of it and do not overlap."""
    for vpc in plan.by_type("aws:ec2/vpc:Vpc"):
        outer = _block(vpc)
        inside = [
            (one, block)
            for one in plan.by_type(_SUBNET)
            if vpc in inputs_from(one, "vpcId", plan) and (block := _block(one))
        ]
        for one, block in inside:
            if outer and not block.subnet_of(outer):
                yield Violation(one, "block", f"{block} is outside of the VPC's {outer}")
        for (first, one), (second, other) in combinations(inside, 2):
            if one.overlaps(other):
                yield Violation(second, first.name, f"{other} overlaps {one} of {first.name}")


def _block(resource: Resource) -> ipaddress.IPv4Network | None:
    text = resource.inputs.get("cidrBlock")
    return ipaddress.IPv4Network(text) if text not in (None, UNKNOWN) else None


@rule(
    reason="Rejected traffic shows attacks, accepted traffic shows data leaks.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",
)
def flow_logs_whole(plan: Plan) -> Iterator[Violation]:
    """A flow log records accepted and rejected traffic."""
    for one in plan.by_type("aws:ec2/flowLog:FlowLog"):
        if one.inputs.get("trafficType") != "ALL":
            yield Violation(one, "traffic", f"records {one.inputs.get('trafficType') or 'nothing'}")


@rule(
    severity=Severity.warning,
    reason="The console and cost reports show ids: a Name tag identifies stack and zone.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-subnets-routing.html",
)
def network_named(plan: Plan) -> Iterator[Violation]:
    """Network resources have a Name tag."""
    for type_ in _NAMED:
        for one in plan.by_type(f"aws:ec2/{type_}"):
            if not (one.inputs.get("tags") or {}).get("Name"):
                yield Violation(one, "Name", "has no Name")


@rule(
    severity=Severity.warning,
    reason="The load balancer controller discovers subnets by these tags.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html",
)
def subnets_for_load_balancers(plan: Plan) -> Iterator[Violation]:
    """Public subnets are for internet-facing load balancers, private ones for internal."""
    public = public_subnets(plan)
    for one in plan.by_type("aws:ec2/subnet:Subnet"):
        tag = "kubernetes.io/role/elb" if one in public else "kubernetes.io/role/internal-elb"
        if (one.inputs.get("tags") or {}).get(tag) != "1":
            yield Violation(one, tag, f"has no tag {tag}")
