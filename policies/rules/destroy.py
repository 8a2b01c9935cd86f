"""The order of a destroy, as a property of the dependency graph.

A resource is destroyed before what it depends on. Each row of the table says what must still be
there while something is being deleted, and why.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from policies.graph import Graph, inputs_from
from policies.nodes import GROUP, SYSTEM_LABEL, SYSTEM_POOL, node_kinds
from policies.roles import attachments, node_roles
from policies.rule import Broken, Severity, rule
from policies.values import at
from policies.workloads import ADDON, RELEASE, team_namespaces
from preview.plan import Plan, Resource

Pick = Callable[[Plan], Sequence[Resource]]


class Row(NamedTuple):
    """`first` go before any of `then`; with `own` the second depends on the resource of the
    first."""

    first: Pick
    then: Callable[[Plan, Resource], Sequence[Resource]]
    why: str


def _kind(name: str) -> Pick:
    return lambda plan: plan.of_kind(name)


def _type(*names: str) -> Pick:
    return lambda plan: [one for name in names for one in plan.by_type(name)]


def _chart(*names: str) -> Pick:
    return lambda plan: [
        one
        for one in plan.by_type(RELEASE)
        if str(one.inputs.get("chart")).rpartition("/")[2] in names
    ]


def _addon(*names: str) -> Pick:
    return lambda plan: [one for one in plan.by_type(ADDON) if one.inputs.get("addonName") in names]


def _system_groups(plan: Plan) -> Sequence[Resource]:
    return [
        one
        for one in plan.by_type(GROUP)
        if (one.inputs.get("labels") or {}).get(SYSTEM_LABEL) == SYSTEM_POOL
    ]


def _spark_groups(plan: Plan) -> Sequence[Resource]:
    system = _system_groups(plan)
    return [one for one in plan.by_type(GROUP) if one not in system]


def _egress(plan: Plan) -> Sequence[Resource]:
    """What a node reaches AWS through: routes, their tables' places, gateways, endpoints."""
    return _type(
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
    )(plan)


def _all(pick: Pick) -> Callable[[Plan, Resource], Sequence[Resource]]:
    return lambda plan, _: pick(plan)


def _role_of(key: str) -> Callable[[Plan, Resource], Sequence[Resource]]:
    """The role that an input names, and every right of it."""

    def found(plan: Plan, one: Resource) -> Sequence[Resource]:
        roles = [role for role in inputs_from(one, key, plan) if role.type.endswith(":Role")]
        return [*roles, *(right for role in roles for right in attachments(plan, role))]

    return found


def _own_class(plan: Plan, pool: Resource) -> Sequence[Resource]:
    name = at(pool.inputs, "spec.template.spec.nodeClassRef.name")
    return [one for one in plan.of_kind("EC2NodeClass") if one.object_name == name]


def _joined(plan: Plan, node_class: Resource) -> Sequence[Resource]:
    """The rights and the access entry of the node role of a class."""
    roles = [one for one in inputs_from(node_class, "spec", plan) if one in node_roles(plan)]
    entries = [
        one
        for one in plan.by_type("aws:eks/accessEntry:AccessEntry")
        if any(role in roles for role in inputs_from(one, "principalArn", plan))
    ]
    rights = [right for role in roles for right in attachments(plan, role)]
    return [*rights, *entries]


def _volume_of(plan: Plan, claim: Resource) -> Sequence[Resource]:
    return [
        one
        for one in plan.of_kind("PersistentVolume")
        if at(one.inputs, "spec.claimRef.namespace") == at(claim.inputs, "metadata.namespace")
    ]


def _mounts(plan: Plan, volume: Resource) -> Sequence[Resource]:
    """What mounts a volume: the driver, the DaemonSet, or the nodes with its label."""
    if at(volume.inputs, "spec.csi"):
        return _addon("aws-mountpoint-s3-csi-driver")(plan)
    return [one for one in plan.of_kind("DaemonSet") if one.object_name == "spark-jars"]


def _entry_of(plan: Plan, association: Resource) -> Sequence[Resource]:
    return [
        one
        for one in plan.by_type("aws:eks/accessEntry:AccessEntry")
        if one.inputs.get("principalArn") == association.inputs.get("principalArn")
    ]


def _cluster_logs(plan: Plan, cluster: Resource) -> Sequence[Resource]:
    return [
        one
        for one in plan.by_type("aws:cloudwatch/logGroup:LogGroup")
        if str(one.inputs.get("name", "")).startswith("/aws/eks/")
    ]


TABLE = (
    Row(_kind("PersistentVolumeClaim"), _volume_of, "the claim lets the volume go first"),
    Row(_kind("PersistentVolume"), _mounts, "a pod that still runs loses its mount"),
    Row(_kind("NodePool"), _own_class, "its nodes are ended by the class' settings"),
    Row(_kind("EC2NodeClass"), _all(_chart("karpenter")), "its finalizer is the controller's"),
    Row(_kind("EC2NodeClass"), _joined, "its nodes must stay in the cluster until they are gone"),
    Row(_kind("NodePool"), _all(_chart("karpenter-crd")), "its kind goes with the CRDs"),
    Row(_chart("karpenter"), _all(_chart("karpenter-crd")), "it stops without its kinds"),
    Row(_chart("karpenter"), _all(_type("aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy",
        "aws:cloudwatch/eventTarget:EventTarget")), "it reads its queue while it ends nodes"),
    Row(_chart("karpenter", "cluster-autoscaler"), _role_of("values"), "it acts with its role"),
    Row(_chart("karpenter", "karpenter-crd", "cluster-autoscaler"), _all(_system_groups),
        "its pods run there"),
    Row(_chart("karpenter", "cluster-autoscaler"), _all(_addon("coredns")), "it finds AWS by DNS"),
    Row(_chart("karpenter", "cluster-autoscaler"), _all(_egress), "it calls AWS through them"),
    Row(_chart("cluster-autoscaler"), _all(_spark_groups), "it sizes groups that are there"),
    Row(_type(GROUP), _all(_egress), "nodes reach the cluster and AWS through them"),
    Row(_type(GROUP), _all(_addon("vpc-cni", "kube-proxy")), "without networking no node is Ready"),
    Row(_type(GROUP), _role_of("nodeRoleArn"), "a node without its rights is lost to the cluster"),
    Row(_addon("coredns", "metrics-server", "aws-ebs-csi-driver", "aws-mountpoint-s3-csi-driver"),
        _all(_system_groups), "its pods run there"),
    Row(_type(ADDON), _role_of("serviceAccountRoleArn"), "its pods act with their role"),
    Row(_type("eks:index:Cluster"), _all(_egress), "its teardown needs the routes"),
    Row(_type("eks:index:Cluster"), _cluster_logs, "EKS makes a log group anew while it is there"),
    Row(_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation"), _entry_of,
        "it is a part of its entry"),
)  # fmt: skip


@rule(
    "destroy-order",
    Severity.error,
    reason="A destroy in another order leaves instances that nobody ends, and a VPC that cannot "
    "go.",
    source="https://karpenter.sh/docs/concepts/disruption/#termination-controller",
)
def order(plan: Plan) -> Iterator[Broken]:
    """Claims go before NodePools, these before node classes, controller, CRDs, system nodes,
    cluster and network; roles, queue and NAT outlive what uses them."""
    graph = Graph(plan)
    for row in TABLE:
        for one in row.first(plan):
            for other in graph.missing(one, row.then(plan, one)):
                message = f"may outlive {other.name} ({other.short_type}): {row.why}"
                yield Broken(one, f"{one.name} before {other.name}", message)


@rule(
    "teams-before-nodes",
    Severity.error,
    reason="A namespace ends when its pods did: without nodes and their controller that is never.",
    source="https://kubernetes.io/docs/concepts/architecture/garbage-collection/",
)
def teams(plan: Plan) -> Iterator[Broken]:
    """A team's namespace and volume go before the nodes of its drivers and executors."""
    graph = Graph(plan)
    spark = [kind for kind in node_kinds(plan) if not kind.is_system]
    if not spark:
        return
    volumes = [one for one in plan.of_kind("PersistentVolume") if at(one.inputs, "spec.claimRef")]
    for one in (*team_namespaces(plan), *volumes):
        below = graph.below(one)
        pools = [kind.labels.get(SYSTEM_LABEL, "") for kind in spark if kind.resource.urn in below]
        if not any(pool.endswith("drivers") for pool in pools):
            yield Broken(one, "drivers", "may outlive the nodes of its drivers")
        if all(pool.endswith("drivers") for pool in pools):
            yield Broken(one, "executors", "may outlive the nodes of its executors")
