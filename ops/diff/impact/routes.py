"""The way out of each subnet: destinations that it had a route to, and has no longer."""

from collections.abc import Iterator, Mapping

from ops.diff.diff import Diff
from ops.diff.impact.model import Cause, Consequence, Kind, causes_of, merged
from ops.diff.steps import Operation, key_of
from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource

SUBNET = "aws:ec2/subnet:Subnet"
TABLE, ROUTE = "aws:ec2/routeTable:RouteTable", "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NAT, ADDRESS = "aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"
_PARTS = (TABLE, ROUTE, ASSOCIATION, NAT, ADDRESS, "aws:ec2/internetGateway:InternetGateway")
_TARGETS = ("gatewayId", "natGatewayId")


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields the subnets that stay and lose a way out; docs.aws.amazon.com/vpc/latest/userguide/
    VPC_Route_Tables.html: what no route matches is dropped."""
    before, after = ways_out(diff.old), ways_out(diff.new)
    deleted = [step for step in diff.of_type(*_PARTS) if step.operation is Operation.delete]
    changed = [step for step in diff.of_type(*_PARTS) if step.operation is Operation.update]
    causes = tuple(cause for step in deleted or changed for cause in causes_of(step))
    yield from merged(_lost(before, after, causes))


def _lost(
    before: Mapping[str, set[str]], after: Mapping[str, set[str]], causes: tuple[Cause, ...]
) -> Iterator[tuple[str, Consequence]]:
    for subnet, had in before.items():
        for destination in sorted(had - after.get(subnet, had)):
            text = f"subnet {{}} loses its route to {destination}"
            jobs = (
                f"from nodes in subnet {{}} requests to {destination} fail, to all that no "
                "endpoint serves: images, AWS, data outside"
            )
            name = subnet.rpartition("::")[2]
            yield name, Consequence(Kind.ends_jobs, text, causes, jobs=jobs)


def ways_out(plan: Plan) -> Mapping[str, set[str]]:
    """Returns the destinations with a working route, by the key of each subnet."""
    routes: dict[str, set[str]] = {}
    for route in plan.by_type(ROUTE):
        for table in inputs_from(route, "routeTableId", plan):
            if _leads_somewhere(route, plan):
                destination = str(route.inputs.get("destinationCidrBlock"))
                routes.setdefault(table.urn, set()).add(destination)
    found: dict[str, set[str]] = {key_of(one.urn, plan): set() for one in plan.by_type(SUBNET)}
    for one in plan.by_type(ASSOCIATION):
        for subnet in inputs_from(one, "subnetId", plan):
            for table in inputs_from(one, "routeTableId", plan):
                found[key_of(subnet.urn, plan)] |= routes.get(table.urn, set())
    return found


def _leads_somewhere(route: Resource, plan: Plan) -> bool:
    """Whether the gateway is in the plan, or is one that the stack does not create."""
    sources = route.options.property_dependencies
    used = [key for key in _TARGETS if route.inputs.get(key)]
    return bool(used) and all(not sources.get(key) or inputs_from(route, key, plan) for key in used)
