"""The diff lists the consequences of each change of a setting."""

import re

import pytest

from ops.diff.diff import Diff, compare
from ops.diff.impact import consequences
from ops.plan.errors import UserError
from tests.ops.diff.changes import Row
from tests.ops.diff.tables import EDITS, SETS
from tests.plans import plan_of
from tests.tiers.engine.test_knobs import KNOBS

ROWS = {**SETS, **EDITS}
assert len(ROWS) == len(SETS) + len(EDITS)
REFUSED = {
    "a release of another minor": (
        "dev",
        ("cluster.version=1.36", "systemNodes.amiRelease=1.35.2-20260724"),
        "is for Kubernetes 1.35, and cluster.version is 1.36; set a release that begins with 1.36",
    ),
    "a release of another operating system": (
        "prod",
        ("cluster.version=1.36", "systemNodes.amiRelease=1.35.2-20260724"),
        "'1.35.2-20260724' is not a release of bottlerocket for a node group",
    ),
    "a pool of another name where teams name none": (
        "prod",
        ("pools[0].name=general",),
        "spark.teams[0].pool: is not set, and none of several pools is called default",
    ),
}
"""docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html; a name of the stack."""
ON_THE_ENGINE = {knob.key: sorted(knob.operations) for knob in KNOBS}


def diff_of(row: Row) -> Diff:
    return compare(*row.plans())


@pytest.mark.parametrize("row", EDITS.values(), ids=EDITS)
def test_a_change_of_a_plan_has_its_consequences(row: Row):
    assert_consequences(row)


@pytest.mark.table
@pytest.mark.parametrize("row", SETS.values(), ids=SETS)
def test_a_change_of_a_setting_has_its_consequences(row: Row):
    assert_consequences(row)


def assert_consequences(row: Row) -> None:
    """All of them, most serious first, and no other."""
    found = consequences(diff_of(row))
    said = [f"{one.kind}: {one.text} {' '.join(one.details)}" for one in found]
    assert len(said) == len(row.expected), said
    for text, expected in zip(said, row.expected, strict=True):
        kind, _, fragment = expected.partition(": ")
        assert text.startswith(f"{kind}: ") and fragment in text, expected


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_change_has_a_source(row: Row):
    assert re.match(r"[a-z.]+\.[a-z]+/.+", row.source)


@pytest.mark.parametrize(("stack", "sets", "says"), REFUSED.values(), ids=REFUSED)
def test_some_changes_are_refused_before_there_is_a_plan(stack, sets, says):
    with pytest.raises(UserError) as error:
        plan_of(stack, *sets)
    assert says in str(error.value)


@pytest.mark.table
@pytest.mark.parametrize(
    "row", [row for row in ROWS.values() if row.knob], ids=lambda row: row.knob
)
def test_a_change_does_what_the_engine_does(row: Row):
    operations = [
        f"{step.operation} {step.resource.type.rsplit(':', 1)[1]} {step.resource.name}"
        # The engine sees the cluster that the component creates.
        .replace("Cluster cluster-eks", "Cluster cluster-eks-eksCluster")
        for step in diff_of(row).steps
        if step.resource.custom or step.resource.remote
    ]
    assert sorted(operations) == ON_THE_ENGINE[row.knob]
