"""Replace rules cover every input that the program uses, each with its source."""

import dataclasses
from functools import cache

import pytest

from ops.diff.compare import ABSENT, Change
from ops.diff.diff import compare
from ops.diff.impact import Kind, consequences
from ops.diff.replace_rules import aws, kubernetes
from ops.diff.replacement import row_of, verdict
from ops.diff.steps import Operation
from ops.plan.model import Resource
from ops.plan.paths import covers
from tests.ops.diff.plans import kubernetes as object_of
from tests.ops.diff.plans import plan, resource
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, DRILL, NODE, REPLICA, STACKS, plan_of
from tests.tiers.engine.providers.aws_types import ROWS as SCHEMAS

SETTINGS = (
    *((stack, ()) for stack in STACKS),
    ("dev", NODE),
    ("dev", DAEMONSET),
    ("dev", CLUSTER_AUTOSCALER),
    ("dev", DRILL),
    ("dev", REPLICA),
    ("dev", ("jarBucket.accessLogBucket=access-logs",)),
    (
        "dev",
        (
            "spark.yunikorn.enabled=true",
            "spark.historyServer={enabled: true, release: '2026-11-01', logs: {}}",
        ),
    ),
)


@cache
def used() -> dict[str, Resource]:
    """One resource for each type and input that the program uses in any stack or setting."""
    return {
        f"{one.type} {key}": one
        for stack, overrides in SETTINGS
        for one in plan_of(stack, *overrides).resources
        if (one.custom or one.remote) and not one.external
        for key in one.inputs
    }


def test_every_type_that_the_program_uses_has_a_row():
    assert {one.type for one in used().values() if row_of(one) is None} == set()


def test_every_input_that_the_program_uses_is_known():
    unknown = {
        name
        for name, one in used().items()
        if name.rpartition(" ")[2] not in ("apiVersion", "kind", "region")
        if not _speaks_of(one, name.rpartition(" ")[2])
    }
    # How the provider handles another region was not observed: it may replace everything.
    assert unknown == set()


def _speaks_of(one: Resource, key: str) -> bool:
    paths = [
        path
        for row in row_of(one) or ()
        for path in f"{row.replaces} {row.updates} {row.removal_replaces} {row.refused}".split()
    ]
    return any(covers(key, path) or covers(path, key) for path in paths)


def test_every_row_names_its_source():
    rows = [*aws.ROWS.values(), *kubernetes.KINDS.values(), *kubernetes.OTHER.values()]
    assert [row for row in rows if len(row.source) < 8] == []


@pytest.mark.parametrize("type_", sorted(SCHEMAS))
def test_the_table_agrees_with_the_cloudformation_schemas(type_: str):
    row, schema = aws.ROWS[type_.removeprefix("aws:")], SCHEMAS[type_]
    replaced = [path for path in row.replaces.split() if not path.endswith("Prefix")]
    in_place = row.updates.split()
    assert [path for path in in_place if schema.forces_replacement(path)] == []
    known = [path for path in replaced if not schema.cfn or schema.node(path) is not None]
    assert [path for path in known if not schema.forces_replacement(path)] == DIFFERING.get(
        type_, []
    )


# Create-only for the Terraform provider, which plans the update, but not in CloudFormation.
DIFFERING = {
    "aws:cloudwatch/eventRule:EventRule": ["eventBusName"],
    "aws:eks/cluster:Cluster": ["remoteNetworkConfig"],
    "aws:kms/key:Key": ["keyUsage", "multiRegion"],
    "aws:s3/bucket:Bucket": ["objectLockEnabled"],
}


def test_an_input_that_no_row_knows_may_replace():
    vpc = resource("aws:ec2/vpc:Vpc", "v", {"brandNew": 1})
    assert verdict(vpc, Change("brandNew", 1, 2)) is Operation.may_replace
    step = compare(plan(vpc), plan(dataclasses.replace(vpc, inputs={"brandNew": 2})))
    (told, _) = consequences(step)
    assert told.kind is Kind.may_replace
    assert "no replace rule says what a change of brandNew does" in told.text


@pytest.mark.parametrize("type_", ["aws:new/thing:Thing", "other:index:Thing"])
def test_a_type_without_a_row_may_be_replaced(type_: str):
    assert verdict(resource(type_, "x"), Change("a", 1, 2)) is Operation.may_replace


def test_a_kind_without_a_row_may_be_replaced_and_surely_with_another_name():
    one = object_of("Widget", "w", {}, group="example.org/v1")
    assert verdict(one, Change("spec.size", 1, 2)) is Operation.may_replace
    assert verdict(one, Change("metadata.name", "a", "b")) is Operation.replace


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        (Change("encryptionConfigKeyArn", ABSENT, "arn"), Operation.update),
        (Change("encryptionConfigKeyArn", "arn", ABSENT), Operation.replace),
        (Change("encryptionConfigKeyArn", "one", "other"), Operation.may_replace),
        (Change("(protect)", True, False), Operation.update),
    ],
)
def test_what_can_be_added_and_not_taken_away_is_known_as_such(change, operation):
    assert verdict(resource("eks:index:Cluster", "c"), change) is operation


def test_an_added_object_is_compared_by_its_content():
    group = resource("aws:eks/nodeGroup:NodeGroup", "g")
    template = {"id": "lt-1", "version": "1"}
    assert verdict(group, Change("launchTemplate", ABSENT, template)) is Operation.replace
