"""Every change of the diff's table on the real engine.

What the diff calls fine goes through and leaves a working platform, what it calls failing fails,
and what it calls refused changes nothing.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from ops.diff.impact import Kind, consequences
from tests.ops.diff.test_changes import ROWS, Row, diff_of
from tests.tiers.engine import health
from tests.tiers.engine.project import Project

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
    told = {one.kind for one in consequences(diff_of(row))}
    with first.copy(tmp_path) as project:
        if row.before:
            project.set(*row.before)
            project.up().ok()
        project.set(*row.after)
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
