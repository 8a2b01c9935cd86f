"""How many entries and bytes a plan's resources have, beside the limits on each."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ops.plan import aws_limits as limits
from ops.plan.aws_limits import Limit
from ops.plan.graph import inputs_from
from ops.plan.iam import TRUST, Document, documents
from ops.plan.iam_roles import ROLE, attachments, role_of
from ops.plan.model import Plan, Resource
from ops.plan.node_templates import NODE_CLASS
from ops.plan.nodes import GROUP
from ops.plan.values import at, each, known, mapping, mappings, sequence


class Count(NamedTuple):
    """How many there are on one resource, and the resources and inputs that make them up."""

    limit: Limit
    subject: Resource
    number: int
    parts: tuple[Resource, ...]
    inputs: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        return self.number > self.limit.most


def counts(plan: Plan) -> Iterator[Count]:
    """Yields every count of a plan that is known."""
    for find in (
        _policies, _roles, _lifecycles, _rules, _vpcs, _clusters, _events, _user_data, _objects,
    ):  # fmt: skip
        yield from find(plan)


def over(plan: Plan) -> list[Count]:
    """Returns the counts above their limit."""
    return [one for one in counts(plan) if one.is_over]


_OF_RESOURCE: Mapping[str, tuple[Limit, str]] = {
    "aws:iam/policy:Policy": (limits.POLICY, "policy"),
    "aws:s3/bucketPolicy:BucketPolicy": (limits.BUCKET_POLICY, "policy"),
    "aws:kms/key:Key": (limits.KEY_POLICY, "policy"),
    "aws:kms/keyPolicy:KeyPolicy": (limits.KEY_POLICY, "policy"),
    "aws:sqs/queuePolicy:QueuePolicy": (limits.QUEUE_POLICY, "policy"),
    "aws:sqs/queue:Queue": (limits.QUEUE_POLICY, "policy"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (limits.ENDPOINT_POLICY, "policy"),
    ROLE: (limits.TRUSTED, "assumeRolePolicy"),
}


def _policies(plan: Plan) -> Iterator[Count]:
    for document in documents(plan):
        one = document.resource
        limit, key = _OF_RESOURCE.get(one.type, (None, ""))
        if limit is None or (one.type == ROLE and document.kind != TRUST):
            continue
        yield Count(limit, one, _characters(document, limit), (one,), (key,))
        if limit is limits.QUEUE_POLICY:
            yield Count(limits.QUEUE_STATEMENTS, one, len(document.statements), (one,), (key,))


def _characters(document: Document, limit: Limit) -> int:
    """IAM does not count white space between the parts of a document."""
    if limit.service != "IAM":
        return len(document.text.encode())
    return len(json.dumps(json.loads(document.text), separators=(",", ":")))


def _roles(plan: Plan) -> Iterator[Count]:
    inline: dict[str, list[Document]] = {}
    for document in documents(plan):
        one = document.resource
        holder = one if one.type == ROLE and document.kind != TRUST else None
        if one.type == "aws:iam/rolePolicy:RolePolicy":
            holder = role_of(plan, one) or one
        if holder is not None:
            inline.setdefault(holder.urn, []).append(document)
    for role in plan.by_type(ROLE):
        attached = attachments(plan, role)
        arns = [one for one in each(role.inputs, "managedPolicyArns") if known(one)]
        keys = ("policyArn", "managedPolicyArns")
        yield Count(limits.ATTACHED, role, len(attached) + len(arns), (role, *attached), keys)
    for urn, found in inline.items():
        if (holder := plan.get(urn)) is not None:
            number = sum(_characters(one, limits.INLINE) for one in found)
            parts = tuple(dict.fromkeys(one.resource.urn for one in found))
            yield Count(
                limits.INLINE, holder, number, _of(plan, parts), ("policy", "inlinePolicies")
            )


def _of(plan: Plan, urns: Iterable[str]) -> tuple[Resource, ...]:
    return tuple(one for urn in urns if (one := plan.get(urn)) is not None)


def _lifecycles(plan: Plan) -> Iterator[Count]:
    for one in plan.by_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"):
        number = len(sequence(one.inputs.get("rules")))
        yield Count(limits.LIFECYCLE, one, number, (one,), ("rules",))


_RULE_TYPES = {
    "aws:ec2/securityGroupRule:SecurityGroupRule": None,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ingress",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "egress",
}


def _rules(plan: Plan) -> Iterator[Count]:
    """Each block and each group of a rule counts as one; IPv4 and IPv6 are counted apart."""
    for group in plan.by_type("aws:ec2/securityGroup:SecurityGroup"):
        for direction in ("ingress", "egress"):
            entries = mappings(group.inputs.get(direction))
            parts = [group]
            for type_, fixed in _RULE_TYPES.items():
                for one in plan.by_type(type_):
                    own = fixed or one.inputs.get("type")
                    if own == direction and group in inputs_from(one, "securityGroupId", plan):
                        entries.append(one.inputs)
                        parts.append(one)
            number = max(_rule_count(entries, "cidrBlocks"), _rule_count(entries, "ipv6CidrBlocks"))
            yield Count(limits.GROUP_RULES, group, number, tuple(parts), (direction, "cidrBlocks"))
    for table in plan.by_type("aws:ec2/routeTable:RouteTable"):
        routes = _users(plan, "aws:ec2/route:Route", "routeTableId", table)
        number = len(routes) + len(sequence(table.inputs.get("routes")))
        yield Count(limits.ROUTES, table, number, (table, *routes), ("routes",))


def _rule_count(entries: Iterable[Mapping[str, Any]], blocks: str) -> int:
    return sum(
        len(sequence(entry.get(blocks)))
        + len(sequence(entry.get("securityGroups")))
        + bool(entry.get("self"))
        + any(entry.get(key) for key in ("sourceSecurityGroupId", "referencedSecurityGroupId"))
        + bool(entry.get("cidrIpv4" if blocks == "cidrBlocks" else "cidrIpv6"))
        for entry in entries
    )


def _users(plan: Plan, type_: str, key: str, used: Resource) -> list[Resource]:
    return [one for one in plan.by_type(type_) if used in inputs_from(one, key, plan)]


def _vpcs(plan: Plan) -> Iterator[Count]:
    for vpc in plan.by_type("aws:ec2/vpc:Vpc"):
        subnets = _users(plan, "aws:ec2/subnet:Subnet", "vpcId", vpc)
        yield Count(limits.SUBNETS, vpc, len(subnets), (vpc, *subnets), ())
        endpoints = [
            one
            for one in _users(plan, "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcId", vpc)
            if one.inputs.get("vpcEndpointType") in ("Interface", "GatewayLoadBalancer")
        ]
        yield Count(limits.ENDPOINTS, vpc, len(endpoints), (vpc, *endpoints), ("vpcEndpointType",))
    addresses = plan.by_type("aws:ec2/eip:Eip")
    if addresses:
        yield Count(limits.ADDRESSES, addresses[-1], len(addresses), addresses, ())


def _clusters(plan: Plan) -> Iterator[Count]:
    for type_ in ("eks:index:Cluster", "aws:eks/cluster:Cluster"):
        for cluster in plan.by_type(type_):
            config = mapping(cluster.inputs, "vpcConfig") or cluster.inputs
            blocks = sequence(config.get("publicAccessCidrs"))
            yield Count(limits.PUBLIC_CIDRS, cluster, len(blocks), (cluster,),
                        ("publicAccessCidrs", "vpcConfig"))  # fmt: skip
            groups = sequence(config.get("securityGroupIds"))
            yield Count(limits.CLUSTER_GROUPS, cluster, len(groups), (cluster,),
                        ("securityGroupIds", "vpcConfig"))  # fmt: skip
    by_cluster: dict[str, list[Resource]] = {}
    for group in plan.by_type(GROUP):
        by_cluster.setdefault(str(group.inputs.get("clusterName")), []).append(group)
        most = at(group.inputs, "scalingConfig.maxSize")
        if isinstance(most, int | float) and not isinstance(most, bool):
            yield Count(limits.GROUP_NODES, group, int(most), (group,), ("scalingConfig",))
    for several in by_cluster.values():
        yield Count(limits.GROUPS, several[-1], len(several), tuple(several), ())


def _events(plan: Plan) -> Iterator[Count]:
    for rule in plan.by_type("aws:cloudwatch/eventRule:EventRule"):
        targets = _users(plan, "aws:cloudwatch/eventTarget:EventTarget", "rule", rule)
        yield Count(limits.TARGETS, rule, len(targets), (rule, *targets), ("rule",))
        pattern = rule.inputs.get("eventPattern")
        if isinstance(pattern, str) and known(pattern):
            yield Count(limits.PATTERN, rule, len(pattern), (rule,), ("eventPattern",))


def _user_data(plan: Plan) -> Iterator[Count]:
    for template in plan.by_type("aws:ec2/launchTemplate:LaunchTemplate"):
        text = template.inputs.get("userData")
        if isinstance(text, str) and known(text):
            yield Count(limits.USER_DATA, template, _decoded(text), (template,), ("userData",))
    for one in plan.of_kind(NODE_CLASS):
        text = at(one.inputs, "spec.userData")
        if isinstance(text, str) and known(text):
            size = len(text.encode())
            yield Count(limits.USER_DATA, one, size, (one,), ("spec.userData",))


def _decoded(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return len(text.encode())


def _objects(plan: Plan) -> Iterator[Count]:
    for one in plan.resources:
        if not one.is_kubernetes_object:
            continue
        annotations = mapping(one.inputs, "metadata.annotations")
        if annotations:
            yield Count(
                limits.ANNOTATIONS, one, _bytes(annotations), (one,), ("metadata.annotations",)
            )
        if one.inputs.get("kind") in ("ConfigMap", "Secret"):
            held = [mapping(one.inputs, key) for key in ("data", "binaryData", "stringData")]
            size = sum(map(_bytes, held))
            yield Count(limits.CONFIG_MAP, one, size, (one,), ("data", "binaryData", "stringData"))


def _bytes(values: Mapping[str, Any]) -> int:
    return sum(len(str(key).encode()) + len(str(value).encode()) for key, value in values.items())
