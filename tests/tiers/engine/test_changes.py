"""Every change of the diff's table on the real engine.

What the diff calls fine goes through and leaves a working platform, what it calls failing fails,
and what it calls refused changes nothing.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from ops.diff.diff import compare
from ops.diff.impact import Kind, consequences
from tests.ops.diff.changes import Row
from tests.ops.diff.changes_cloud import CLOUD
from tests.ops.diff.changes_jars import JARS
from tests.ops.diff.changes_nodes import NODES
from tests.plans import plan_of
from tests.tiers.engine import health
from tests.tiers.engine.project import Project

ROWS = {**CLOUD, **NODES, **JARS}
# The stand-in has the objects of all clusters in one place, so that a second cluster's would exist
# already; test_knobs.py has its preview.
del ROWS["another cluster"]
Opened = Callable[[str], Project]


@pytest.fixture(scope="session")
def first_prod(open_project: Opened) -> Project:
    """Prod as its file says, after one `up`: to be copied, not to be changed."""
    project = open_project("prod")
    project.up().ok()
    return project


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_change_goes_as_the_diff_says(row: Row, request, tmp_path: Path):
    first: Project = request.getfixturevalue(f"first_{row.stack}")
    diff = compare(plan_of(row.stack, *row.before), plan_of(row.stack, *row.after))
    told = {one.kind for one in consequences(diff)}
    with first.copy(tmp_path) as project:
        if row.before:
            project.reset(*row.before)
            project.up().ok()
        project.reset(*row.after)
        attempts = len(project.cloud.attempts)
        outcome = project.up()
        if Kind.refused in told:
            assert outcome.failed
            assert len(project.cloud.attempts) == attempts
        elif Kind.fails in told:
            assert outcome.failed
        else:
            outcome.ok()
            assert health.complaints(project.cloud) == []
            assert project.preview().ok().operations == []
