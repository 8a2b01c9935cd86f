"""The network: endpoints, flow logs, names and tags."""

from collections.abc import Iterator

from ops.plan.graph import inputs_from
from ops.plan.model import Plan
from ops.plan.values import is_true
from ops.rules.catalog.nodes import public_subnets
from ops.rules.rule import Severity, Violation, rule

_NAMED = ("vpc:Vpc", "subnet:Subnet", "routeTable:RouteTable", "natGateway:NatGateway", "eip:Eip")


@rule(
    reason="An interface endpoint without private DNS, or without a security group that allows "
    "callers, is billed and not used; without a gateway endpoint S3 traffic is billed by NAT.",
    source="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
)
def endpoints_used(plan: Plan) -> Iterator[Violation]:
    """Interface endpoints have private DNS; a VPC has an S3 gateway endpoint."""
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
    for group in plan.by_type("aws:ec2/securityGroup:SecurityGroup"):
        if not group.inputs.get("ingress"):
            yield Violation(group, "ingress", "allows no ingress")
        for item in group.inputs.get("ingress") or []:
            if not (item.get("cidrBlocks") or item.get("securityGroups") or item.get("self")):
                yield Violation(group, "callers", "has an ingress rule without a source")
    for vpc in plan.by_type("aws:ec2/vpc:Vpc"):
        gateways = [
            one
            for one in made
            if str(one.inputs.get("serviceName")).endswith(".s3")
            and vpc in inputs_from(one, "vpcId", plan)
        ]
        if not any(one.inputs.get("routeTableIds") for one in gateways):
            yield Violation(vpc, "S3", "reaches S3 through NAT")


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
