"""What nodes need to join the cluster and to start pods, and what Karpenter needs to be told of
their end."""

import json
from collections.abc import Iterator, Sequence

from ops.plan.graph import inputs_from
from ops.plan.iam import RESOURCE, documents
from ops.plan.iam_roles import attachments, node_roles
from ops.plan.model import Plan, Resource
from ops.plan.node_templates import NODE_CLASS
from ops.plan.nodes import GROUP
from ops.plan.packages import RELEASE, packages
from ops.plan.values import UNKNOWN, at, each, is_true
from ops.rules.catalog.nodes import public_subnets
from ops.rules.rule import Violation, rule

_NODE_POLICIES = (
    ("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"),
    ("AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly"),
)
"""AWS managed policies that a node's role needs; one of each line."""
_GROUPS = "securityGroupSelectorTerms"
_SUBNET, _QUEUE = "aws:ec2/subnet:Subnet", "aws:sqs/queue:Queue"
_EVENTS = (
    "EC2 Spot Instance Interruption Warning",
    "EC2 Instance State-change Notification",
    "EC2 Capacity Reservation Instance Interruption Warning",
    "AWS Health Event",
)
"""Kinds of events on which Karpenter drains a node."""


@rule(
    reason="A node whose role lacks an access entry or a policy never joins the cluster: it costs "
    "money and runs no pod.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html",
)
def nodes_join(plan: Plan) -> Iterator[Violation]:
    """Nodes have a role with the policies that EKS requires, and Karpenter's an access entry,
    subnets and a security group."""
    entries = {
        role.urn
        for one in plan.by_type("aws:eks/accessEntry:AccessEntry")
        if one.inputs.get("type") == "EC2_LINUX"
        for role in inputs_from(one, "principalArn", plan)
    }
    for one in plan.of_kind(NODE_CLASS):
        spec = at(one.inputs, "spec")
        if spec == UNKNOWN:
            continue
        for key in ("subnetSelectorTerms", _GROUPS):
            if not each(spec, key):
                yield Violation(one, key, f"has no {key}: it launches no node")
        terms = [plan.identified(str(at(term, "id"))) for term in each(spec, _GROUPS)]
        if terms and all(terms):
            text = "is in no security group of the cluster: nodes do not reach its endpoint"
            yield Violation(one, "group", text)
        if not at(spec, "role") and not at(spec, "instanceProfile"):
            yield Violation(one, "role", "has no role")
        for role in _roles(plan, one, "spec"):
            if role.urn not in entries:
                what = f"nodes of role {role.name} have no access entry of type EC2_LINUX"
                yield Violation(one, "entry", what)
            yield from _without_policies(plan, role)
    for one in plan.by_type(GROUP):
        for role in _roles(plan, one, "nodeRoleArn"):
            yield from _without_policies(plan, role)


def _roles(plan: Plan, nodes: Resource, key: str) -> list[Resource]:
    """The roles of nodes that an input comes from: on an engine it also comes, by way of the
    cluster, from the control plane's role."""
    of_nodes = {one.urn for one in node_roles(plan)}
    return [one for one in inputs_from(nodes, key, plan) if one.urn in of_nodes]


def _without_policies(plan: Plan, role: Resource) -> Iterator[Violation]:
    attached = {
        str(one.inputs.get("policyArn")).rpartition("/")[2] for one in attachments(plan, role)
    }
    for names in _NODE_POLICIES:
        if not attached & {*names, UNKNOWN}:
            yield Violation(role, names[0], f"is a node's role without {names[0]}")


@rule(
    reason="A node without a way to EKS, EC2, STS and the registries never becomes Ready.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html",
)
def network_out(plan: Plan) -> Iterator[Violation]:
    """Subnets of nodes have a default route, NAT gateways are in a public subnet with an address,
    and the VPC resolves names."""
    for one in plan.by_type("aws:ec2/vpc:Vpc"):
        for key in ("enableDnsSupport", "enableDnsHostnames"):
            if not is_true(one.inputs.get(key)):
                what = f"has no {key}: nodes do not find the cluster's private endpoint"
                yield Violation(one, key, what)
    for subnet in _subnets_of_nodes(plan):
        if not any(_is_default(route) for route in _routes(plan, subnet)):
            yield Violation(subnet, "route", "has nodes and no default route")
    public = public_subnets(plan)
    for gateway in plan.by_type("aws:ec2/natGateway:NatGateway"):
        private = gateway.inputs.get("connectivityType") == "private"
        if not private and not gateway.inputs.get("allocationId"):
            yield Violation(gateway, "address", "has no public address")
        if any(one not in public for one in inputs_from(gateway, "subnetId", plan)):
            yield Violation(gateway, "subnet", "is in a subnet without an internet gateway")


def _subnets_of_nodes(plan: Plan) -> list[Resource]:
    found = {
        subnet.urn: subnet
        for nodes, key in (
            *((one, "subnetIds") for one in plan.by_type(GROUP)),
            *((one, "spec") for one in plan.of_kind(NODE_CLASS)),
        )
        for subnet in inputs_from(nodes, key, plan)
        if subnet.type == _SUBNET
    }
    return list(found.values())


def _routes(plan: Plan, subnet: Resource) -> list[Resource]:
    tables = {
        table.urn
        for one in plan.by_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
        if subnet in inputs_from(one, "subnetId", plan)
        for table in inputs_from(one, "routeTableId", plan)
    }
    return [
        one
        for one in plan.by_type("aws:ec2/route:Route")
        if any(table.urn in tables for table in inputs_from(one, "routeTableId", plan))
    ]


def _is_default(route: Resource) -> bool:
    target = any(key.endswith(("Id", "Arn")) and key != "routeTableId" for key in route.inputs)
    return target and route.inputs.get("destinationCidrBlock") == "0.0.0.0/0"


@rule(
    reason="Without the notice of an interruption Karpenter neither drains the node nor starts "
    "another: executors end with their shuffle files.",
    source="https://karpenter.sh/docs/concepts/disruption/#interruption",
)
def interruption_heard(plan: Plan) -> Iterator[Violation]:
    """Karpenter reads a queue to which EventBridge sends interruptions, state changes and health
    events."""
    for package in packages(plan):
        is_controller = package.resource.type == RELEASE and package.workloads
        if "karpenter.sh" not in package.api_groups or not is_controller:
            continue
        if package.values != UNKNOWN and not package.at("settings.interruptionQueue"):
            yield Violation(package.resource, "queue", "reads no queue of interruptions")
        for one in inputs_from(package.resource, "values", plan):
            if one.type == _QUEUE:
                yield from _unheard(plan, one)


def _unheard(plan: Plan, queue: Resource) -> Iterator[Violation]:
    heard = {
        name
        for target in plan.by_type("aws:cloudwatch/eventTarget:EventTarget")
        if queue in inputs_from(target, "arn", plan)
        for one in inputs_from(target, "rule", plan)
        for name in _detail_types(one)
    }
    for name in _EVENTS:
        if name not in heard:
            yield Violation(queue, name, f"gets no {name}")
    allowed = any(
        "events.amazonaws.com" in statement.principals.get("Service", ())
        and statement.allows
        and statement.names_action("sqs:SendMessage")
        for document in documents(plan)
        if document.kind == RESOURCE and queue in inputs_from(document.resource, "queueUrl", plan)
        for statement in document.statements
    )
    policies = plan.by_type("aws:sqs/queuePolicy:QueuePolicy")
    if not allowed and all(one.inputs.get("policy") != UNKNOWN for one in policies):
        yield Violation(queue, "sender", "does not let EventBridge send messages")


def _detail_types(rule_: Resource) -> Sequence[str]:
    """The kinds of events that a rule passes on: none if it is off or has a further filter."""
    try:
        pattern = json.loads(str(rule_.inputs.get("eventPattern")))
    except ValueError:
        return ()
    is_off = rule_.inputs.get("state") == "DISABLED" or rule_.inputs.get("isEnabled") is False
    if is_off or not isinstance(pattern, dict) or set(pattern) - {"source", "detail-type"}:
        return ()
    return [str(name) for name in each(pattern, "detail-type")]
