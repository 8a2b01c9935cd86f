"""Steps that say nothing of their own: what they do is told of another step."""

from collections.abc import Iterator

from ops.diff.diff import Diff
from ops.diff.impact import logs
from ops.diff.impact.known import row
from ops.diff.impact.limits import counts_drivers_only
from ops.diff.impact.routes import ADDRESS, ASSOCIATION, NAT, ROUTE, SUBNET, TABLE
from ops.diff.impact.wholes import deleted_with
from ops.diff.steps import Operation, Step, key_of
from ops.plan.graph import direct, inputs_from
from ops.plan.iam_roles import node_roles, role_name
from ops.plan.model import Plan, Resource, parent_types
from ops.plan.node_templates import NODE_CLASS
from ops.plan.nodes import GROUP, node_groups
from ops.plan.values import at

_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_AS_A_WHOLE = (
    "spark-on-eks:karpenter:Karpenter",
    "spark-on-eks:karpenter:Pool",
    "spark-on-eks:autoscaler:ClusterAutoscaler",
    "spark-on-eks:autoscaler:Pool",
    "spark-on-eks:mounts:PodLevel",
    "spark-on-eks:spark:Team",
)
"""Components whose resources serve their own nodes or pods: rules nodes, packages and data tell of
these."""
_NO_JOB = "spark-on-eks:spark:HistoryServers"
"""Component that serves no job: it reads what jobs wrote."""
_NO_JOBS_RIGHT = (
    "spark-on-eks:network:Network",
    "spark-on-eks:karpenter:SpotDrill",
    "spark-on-eks:storage:Replica",
)
"""Components whose IAM role no job and no node uses: that of flow logs, AWS FIS', and the one by
which S3 copies."""


def steps(diff: Diff) -> set[str]:
    """Returns the keys of these steps."""
    tells = (
        *(_in_a_namespace, _with_its_whole, _in_a_subnet, _behind_routes, _of_claims),
        *(_as_a_whole, _of_system_nodes, _of_no_job, _of_nodes_that_go, _network_policies),
        _of_drivers,
    )
    return {step.key for tell in tells for step in tell(diff)} | logs.keys_of_no_job(diff)


def _of_drivers(diff: Diff) -> Iterator[Step]:
    """A quota of drivers: a job that runs has its own."""
    return (step for step in diff.of_kind("ResourceQuota") if counts_drivers_only(step.resource))


def _in_a_namespace(diff: Diff) -> Iterator[Step]:
    """In a new namespace no job runs; with a deleted one all of its jobs end."""
    for operation in (Operation.create, Operation.delete):
        names = {one.resource.object_name for one in _namespaces(diff, operation)}
        for step in diff.of(operation):
            if at(step.resource.inputs, "metadata.namespace") in names:
                yield step


def _namespaces(diff: Diff, operation: Operation) -> Iterator[Step]:
    return (one for one in diff.of_kind("Namespace") if one.operation is operation)


def _with_its_whole(diff: Diff) -> Iterator[Step]:
    """Parts of what is created, replaced or deleted itself: settings of a bucket, routes of a
    table."""
    whole = {step.key for step in diff.steps if step.operation is not Operation.update}
    for step in diff.steps:
        known = row(step.resource)
        if known is None or not known.of:
            continue
        if {
            key_of(urn, diff.new if step.new else diff.old)
            for urn in _sources(step, known.of, diff)
        } & whole:
            yield step


def _in_a_subnet(diff: Diff) -> Iterator[Step]:
    """The way out of a subnet that is deleted, with the nodes in it."""
    gone = {step.resource.urn for step in diff.of_type(SUBNET) if step.is_deleted}
    if not gone:
        return
    used: dict[str, bool] = {}
    for one in diff.old.by_type(ASSOCIATION):
        deleted = bool(gone & _urns(one, "subnetId", diff.old))
        for table in _urns(one, "routeTableId", diff.old):
            used[table] = used.get(table, False) or not deleted
    unused = {table for table, is_used in used.items() if not is_used}
    for step in diff.of(Operation.delete):
        resource = step.resource
        if (
            (resource.type == ASSOCIATION and gone & _urns(resource, "subnetId", diff.old))
            or (resource.type == TABLE and resource.urn in unused)
            or (resource.type == ROUTE and unused & _urns(resource, "routeTableId", diff.old))
        ):
            yield step
    for step in diff.of_type(_ENDPOINT):
        paths = {path.partition("[")[0] for path in step.changed_paths}
        if step.operation is Operation.update and paths <= {"routeTableIds", "subnetIds"}:
            yield step


def _as_a_whole(diff: Diff) -> Iterator[Step]:
    """What is removed together with all nodes of an autoscaler, or all pods of a team."""
    for step in diff.of(Operation.delete):
        if any(one.type in _AS_A_WHOLE for one in deleted_with(step, diff)):
            yield step


def _of_system_nodes(diff: Diff) -> Iterator[Step]:
    """System nodes that are replaced, the new ones first: only the platform's own pods move."""
    system = {one.resource.urn for one in node_groups(diff.new) if one.is_system}
    for step in diff.of(Operation.replace):
        if step.resource.urn in system:
            yield step


def _behind_routes(diff: Diff) -> Iterator[Step]:
    """NAT gateways, with their addresses, whose routes all change: rule network tells of them."""
    changed = {step.key for step in diff.of_type(ROUTE)}
    gone = set()
    for step in diff.of_type(NAT):
        routes = [
            one
            for one in diff.old.by_type(ROUTE)
            if step.old is not None and step.old.urn in _urns(one, "natGatewayId", diff.old)
        ]
        if step.is_deleted and all(key_of(one.urn, diff.old) in changed for one in routes):
            gone.add(step.resource.urn)
            yield step
    addresses = {
        urn
        for one in diff.old.by_type(NAT)
        if one.urn in gone
        for urn in _urns(one, "allocationId", diff.old)
    }
    yield from (step for step in diff.of_type(ADDRESS) if step.resource.urn in addresses)


def _of_claims(diff: Diff) -> Iterator[Step]:
    """Volumes of claims that are made anew or removed: rule data tells of the claims."""
    claims = diff.of_kind("PersistentVolumeClaim")
    names = {at(one.old.inputs, "spec.volumeName") for one in claims if one.old and one.is_deleted}
    for step in diff.of_kind("PersistentVolume"):
        if step.old is not None and step.is_deleted and step.old.object_name in names:
            yield step


def _of_nodes_that_go(diff: Diff) -> Iterator[Step]:
    keys = of_nodes_that_go(diff)
    return (step for step in diff.of(Operation.delete) if step.key in keys)


def of_nodes_that_go(diff: Diff) -> set[str]:
    """Returns the keys of the roles, and of their parts, that only nodes without a successor use:
    rule nodes tells of the nodes."""
    stay = {name for one in node_roles(diff.new) for name in (one.name, role_name(one))}
    gone = {
        role.urn
        for role in node_roles(diff.old)
        if role_name(role) not in stay | _roles_of_nodes(diff.new)
        and role_name(role) in _roles_of_nodes(diff.old)
    }
    return {
        step.key
        for step in diff.of(Operation.delete)
        if step.resource.urn in gone or gone & direct(step.resource)
    }


def _roles_of_nodes(plan: Plan) -> set[str]:
    """The names of the roles of node classes and managed node groups."""
    named = [at(one.inputs, "spec.role") for one in plan.of_kind(NODE_CLASS)]
    named += [one.inputs.get("nodeRoleArn") for one in plan.by_type(GROUP)]
    return {str(one).rpartition("/")[2] for one in named}


def keys_of_no_job(diff: Diff) -> set[str]:
    """Returns the keys of the steps inside components that no job needs."""
    return {step.key for step in _of_no_job(diff)} | logs.keys_of_no_job(diff)


def _of_no_job(diff: Diff) -> Iterator[Step]:
    for step in diff.steps:
        component = (diff.new if step.new else diff.old).component(step.resource)
        is_role = step.resource.type.startswith("aws:iam/")
        around = parent_types(step.resource.urn)
        type_ = component.type if component is not None else ""
        if type_ == _NO_JOB or (is_role and any(one in around for one in _NO_JOBS_RIGHT)):
            yield step


def _network_policies(diff: Diff) -> Iterator[Step]:
    """What a namespace reaches under all of its policies: rule permissions tells it."""
    return diff.of_kind("NetworkPolicy")


def _sources(step: Step, key: str, diff: Diff) -> set[str]:
    resource, plan = (step.new, diff.new) if step.new else (step.resource, diff.old)
    return _urns(resource, key, plan)


def _urns(resource: Resource, key: str, plan: Plan) -> set[str]:
    return {one.urn for one in inputs_from(resource, key, plan)}
