"""The diff lists the consequences of each change of a setting."""

import pytest

from tests.ops.diff.changes import Row
from tests.ops.diff.changes_cloud import CLOUD
from tests.ops.diff.changes_jars import JARS
from tests.ops.diff.changes_nodes import NODES
from tests.ops.diff.judge import diff_of, misjudged, on_the_engine, operations

pytestmark = pytest.mark.table

ROWS = [*CLOUD, *NODES, *JARS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_change_has_its_consequences_for_the_platform(row: Row):
    assert misjudged(row, diff_of(row)) == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.knob], ids=lambda row: row.name)
def test_a_change_does_what_the_engine_does(row: Row):
    assert operations(diff_of(row)) == on_the_engine(row)
