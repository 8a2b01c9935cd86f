"""A diff shows what an update does to each resource, and why."""

import base64
import io
import json

import pytest

from ops.diff import text as show_diff
from ops.diff.comment import comment
from ops.diff.diff import Diff, compare
from ops.diff.sources import Compared
from ops.diff.steps import Operation, Step
from ops.plan.model import Plan
from tests.ops.diff.plans import GROUP, SUBNET, TEMPLATE, VPC, component, kubernetes, plan, resource

POOL = "karpenter.sh/v1"


def only(diff: Diff) -> Step:
    (step,) = diff.steps
    return step


def text(diff: Diff) -> str:
    stream = io.StringIO()
    show_diff.render(diff, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("type_", "old", "new", "operation"),
    [
        (VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}, Operation.replace),
        (VPC, {"tags": {"a": "b"}}, {"tags": {"a": "c"}}, Operation.update),
        (VPC, {"region": "eu-west-1"}, {"region": "us-west-2"}, Operation.replace),
        ("aws:new/thing:Thing", {"a": 1}, {"a": 2}, Operation.may_replace),
        (GROUP, {"scalingConfig": {"minSize": 1}}, {"scalingConfig": {"minSize": 2}}, "update"),
        (GROUP, {"launchTemplate": {"id": "a"}}, {"launchTemplate": {"id": "b"}}, "replace"),
        (
            GROUP,
            {"launchTemplate": {"version": "1"}},
            {"launchTemplate": {"version": "2"}},
            "update",
        ),
    ],
)
def test_the_table_lists_what_replaces_an_aws_resource(type_, old, new, operation):
    step = only(compare(plan(resource(type_, "x", old)), plan(resource(type_, "x", new))))
    assert step.operation == operation


@pytest.mark.parametrize(
    ("kind", "old", "new", "operation"),
    [
        ("ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, Operation.replace),
        ("Namespace", {"spec": {}}, {"spec": {"a": 1}}, Operation.update),
        ("PersistentVolume", {"spec": {"csi": {"a": 1}}}, {"spec": {"csi": {"a": 2}}}, "replace"),
        ("NodePool", {"spec": {"weight": 1}}, {"spec": {"weight": 2}}, Operation.update),
        ("Anything", {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, "replace"),
    ],
)
def test_the_table_lists_what_replaces_a_kubernetes_object(kind, old, new, operation):
    before, after = plan(kubernetes(kind, "x", old)), plan(kubernetes(kind, "x", new))
    assert only(compare(before, after)).operation == operation


def test_ignored_changes_are_no_changes():
    old = plan(resource(GROUP, "g", {"scalingConfig": {"desiredSize": 1}}))
    new = resource(
        GROUP,
        "g",
        {"scalingConfig": {"desiredSize": 5}},
        ignore_changes=("scalingConfig.desiredSize",),
    )
    assert compare(old, plan(new)).steps == ()


def test_replace_on_changes_replaces():
    old = plan(kubernetes("PriorityClass", "p", {"value": 1}))
    new = plan(kubernetes("PriorityClass", "p", {"value": 2}, replace_on_changes=("value",)))
    step = only(compare(old, new))
    assert (step.operation, step.forced_by) == (Operation.replace, ("value",))


def test_a_renamed_resource_with_an_alias_is_the_same_resource():
    old = plan(resource(VPC, "before", {"tags": {}}))
    new = plan(resource(VPC, "after", {"tags": {}}, aliases=("name=before",)))
    assert compare(old, new).steps == ()


def test_a_replacement_reaches_those_that_need_the_new_id():
    def platform(cidr: str) -> Plan:
        vpc = resource(VPC, "v", {"cidrBlock": cidr})
        needs = {"vpcId": (vpc.urn,), "tags": (vpc.urn,)}
        subnet = resource(
            SUBNET, "s", {"vpcId": "vpc-v"}, unknown=("vpcId",), property_dependencies=needs
        )
        tagged = resource(
            "aws:sqs/queue:Queue",
            "q",
            {"tags": {"vpc": "vpc-v"}},
            unknown=("tags.vpc",),
            property_dependencies=needs,
        )
        return plan(vpc, subnet, tagged)

    steps = {step.resource.name: step for step in compare(platform("a"), platform("b")).steps}
    assert {name: step.operation for name, step in steps.items()} == {
        "v": Operation.replace,
        "s": Operation.replace,
        "q": Operation.update,
    }
    assert [str(one) for one in steps["s"].propagated] == ["vpcId: v is replaced"]


def test_a_replaced_provider_replaces_its_resources():
    def platform(cluster: str) -> Plan:
        provider = resource("pulumi:providers:kubernetes", "k", {"clusterIdentifier": cluster})
        return plan(provider, kubernetes("Namespace", "n", {}, provider=provider.urn))

    diff = compare(platform("a"), platform("b"))
    assert {step.operation for step in diff.steps} == {Operation.replace}


def test_policies_are_compared_by_their_content():
    def role(action: str, indent: int | None = None) -> Plan:
        policy = {"Statement": [{"Sid": "A", "Action": action}]}
        return plan(
            resource("aws:iam/role:Role", "r", {"inlinePolicy": json.dumps(policy, indent=indent)})
        )

    assert compare(role("s3:Get"), role("s3:Get", indent=2)).steps == ()
    (change,) = only(compare(role("s3:Get"), role("s3:Put"))).changes
    assert change.path == "inlinePolicy{Statement[0].Action}"
    assert (change.old, change.new) == ("s3:Get", "s3:Put")


def test_user_data_is_shown_as_the_lines_that_differ():
    def template(line: str) -> Plan:
        script = "\n".join(["#!/bin/bash", "set -e", *(f"echo {n}" for n in range(40)), line])
        encoded = base64.b64encode(script.encode()).decode()
        return plan(resource(TEMPLATE, "t", {"userData": encoded}))

    shown = text(compare(template("mount a"), template("mount b")))
    assert "-mount a" in shown
    assert "+mount b" in shown
    assert "echo 3\n" not in shown


def test_one_new_item_in_a_list_is_one_change():
    def group(*zones: str) -> Plan:
        return plan(resource(VPC, "v", {"zones": list(zones)}))

    (change,) = only(compare(group("a", "c"), group("a", "b", "c"))).changes
    assert (change.path, change.new) == ("zones[1]", "b")


def test_two_stacks_are_compared_without_their_names():
    old = plan(resource(VPC, "v", {"cidrBlock": "a"}), exports={"url": "a"})
    new = plan(resource(VPC, "v", {"cidrBlock": "a"}, stack="prod"), stack="prod")
    diff = compare(old, new)
    assert diff.steps == ()
    assert [change.path for change in diff.exports] == ["url"]


def test_markdown_cannot_be_broken_by_a_value():
    part = component("net|work")
    evil = "a|b`c`</details><script>\n# x @everyone"
    old = plan(part, resource(VPC, "v", {"tags": {"t": "x"}}, parent=part))
    new = plan(part, resource(VPC, "v", {"tags": {"t": evil}}, parent=part))
    page = comment([Compared("dev", compare(old, new))], "make diff")
    assert "1 to update" in page
    assert "<script>" not in page
    assert page.count("<details>") == page.count("</details>") == 2
    (row,) = [line for line in page.splitlines() if line.startswith("| ~")]
    assert row.count("|") == 4
    assert "`" not in row
    assert "@" not in row


CLUSTER = "eks:index:Cluster"


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (["api", "audit"], ["audit", "api"], 0),
        (["api", "audit"], ["audit"], 1),
        (["api", "api"], ["api"], 1),
        (["api", "audit"], None, 1),
        ("[unknown]", ["api"], 1),
    ],
)
def test_a_set_changes_with_its_members_and_not_with_their_order(old, new, changed) -> None:
    before, after = (
        plan(resource(CLUSTER, "c", {"enabledClusterLogTypes": one} if one else {}))
        for one in (old, new)
    )
    assert len(compare(before, after).steps) == changed


def test_the_order_of_a_list_is_a_change() -> None:
    before, after = (
        plan(resource(GROUP, "g", {"instanceTypes": one}))
        for one in (["m7g.large", "m6g.large"], ["m6g.large", "m7g.large"])
    )
    assert len(compare(before, after).steps) == 1
