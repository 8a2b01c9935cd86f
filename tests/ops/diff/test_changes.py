"""The diff says of each change of a setting what it does to the platform."""

import pytest

from tests.ops.diff.changes import Row
from tests.ops.diff.changes_cloud import CLOUD
from tests.ops.diff.changes_jars import JARS
from tests.ops.diff.changes_nodes import NODES
from tests.ops.diff.judge import diff_of, misjudged, on_the_engine, operations

pytestmark = pytest.mark.table

ROWS = [*CLOUD, *NODES, *JARS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_change_is_told_in_the_platforms_words(row: Row):
    assert misjudged(row, diff_of(row)) == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.knob], ids=lambda row: row.name)
def test_a_change_does_what_the_engine_does(row: Row):
    assert operations(diff_of(row)) == on_the_engine(row)
