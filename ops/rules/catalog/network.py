"""The network: ways in and out that work, and can be told apart."""

from collections.abc import Iterator

from ops.plan.graph import inputs_from
from ops.plan.model import Plan
from ops.plan.values import is_true
from ops.rules.catalog.nodes import public_subnets
from ops.rules.rule import Broken, Severity, rule

_NAMED = ("vpc:Vpc", "subnet:Subnet", "routeTable:RouteTable", "natGateway:NatGateway", "eip:Eip")


@rule(
    "endpoints-used",
    Severity.error,
    reason="An interface endpoint without private DNS or a group that lets callers in is paid for "
    "and not used; S3 without one goes through NAT and is billed by the gigabyte.",
    source="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
)
def endpoints(plan: Plan) -> Iterator[Broken]:
    """Interface endpoints answer to the service's own name; a VPC has S3's gateway endpoint."""
    made = plan.by_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    for one in made:
        if one.inputs.get("vpcEndpointType") != "Interface":
            continue
        if not is_true(one.inputs.get("privateDnsEnabled")):
            yield Broken(one, "DNS", "is not found by the service's name")
        if not one.inputs.get("securityGroupIds"):
            yield Broken(one, "group", "is behind the VPC's default group, which lets nobody in")
    for group in plan.by_type("aws:ec2/securityGroup:SecurityGroup"):
        if not group.inputs.get("ingress"):
            yield Broken(group, "ingress", "lets nobody in")
        for item in group.inputs.get("ingress") or []:
            if not (item.get("cidrBlocks") or item.get("securityGroups") or item.get("self")):
                yield Broken(group, "callers", "has a rule that lets nobody in")
    for vpc in plan.by_type("aws:ec2/vpc:Vpc"):
        gateways = [
            one
            for one in made
            if str(one.inputs.get("serviceName")).endswith(".s3")
            and vpc in inputs_from(one, "vpcId", plan)
        ]
        if not any(one.inputs.get("routeTableIds") for one in gateways):
            yield Broken(vpc, "S3", "reaches S3 through NAT")


@rule(
    "flow-logs-whole",
    Severity.error,
    reason="An attack is seen in what was refused, a leak in what was let through.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",
)
def flow_logs(plan: Plan) -> Iterator[Broken]:
    """A flow log records what is let through and what is not."""
    for one in plan.by_type("aws:ec2/flowLog:FlowLog"):
        if one.inputs.get("trafficType") != "ALL":
            yield Broken(one, "traffic", f"records {one.inputs.get('trafficType') or 'nothing'}")


@rule(
    "network-named",
    Severity.warning,
    reason="The console and every bill show ids: a name tells which zone and which stack.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-subnets-routing.html",
)
def named(plan: Plan) -> Iterator[Broken]:
    """Network resources carry a Name."""
    for type_ in _NAMED:
        for one in plan.by_type(f"aws:ec2/{type_}"):
            if not (one.inputs.get("tags") or {}).get("Name"):
                yield Broken(one, "Name", "has no Name")


@rule(
    "subnets-for-load-balancers",
    Severity.warning,
    reason="Load balancers find their subnets by these tags.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html",
)
def balancers(plan: Plan) -> Iterator[Broken]:
    """Public subnets are for outer load balancers, private ones for inner."""
    public = public_subnets(plan)
    for one in plan.by_type("aws:ec2/subnet:Subnet"):
        tag = "kubernetes.io/role/elb" if one in public else "kubernetes.io/role/internal-elb"
        if (one.inputs.get("tags") or {}).get(tag) != "1":
            yield Broken(one, tag, f"has no tag {tag}")
