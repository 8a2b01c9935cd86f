"""The diff lists the consequences of each change of a cloud setting."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.diff.diff import compare
from ops.diff.impact import consequences
from ops.plan.record import record
from tests.ops.diff.changes import Row
from tests.ops.diff.changes_cloud import CLOUD
from tests.ops.diff.changes_jars import JARS
from tests.ops.diff.changes_nodes import NODES
from tests.ops.diff.judge import diff_of, misjudged, on_the_engine, operations
from tests.plans import ROOT, plan_of

pytestmark = pytest.mark.table


@pytest.mark.parametrize("row", CLOUD, ids=lambda row: row.name)
def test_a_change_of_the_cloud_has_its_consequences_for_the_platform(row: Row):
    assert misjudged(row, diff_of(row)) == []


@pytest.mark.parametrize("row", [row for row in CLOUD if row.knob], ids=lambda row: row.name)
def test_a_change_of_the_cloud_does_what_the_engine_does(row: Row):
    assert operations(diff_of(row)) == on_the_engine(row)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_comments_and_another_order_of_keys_are_no_change(stack: str, tmp_path: Path):
    settings = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text())
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text()) | {"main": str(ROOT)}
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (tmp_path / "stacks").mkdir()
    written = yaml.safe_dump(_reversed(settings), sort_keys=False)
    (tmp_path / "stacks" / f"Pulumi.{stack}.yaml").write_text(f"# another comment\n{written}")
    diff = compare(plan_of(stack), record(tmp_path, stack))
    assert (diff.steps, consequences(diff)) == ((), ())


def _reversed(value: Any) -> Any:
    """The same with every object's keys the other way round."""
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def test_the_table_has_at_least_40_changes():
    assert len({row.name for row in [*CLOUD, *NODES, *JARS]}) >= 40
