"""The diff says of each change of a cloud or node setting what it does to the platform."""

import pytest

from tests.preview.changes import Row
from tests.preview.changes_cloud import CLOUD
from tests.preview.changes_jars import JARS
from tests.preview.changes_nodes import NODES
from tests.preview.judge import diff_of, misjudged, on_the_engine, operations


@pytest.mark.parametrize("row", CLOUD, ids=lambda row: row.name)
def test_a_change_of_the_cloud_is_told_in_the_platforms_words(row: Row):
    assert misjudged(row, diff_of(row)) == []


@pytest.mark.parametrize("row", [row for row in CLOUD if row.knob], ids=lambda row: row.name)
def test_a_change_of_the_cloud_does_what_the_engine_does(row: Row):
    assert operations(diff_of(row)) == on_the_engine(row)


def test_the_table_has_at_least_40_changes():
    assert len({row.name for row in [*CLOUD, *NODES, *JARS]}) >= 40
