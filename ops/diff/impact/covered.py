"""Steps that say nothing of their own: what they do is told of another step."""

from collections.abc import Iterator, Sequence

from ops.diff.diff import Diff
from ops.diff.impact.cluster_grants import NETWORK
from ops.diff.impact.model import Consequence, Kind
from ops.diff.steps import Operation, Step, key_of
from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource
from ops.plan.nodes import node_groups
from ops.plan.values import at

_SUBNET = "aws:ec2/subnet:Subnet"
_TABLE, _ROUTE = "aws:ec2/routeTable:RouteTable", "aws:ec2/route:Route"
_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_NAT, _EIP = "aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"
_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_AS_A_WHOLE = (
    "spark-on-eks:karpenter:Karpenter",
    "spark-on-eks:karpenter:Pool",
    "spark-on-eks:autoscaler:ClusterAutoscaler",
    "spark-on-eks:autoscaler:Pool",
    "spark-on-eks:spark:Team",
)
"""Components whose resources serve their own nodes or pods: rules nodes and data tell of these."""
_NO_JOB = ("spark-on-eks:spark:HistoryServers", "spark-on-eks:network:Network")
"""Components whose IAM roles no job and no node uses: History Servers, flow logs."""


def steps(diff: Diff, found: Sequence[Consequence]) -> set[str]:
    """Returns the keys of these steps."""
    tells = (
        *(_in_a_namespace, _in_a_bucket, _in_a_subnet, _behind_routes, _of_claims),
        *(_as_a_whole, _of_system_nodes, _of_no_job),
    )
    keys = {step.key for tell in tells for step in tell(diff)}
    return keys | {step.key for step in _network_policies(diff, found)}


def _in_a_namespace(diff: Diff) -> Iterator[Step]:
    """In a new namespace no job runs; with a deleted one all of its jobs end."""
    for operation in (Operation.create, Operation.delete):
        names = {one.resource.object_name for one in _namespaces(diff, operation)}
        for step in diff.of(operation):
            if at(step.resource.inputs, "metadata.namespace") in names:
                yield step


def _namespaces(diff: Diff, operation: Operation) -> Iterator[Step]:
    return (one for one in diff.of_kind("Namespace") if one.operation is operation)


def _in_a_bucket(diff: Diff) -> Iterator[Step]:
    """Settings of a bucket that is created, replaced or deleted itself."""
    buckets = {
        step.resource.urn
        for step in diff.of_type("aws:s3/bucket:Bucket")
        if step.operation is not Operation.update
    }
    for step in diff.steps:
        if step.resource.type.startswith("aws:s3/") and buckets & _sources(step, "bucket", diff):
            yield step


def _in_a_subnet(diff: Diff) -> Iterator[Step]:
    """The way out of a subnet that is deleted, with the nodes in it."""
    gone = {step.resource.urn for step in diff.of_type(_SUBNET) if step.is_deleted}
    if not gone:
        return
    used: dict[str, bool] = {}
    for one in diff.old.by_type(_ASSOCIATION):
        deleted = bool(gone & _urns(one, "subnetId", diff.old))
        for table in _urns(one, "routeTableId", diff.old):
            used[table] = used.get(table, False) or not deleted
    unused = {table for table, is_used in used.items() if not is_used}
    for step in diff.of(Operation.delete):
        resource = step.resource
        if (
            (resource.type == _ASSOCIATION and gone & _urns(resource, "subnetId", diff.old))
            or (resource.type == _TABLE and resource.urn in unused)
            or (resource.type == _ROUTE and unused & _urns(resource, "routeTableId", diff.old))
        ):
            yield step
    for step in diff.of_type(_ENDPOINT):
        paths = {path.partition("[")[0] for path in step.changed_paths}
        if step.operation is Operation.update and paths <= {"routeTableIds", "subnetIds"}:
            yield step


def _as_a_whole(diff: Diff) -> Iterator[Step]:
    """What is removed together with all nodes of an autoscaler, or all pods of a team."""
    gone = {
        step.resource.urn
        for step in diff.steps
        if step.resource.type in _AS_A_WHOLE and step.operation is Operation.delete
    }
    for step in diff.of(Operation.delete):
        if gone & set(_ancestors(step.resource, diff.old)):
            yield step


def _ancestors(resource: Resource, plan: Plan) -> Iterator[str]:
    while parent := plan.get(resource.parent):
        yield parent.urn
        resource = parent


def _of_system_nodes(diff: Diff) -> Iterator[Step]:
    """System nodes that are replaced, the new ones first: only the platform's own pods move."""
    system = {one.resource.urn for one in node_groups(diff.new) if one.is_system}
    for step in diff.of(Operation.replace):
        if step.resource.urn in system:
            yield step


def _behind_routes(diff: Diff) -> Iterator[Step]:
    """NAT gateways, with their addresses, whose routes all change: rule network tells of them."""
    changed = {step.key for step in diff.of_type(_ROUTE)}
    gone = set()
    for step in diff.of_type(_NAT):
        routes = [
            one
            for one in diff.old.by_type(_ROUTE)
            if step.old is not None and step.old.urn in _urns(one, "natGatewayId", diff.old)
        ]
        if step.is_deleted and all(key_of(one.urn, diff.old) in changed for one in routes):
            gone.add(step.resource.urn)
            yield step
    addresses = {
        urn
        for one in diff.old.by_type(_NAT)
        if one.urn in gone
        for urn in _urns(one, "allocationId", diff.old)
    }
    yield from (step for step in diff.of_type(_EIP) if step.resource.urn in addresses)


def _of_claims(diff: Diff) -> Iterator[Step]:
    """Volumes of claims that are made anew or removed: rule data tells of the claims."""
    claims = diff.of_kind("PersistentVolumeClaim")
    names = {at(one.old.inputs, "spec.volumeName") for one in claims if one.old and one.is_deleted}
    for step in diff.of_kind("PersistentVolume"):
        if step.is_deleted and step.resource.object_name in names:
            yield step


def _of_no_job(diff: Diff) -> Iterator[Step]:
    for step in diff.steps:
        component = (diff.new if step.new else diff.old).component(step.resource)
        is_role = step.resource.type.startswith("aws:iam/")
        if is_role and component is not None and component.type in _NO_JOB:
            yield step


def _network_policies(diff: Diff, found: Sequence[Consequence]) -> Iterator[Step]:
    """Policies after which every namespace reaches and is reached by what it was."""
    lines = (
        line for one in found if one.kind is Kind.narrower for line in (one.text, *one.details)
    )
    if not any(NETWORK in line for line in lines):
        yield from diff.of_kind("NetworkPolicy")


def _sources(step: Step, key: str, diff: Diff) -> set[str]:
    resource, plan = (step.new, diff.new) if step.new else (step.resource, diff.old)
    return _urns(resource, key, plan)


def _urns(resource: Resource, key: str, plan: Plan) -> set[str]:
    return {one.urn for one in inputs_from(resource, key, plan)}
