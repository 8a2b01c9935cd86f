"""Nodes: instance metadata service, image, subnets, system node groups; limits of NodePools, and
when Karpenter may disrupt their nodes."""

import re
from collections.abc import Iterator

from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource
from ops.plan.node_templates import NODE_CLASS, node_templates
from ops.plan.nodes import ARCH, CAPACITY_TYPE, GROUP, node_groups, node_pools
from ops.plan.values import UNKNOWN, at, each, is_false
from ops.rules.rule import Severity, Violation, rule

_IMDS = (
    "https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html"
    "#_restrict_access_to_the_instance_profile_assigned_to_the_worker_node"
)
_PINNED = re.compile(r"^[a-z0-9]+@v\d[\w.]*$")


@rule(
    reason="IMDSv1 answers a plain GET: server-side request forgery can read the node's "
    "credentials.",
    source=_IMDS,
)
def imds_v2(plan: Plan) -> Iterator[Violation]:
    """Every instance requires IMDSv2."""
    for spec in node_templates(plan):
        if spec.metadata_options.get("httpTokens") not in ("required", UNKNOWN):
            yield Violation(spec.resource, "httpTokens", "answers IMDSv1")


@rule(
    reason="With a hop limit above 1 a pod reaches the instance metadata service, and "
    "with it the node's role.",
    source=_IMDS,
)
def imds_hop_limit(plan: Plan) -> Iterator[Violation]:
    """The instance metadata service has a hop limit of 1."""
    for spec in node_templates(plan):
        hops = spec.metadata_options.get("httpPutResponseHopLimit")
        if hops != UNKNOWN and (hops is None or int(hops) > 1):
            limit = f"a hop limit of {hops}" if hops else "the default hop limit"
            yield Violation(spec.resource, "hops", f"has {limit}")


@rule(
    reason="With an alias such as al2023@latest every node drifts on the day that AWS "
    "releases a new image (github.com/aws/karpenter-provider-aws/issues/6952).",
    source="https://karpenter.sh/docs/tasks/managing-amis/",
)
def ami_pinned(plan: Plan) -> Iterator[Violation]:
    """A node class selects its AMI by release or id."""
    for one in plan.of_kind(NODE_CLASS):
        terms = each(one.inputs, "spec.amiSelectorTerms")
        if not terms and at(one.inputs, "spec") != UNKNOWN:
            yield Violation(one, "image", "selects no image")
        for term in terms:
            alias = str(term.get("alias", ""))
            if not (term.get("id") or _PINNED.match(alias) or UNKNOWN in term.values()):
                yield Violation(one, alias or "image", f"selects the image {alias or term}")


@rule(
    severity=Severity.warning,
    reason="A node group without a release gets the newest image at its creation, so stacks "
    "created on different days differ.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html",
)
def group_release_pinned(plan: Plan) -> Iterator[Violation]:
    """A managed node group sets its AMI release."""
    for one in plan.by_type(GROUP):
        if not one.inputs.get("releaseVersion"):
            yield Violation(one, "release", "sets no image release (amiRelease)")


@rule(
    reason="A node with a public address, or in a public subnet, can be reached from the internet.",
    source="https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html",
)
def nodes_private(plan: Plan) -> Iterator[Violation]:
    """Nodes and the control plane are in private subnets."""
    public = public_subnets(plan)
    for one in plan.by_type("aws:ec2/subnet:Subnet"):
        if not is_false(one.inputs.get("mapPublicIpOnLaunch")):
            yield Violation(one, "addresses", "gives public addresses to instances")
    for one in plan.of_kind(NODE_CLASS):
        if not is_false(at(one.inputs, "spec.associatePublicIPAddress")):
            yield Violation(one, "addresses", "gives nodes public addresses")
        # Without the field the subnet's setting applies; subnets of an existing network may assign
        # addresses.
        if at(one.inputs, "spec.associatePublicIPAddress") is None:
            yield Violation(one, "addresses", "uses the subnet's setting for public addresses")
    for key, found in (
        ("subnetIds", (*plan.by_type(GROUP), *plan.by_type("eks:index:Cluster"))),
        ("spec", plan.of_kind(NODE_CLASS)),
    ):
        for one in found:
            for subnet in inputs_from(one, key, plan):
                if subnet in public:
                    yield Violation(one, subnet.name, f"is in the public subnet {subnet.name}")


@rule(
    reason="The platform's pods need two zones and no Spot interruptions: Karpenter "
    "cannot replace the node that it runs on.",
    source="https://docs.aws.amazon.com/eks/latest/best-practices/karpenter.html",
)
def system_nodes_stay(plan: Plan) -> Iterator[Violation]:
    """A system node group is On-Demand, has at least two nodes in two subnets; an update resizes no
    group that an autoscaler sizes, and no other group ignores its own size."""
    for nodes in node_groups(plan):
        group, subnets = nodes.resource, nodes.resource.inputs.get("subnetIds")
        if nodes.is_system:
            if group.inputs.get("capacityType") != UNKNOWN and not nodes.is_on_demand:
                yield Violation(group, "capacity", "is not On-Demand")
            if nodes.min_nodes < 2:
                yield Violation(group, "size", "may shrink below two nodes")
            if subnets != UNKNOWN and len(subnets or ()) < 2:
                yield Violation(group, "zones", "is in one zone")
            if not nodes.taints:
                yield Violation(group, "taint", "has no taint: any pod can run there")
        if not group.inputs.get("capacityType"):
            yield Violation(group, "capacity type", "does not set its capacity type")
        if not group.inputs.get("updateConfig"):
            yield Violation(
                group, "update", "does not limit how many nodes an update replaces at once"
            )
        ignored = group.options.ignore_changes
        if nodes.is_scaled and "scalingConfig" not in ignored:
            text = "a change of its limits sends the recorded size, and ends what runs above it"
            yield Violation(group, "sizes", text)
        if not nodes.is_scaled and any("scalingConfig" in path for path in ignored):
            text = "keeps its recorded size: EKS refuses a minimum above it"
            yield Violation(group, "sizes", text)


def public_subnets(plan: Plan) -> list[Resource]:
    """The subnets of the stack whose route table leads to an internet gateway."""
    open_tables = {
        table.urn
        for route in plan.by_type("aws:ec2/route:Route")
        if route.inputs.get("gatewayId")
        for table in inputs_from(route, "routeTableId", plan)
    }
    return [
        subnet
        for one in plan.by_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
        if any(table.urn in open_tables for table in inputs_from(one, "routeTableId", plan))
        for subnet in inputs_from(one, "subnetId", plan)
    ]


@rule(
    reason="A NodePool without limits launches nodes until the account's quota is reached.",
    source="https://karpenter.sh/docs/concepts/nodepools/#speclimits",
)
def limits_bounded(plan: Plan) -> Iterator[Violation]:
    """Every NodePool limits CPU and memory, names architecture and capacity type, and bounds the
    time of a drain."""
    for nodes in node_pools(plan):
        one = nodes.resource
        if at(one.inputs, "spec") == UNKNOWN:
            continue
        for key in ("cpu", "memory"):
            if not nodes.limits.get(key):
                yield Violation(one, key, f"has no limit of {key}")
        if not at(one.inputs, "spec.template.spec.terminationGracePeriod"):
            yield Violation(
                one, "drain", "drains without a time limit: a budget or a job can keep a node"
            )
        named = {requirement.key for requirement in nodes.requirements}
        for key in (ARCH, CAPACITY_TYPE):
            if key not in named:
                yield Violation(one, key, f"has no requirement of {key}")


@rule(
    reason="Consolidation of a non-empty node evicts its executors, and with a driver its job.",
    source="https://karpenter.sh/docs/concepts/disruption/",
)
def running_pods_kept(plan: Plan) -> Iterator[Violation]:
    """Every NodePool has a consolidation policy, disruption budgets and an expiry; drivers' nodes
    are removed only when empty."""
    for nodes in node_pools(plan):
        one, spec = nodes.resource, at(nodes.resource.inputs, "spec")
        if spec == UNKNOWN:
            continue
        if not each(spec, "disruption.budgets"):
            what = "may lose 10% of its nodes at once for any reason, which is the default"
            yield Violation(one, "budgets", what)
        for item in each(spec, "disruption.budgets"):
            if item.get("nodes") == "0" and not (item.get("reasons") or item.get("schedule")):
                yield Violation(one, "budget 0", "never removes empty nodes")
        if not at(spec, "disruption.consolidateAfter"):
            yield Violation(one, "consolidateAfter", "does not set how long an empty node is kept")
        if not at(spec, "disruption.consolidationPolicy"):
            yield Violation(
                one, "consolidation", "evicts pods from underutilized nodes, which is the default"
            )
        if not at(spec, "template.spec.expireAfter"):
            yield Violation(
                one, "expireAfter", "expires nodes after 720 hours, which is the default"
            )
        if not nodes.is_drivers:
            continue
        if at(spec, "disruption.consolidationPolicy") != "WhenEmpty":
            yield Violation(one, "consolidation", "evicts drivers")
        frozen = [item for item in each(spec, "disruption.budgets") if item.get("nodes") == "0"]
        reasons = {reason for item in frozen for reason in item.get("reasons") or ()}
        if not {"Drifted", "Underutilized"} <= reasons:
            yield Violation(one, "budgets", "replaces drivers' nodes when they drift")
        if not nodes.is_on_demand:
            yield Violation(one, "capacity", "runs drivers on Spot")
