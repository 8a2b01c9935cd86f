"""Names by which resources find each other in the cluster, and what nothing uses."""

from collections.abc import Iterator

from ops.plan.graph import inputs_from
from ops.plan.model import Plan
from ops.plan.node_templates import NODE_CLASS
from ops.plan.nodes import node_pools
from ops.plan.packages import RELEASE, packages
from ops.plan.values import UNKNOWN, at, mapping
from ops.plan.workloads import in_namespace, namespace_of
from ops.rules.catalog.cluster import clusters
from ops.rules.rule import Violation, rule

_CLUSTER_NAMES = ("settings.clusterName", "autoDiscovery.clusterName")


@rule(
    reason="A NodePool whose node class does not exist is not Ready: it launches no node.",
    source="https://karpenter.sh/docs/concepts/nodepools/#spectemplatespecnodeclassref",
)
def node_classes_exist(plan: Plan) -> Iterator[Violation]:
    """Each NodePool refers to a node class of the stack, and each node class is used."""
    classes = {one.object_name: one for one in plan.of_kind(NODE_CLASS)}
    used = set()
    for nodes in node_pools(plan):
        name = at(nodes.resource.inputs, "spec.template.spec.nodeClassRef.name")
        used.add(name)
        if name not in (*classes, UNKNOWN):
            yield Violation(nodes.resource, "class", f"refers to node class {name}, not there")
    for name, one in classes.items() if UNKNOWN not in used else ():
        if name not in used:
            yield Violation(one, "use", "is used by no NodePool")


@rule(
    reason="A controller of another cluster's name finds no node of this one, and its rights are "
    "on this cluster's tag only.",
    source="https://karpenter.sh/docs/reference/settings/",
)
def controllers_of_cluster(plan: Plan) -> Iterator[Violation]:
    """A controller that is told a cluster's name is told that of its cluster."""
    names = {str(one.inputs.get("name")) for one in clusters(plan)} - {UNKNOWN, "None"}
    for package in packages(plan) if names else ():
        for path in _CLUSTER_NAMES if package.resource.type == RELEASE else ():
            told = package.at(path)
            if told not in (None, UNKNOWN, *names):
                yield Violation(package.resource, path, f"is told the cluster's name is {told}")


@rule(
    reason="A key costs a dollar a month, and what was to be encrypted with it is not.",
    source="https://aws.amazon.com/kms/pricing/",
    offline_only=True,
)
def keys_used(plan: Plan) -> Iterator[Violation]:
    """Each KMS key of the stack encrypts something."""
    used = {
        source.urn
        for one in plan.resources
        if "Policy" not in one.type.rpartition(":")[2]
        for key in one.inputs
        for source in inputs_from(one, key, plan)
    }
    for one in plan.by_type("aws:kms/key:Key"):
        if one.urn not in used:
            yield Violation(one, "use", "encrypts nothing")


@rule(
    reason="Pods of a StatefulSet have names in DNS by a headless Service only.",
    source="https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id",
)
def sets_named(plan: Plan) -> Iterator[Violation]:
    """The Service that a StatefulSet names exists and is headless."""
    for one in plan.of_kind("StatefulSet"):
        name = at(one.inputs, "spec.serviceName")
        services = {
            found.object_name: found for found in in_namespace(plan, "Service", namespace_of(one))
        }
        if name not in services:
            yield Violation(one, "Service", f"names its pods by Service {name}, not there")
        elif mapping(services[name].inputs, "spec").get("clusterIP") != "None":
            yield Violation(services[name], "headless", f"has an address: no pod of {one.name} has "
                            "a name")  # fmt: skip
