"""The diff lists the consequences of each change of a setting."""

import pytest

from ops.diff.diff import Diff, compare
from ops.diff.impact import consequences
from tests.ops.diff.changes import Row
from tests.ops.diff.changes_cloud import CLOUD
from tests.ops.diff.changes_jars import JARS
from tests.ops.diff.changes_nodes import NODES
from tests.plans import plan_of
from tests.tiers.engine.test_knobs import KNOBS

pytestmark = pytest.mark.table

ROWS = {**CLOUD, **NODES, **JARS}
ON_THE_ENGINE = {knob.key: sorted(knob.operations) for knob in KNOBS}


def diff_of(row: Row) -> Diff:
    return compare(plan_of(row.stack, *row.before), plan_of(row.stack, *row.after))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_change_has_its_consequences_for_the_platform(row: Row):
    found = consequences(diff_of(row))
    said = [f"{one.kind}: {one.text} {' '.join(one.details)}" for one in found]
    assert len(said) == len(row.expected), said
    for text, expected in zip(said, row.expected, strict=True):
        kind, _, fragment = expected.partition(": ")
        assert text.startswith(f"{kind}: ") and fragment in text, expected


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
