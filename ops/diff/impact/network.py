"""The network: what is replaced, which connections are cut, which names no longer resolve."""

from collections.abc import Iterator

from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of, forcing_causes, merged
from ops.diff.impact.routes import TABLE
from ops.diff.steps import Operation, Step, key_of
from ops.plan.graph import inputs_from
from ops.plan.values import each, is_true

_CUT = "open connections through {} are cut: requests to outside AWS's own endpoints are retried"
_NETWORK = {"aws:ec2/vpc:Vpc": "VPC", "aws:ec2/subnet:Subnet": "subnet"}


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what an update does to networks and to connections."""
    yield from merged(_parts(diff))
    yield from merged(_endpoints(diff))
    for step in diff.of_type("aws:ec2/vpc:Vpc"):
        yield from _names(step)


def _names(step: Step) -> Iterator[Consequence]:
    """docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html, and for the private endpoint of the
    API server docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html."""
    for key in ("enableDnsHostnames", "enableDnsSupport"):
        if step.new is None or step.operation is not Operation.update or not step.touches(key):
            continue
        if not is_true(step.new.inputs.get(key)):
            text = f"{key} of VPC {step.resource.name} is off: private names no longer resolve"
            jobs = "names of the API server and of endpoints no longer resolve in the VPC"
            yield Consequence(Kind.ends_jobs, text, causes_of(step, key), jobs=jobs)
        else:
            text = f"{key} of VPC {step.resource.name} is on"
            yield Consequence(Kind.stays, text, causes_of(step, key), harmless=True)


_ENDPOINT_CHANGES = {
    "privateDnsEnabled": "names that lead to endpoint {} change: new requests take another way",
    "policy": "endpoint {} refuses what its policy does not allow: requests through it may fail",
    "securityGroupIds": "endpoint {} has other security groups: requests through it may fail",
    "routeTableIds": "subnets without a route to endpoint {} use the NAT gateway, or fail",
}


def _endpoints(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    for step in diff.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        if step.operation is not Operation.update:
            continue
        for path, jobs in _ENDPOINT_CHANGES.items():
            if step.touches(path) and not (path == "routeTableIds" and _only_more(step, diff)):
                text = f"{path} of endpoint {{}} changes"
                one = Consequence(Kind.restarts, text, causes_of(step, path), jobs=jobs)
                yield step.resource.name, one


def _only_more(step: Step, diff: Diff) -> bool:
    """Whether each route table that stays has its route to the endpoint still."""
    assert step.old is not None and step.new is not None
    before, after = (each(one.inputs, "routeTableIds") for one in (step.old, step.new))
    stay = {key_of(one.urn, diff.new) for one in diff.new.by_type(TABLE)}
    tables = inputs_from(step.old, "routeTableIds", diff.old)
    gone = [one for one in tables if key_of(one.urn, diff.old) not in stay]
    return len(set(before) - set(after)) <= len(gone)


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
