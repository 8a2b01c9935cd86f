"""Numbers and sizes that AWS and Kubernetes limit: at the limit fine, one more is too many."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from ops.diff.diff import compare
from ops.diff.impact.quotas import rules
from ops.plan import aws_limits as limits
from ops.plan.aws_limits import Limit
from ops.plan.limit_counts import over
from ops.plan.model import Options, Plan, Resource

Many = Callable[[int], Iterator[tuple[str, str, Mapping[str, Any]]]]
"""Resources (type, name, inputs) that have this many."""


def _policy(size: int, *, principal: str = "", statements: int = 1) -> str:
    """A policy document of exactly this many characters, none of them white space."""
    one = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ""}
    if principal:
        one = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ""}}
    document = {"Statement": [dict(one) for _ in range(statements)]}
    missing = size - len(json.dumps(document, separators=(",", ":")))
    if principal:
        document["Statement"][0]["Principal"] = {"AWS": "x" * missing}
    else:
        document["Statement"][0]["Resource"] = "x" * missing
    return json.dumps(document, separators=(",", ":"))


def _spaced(size: int) -> str:
    """The same with white space between its parts, which IAM does not count."""
    return json.dumps(json.loads(_policy(size)), indent=8)


def _one(type_: str, inputs: Callable[[int], Mapping[str, Any]]) -> Many:
    return lambda number: iter([(type_, "one", inputs(number))])


def _used(type_: str, key: str, user: str, **inputs: Any) -> Many:
    """One resource that several others refer to."""

    def many(number: int) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        yield type_, "one", {}
        for position in range(number):
            yield user, f"user-{position}", {key: {"from": "one"}, **inputs}

    return many


def _alone(type_: str, **inputs: Any) -> Many:
    return lambda number: ((type_, f"one-{position}", inputs) for position in range(number))


_VPC, _ROLE = "aws:ec2/vpc:Vpc", "aws:iam/role:Role"
_OBJECT = {"apiVersion": "v1", "kind": "ConfigMap"}
CASES: dict[str, tuple[Limit, Many]] = {
    "a managed policy": (
        limits.POLICY, _one("aws:iam/policy:Policy", lambda n: {"policy": _spaced(n)})),
    "inline policies": (limits.INLINE, lambda n: iter([
        (_ROLE, "one", {"inlinePolicies": [{"policy": _spaced(6_000)}]}),
        ("aws:iam/rolePolicy:RolePolicy", "more",
         {"role": {"from": "one"}, "policy": _spaced(n - 6_000)}),
    ])),
    "a trust policy": (
        limits.TRUSTED,
        _one(_ROLE, lambda n: {"assumeRolePolicy": _policy(n, principal="x")})),
    "policies of a role": (
        limits.ATTACHED,
        _used(_ROLE, "role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment")),
    "policies in the role itself": (
        limits.ATTACHED,
        _one(_ROLE, lambda n: {"managedPolicyArns": [f"arn:{i}" for i in range(n)]})),
    "a bucket policy": (
        limits.BUCKET_POLICY,
        _one("aws:s3/bucketPolicy:BucketPolicy", lambda n: {"policy": _policy(n)})),
    "lifecycle rules": (
        limits.LIFECYCLE,
        _one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
             lambda n: {"rules": [{}] * n})),
    "a key policy": (
        limits.KEY_POLICY, _one("aws:kms/key:Key", lambda n: {"policy": _policy(n)})),
    "a queue policy": (
        limits.QUEUE_POLICY,
        _one("aws:sqs/queuePolicy:QueuePolicy", lambda n: {"policy": _policy(n)})),
    "statements of a queue policy": (
        limits.QUEUE_STATEMENTS,
        _one("aws:sqs/queuePolicy:QueuePolicy",
             lambda n: {"policy": _policy(4_000, statements=n)})),
    "blocks of one rule": (
        limits.GROUP_RULES,
        _one("aws:ec2/securityGroup:SecurityGroup",
             lambda n: {"ingress": [{"cidrBlocks": ["10.0.0.0/8"] * n}],
                        "egress": [{"cidrBlocks": ["10.0.0.0/8"] * 60}]})),
    "rules of their own": (
        limits.GROUP_RULES,
        _used("aws:ec2/securityGroup:SecurityGroup", "securityGroupId",
              "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
              cidrIpv4="10.0.0.0/8", cidrIpv6=None)),
    "routes": (limits.ROUTES, _used("aws:ec2/routeTable:RouteTable", "routeTableId",
                                    "aws:ec2/route:Route")),
    "subnets": (limits.SUBNETS, _used(_VPC, "vpcId", "aws:ec2/subnet:Subnet")),
    "addresses": (limits.ADDRESSES, _alone("aws:ec2/eip:Eip")),
    "endpoints": (limits.ENDPOINTS, _used(_VPC, "vpcId", "aws:ec2/vpcEndpoint:VpcEndpoint",
                                          vpcEndpointType="Interface")),
    "an endpoint's policy": (
        limits.ENDPOINT_POLICY,
        _one("aws:ec2/vpcEndpoint:VpcEndpoint", lambda n: {"policy": _policy(n)})),
    "user data of a template": (
        limits.USER_DATA,
        _one("aws:ec2/launchTemplate:LaunchTemplate",
             lambda n: {"userData": base64.b64encode(b"x" * n).decode()})),
    "user data of a node class": (
        limits.USER_DATA,
        _one("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
             lambda n: {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass",
                        "spec": {"userData": "ä" * (n // 2) + "x" * (n % 2)}})),
    "blocks of the public endpoint": (
        limits.PUBLIC_CIDRS,
        _one("eks:index:Cluster", lambda n: {"publicAccessCidrs": ["10.0.0.0/8"] * n})),
    "groups of a control plane": (
        limits.CLUSTER_GROUPS,
        _one("aws:eks/cluster:Cluster", lambda n: {"vpcConfig": {"securityGroupIds": ["x"] * n}})),
    "node groups": (limits.GROUPS, _alone("aws:eks/nodeGroup:NodeGroup", clusterName="c")),
    "nodes": (limits.GROUP_NODES, _one("aws:eks/nodeGroup:NodeGroup",
                                       lambda n: {"scalingConfig": {"maxSize": n}})),
    "targets": (limits.TARGETS, _used("aws:cloudwatch/eventRule:EventRule", "rule",
                                      "aws:cloudwatch/eventTarget:EventTarget")),
    "a pattern": (limits.PATTERN, _one("aws:cloudwatch/eventRule:EventRule",
                                       lambda n: {"eventPattern": "x" * n})),
    "annotations": (
        limits.ANNOTATIONS,
        _one("kubernetes:core/v1:Namespace",
             lambda n: {"apiVersion": "v1", "kind": "Namespace",
                        "metadata": {"annotations": {"a": "x" * (n - 1)}}})),
    "a config map": (
        limits.CONFIG_MAP,
        _one("kubernetes:core/v1:ConfigMap", lambda n: {**_OBJECT, "data": {"a": "x" * (n - 1)}})),
}  # fmt: skip


def _plan(many: Many, number: int) -> Plan:
    resources, urns = [], {}
    for type_, name, inputs in many(number):
        urns[name] = urn = f"urn:pulumi:dev::p::{type_}::{name}"
        sources = {
            key: (urns[value["from"]],)
            for key, value in inputs.items()
            if isinstance(value, dict) and "from" in value
        }
        options = replace(Options(), property_dependencies=sources)
        resources.append(Resource(urn, type_, name, "", True, False, inputs, options=options))
    return Plan("p", "dev", tuple(resources))


@pytest.mark.parametrize("name", CASES)
def test_what_a_service_refuses_is_told_from_the_first_one_too_many(name: str) -> None:
    limit, many = CASES[name]
    assert limit not in [one.limit for one in over(_plan(many, limit.most))]
    assert [(one.limit, one.number) for one in over(_plan(many, limit.most + 1))] == [
        (limit, limit.most + 1)
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_diff_foretells_it_and_is_quiet_where_nothing_grows(name: str) -> None:
    limit, many = CASES[name]
    fine, above = _plan(many, limit.most), _plan(many, limit.most + 1)
    assert not list(rules(compare(fine, fine)))
    assert not list(rules(compare(above, above)))
    (found,) = rules(compare(fine, above))
    assert f"has {limit.most + 1} {limit.what}, and {limit.service} allows {limit.most}" in (
        found.text
    )
    assert found.causes
    assert (limit.code in found.text) and (("unless" in found.text) == bool(limit.code))


def test_every_limit_has_a_case() -> None:
    declared = {one for one in vars(limits).values() if isinstance(one, Limit)}
    assert {limit for limit, _ in CASES.values()} == declared


def test_what_is_not_known_yet_is_not_counted() -> None:
    unknown = "[unknown]"
    plan = Plan("p", "dev", tuple(
        Resource(f"urn:{type_}", type_, "one", "", True, False, inputs)
        for type_, inputs in (
            ("aws:iam/policy:Policy", {"policy": unknown}),
            ("aws:ec2/launchTemplate:LaunchTemplate", {"userData": unknown}),
            ("eks:index:Cluster", {"publicAccessCidrs": unknown}),
            ("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": unknown}),
            ("aws:cloudwatch/eventRule:EventRule", {"eventPattern": unknown}),
        )
    ))  # fmt: skip
    assert not over(plan)
