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
from tests.ops.diff.tables import SETS
from tests.tiers.engine import health
from tests.tiers.engine.project import Project

ROWS = dict(SETS)
# The stand-in has the objects of all clusters in one place, so that a second cluster's would exist
# already; test_knobs.py has its preview.
del ROWS["another cluster"]
Opened = Callable[[str], Project]


def _first(stack: str, open_project: Opened) -> Project:
    """A stack as its file says, after one `up`: to be copied, not to be changed."""
    project = open_project(stack)
    project.up().ok()
    return project


@pytest.fixture(scope="session")
def first_prod(open_project: Opened) -> Project:
    return _first("prod", open_project)


@pytest.fixture(scope="session")
def first_staging(open_project: Opened) -> Project:
    return _first("staging", open_project)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_change_goes_as_the_diff_says(row: Row, request, tmp_path: Path):
    first: Project = request.getfixturevalue(f"first_{row.stack}")
    told = {one.kind for one in consequences(compare(*row.plans()))}
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
