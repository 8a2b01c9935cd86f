"""Two stacks are compared without what only carries their names."""

import io

import pytest

from ops.diff.steps import Operation
from ops.diff.text import render, summary
from ops.diff.two_stacks import compare_stacks
from ops.plan.model import Plan
from tests.ops.diff.plans import GROUP, VPC, component, plan, resource
from tests.plans import plan_of

ACCOUNTS = {"dev": "111111111111", "prod": "222222222222"}


def stack(name: str, region: str = "us-west-2", **inputs: object) -> Plan:
    account = ACCOUNTS[name]
    parts = [
        resource("pulumi:providers:aws", "aws", {
            "region": region, "allowedAccountIds": [account],
            "defaultTags": f'{{"tags": {{"stack": "{name}"}}}}'}, stack=name),
        resource("eks:index:Cluster", "eks", {"name": f"spark-{name}"}, stack=name),
        resource(GROUP, "g", {
            "clusterName": f"spark-{name}", "zone": f"{region}a", "stack": name,
            "role": f"arn:aws:iam::{account}:role/spark-{name}-node",
            f"kubernetes.io/cluster/spark-{name}": "owned", **inputs}, stack=name),
    ]  # fmt: skip
    return plan(*parts, stack=name)


def test_names_of_cluster_account_region_and_stack_are_no_difference():
    diff = compare_stacks(stack("dev"), stack("prod", "eu-west-1"))
    assert diff.steps == ()
    assert summary(diff) == "no differences"


@pytest.mark.parametrize(
    ("old", "new"),
    [("a", "b"), ("spark-developer", "spark-production"), ("x-dev", "x-prod"), ("us-west-2", "x")],
)
def test_everything_else_is_a_difference(old: str, new: str):
    (step,) = compare_stacks(stack("dev", size=old), stack("prod", size=new)).steps
    assert [(one.path, one.old, one.new) for one in step.changes] == [("size", old, new)]


def test_nothing_is_replaced_because_no_update_leads_from_one_to_the_other():
    diff = compare_stacks(plan_of("dev"), plan_of("prod"))
    assert {step.operation for step in diff.steps} == {
        Operation.create, Operation.update, Operation.delete,
    }  # fmt: skip
    assert not any(step.forced_by or step.propagated for step in diff.steps)
    assert not any("spark-dev" in str(change) for step in diff.steps for change in step.changes)


def test_a_component_that_only_one_has_is_one_line():
    part = component("part")
    here = [part, *(resource(VPC, f"v-{n}", parent=part) for n in range(3))]
    out = io.StringIO()
    both = resource(VPC, "v", {"a": 1})
    other = resource(VPC, "v", {"a": 2}, stack="prod")
    render(compare_stacks(plan(*here, both), plan(other, stack="prod")), out)
    assert out.getvalue() == (
        "toy: dev → prod: 1 differs, 4 only in dev, 0 alike\n"
        "\n(no component)\n  ~ differs v  aws:ec2:Vpc\n      a: 1 -> 2\n"
        "\npart\n  - only in dev part  toy:index:Part\n"
    )
