"""The network: what is replaced, and which connections are cut."""

from collections.abc import Iterator

from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of, forcing_causes, merged
from ops.diff.steps import Operation

_CUT = "open connections through {} are cut: requests to outside AWS's own endpoints are retried"
_NETWORK = {"aws:ec2/vpc:Vpc": "VPC", "aws:ec2/subnet:Subnet": "subnet"}


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what an update does to networks and to connections."""
    yield from merged(_parts(diff))


def _parts(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    for step in diff.of_type(*_NETWORK):
        if step.is_deleted:
            what = _NETWORK[step.resource.type]
            doing = "removes" if step.operation is Operation.delete else "replaces"
            text = f"{doing} {what} {{}}, with the nodes in it"
            ends = "executors there end, a driver there ends its job"
            jobs, causes = f"nodes in {what} {{}} are deleted: {ends}", forcing_causes(step)
            yield step.resource.name, Consequence(Kind.replaces_network, text, causes, jobs=jobs)
    for step in diff.of_type("aws:ec2/route:Route"):
        if step.operation is Operation.update and step.touches("natGatewayId", "gatewayId"):
            text = "changes the target of route {}: open connections are cut"
            yield (step.resource.name, Consequence(Kind.restarts, text, causes_of(step), jobs=_CUT))
    for step in diff.of_type("aws:ec2/eip:Eip"):
        if step.is_deleted:
            text = "the public address of {} is released: update allow lists elsewhere"
            yield step.resource.name, Consequence(Kind.guard, text, forcing_causes(step))
    for step in diff.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        if step.is_deleted:
            text = "endpoint {} is deleted: its traffic uses the NAT gateway, or fails without one"
            jobs = "what goes through endpoint {} is cut, then uses the NAT gateway or fails"
            causes = forcing_causes(step)
            yield step.resource.name, Consequence(Kind.restarts, text, causes, jobs=jobs)
