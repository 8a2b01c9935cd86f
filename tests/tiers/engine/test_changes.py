"""Every change of the diff's table on the real engine.

What the diff calls fine goes through and leaves a working platform, what it calls failing fails,
and what it calls refused changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
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
# A stack of its own VPC is what each starts from, and the program keeps a cluster in its VPC.
del ROWS["a given subnet more"], ROWS["a given subnet less"]
# What fails is the deletion of a bucket that agents filled; the stand-in has no agents.
del ROWS["no logs any more"], ROWS["logs to CloudWatch, no longer to a bucket"]
Opened = Callable[[str], Project]
Starts = Callable[..., Project]


@pytest.fixture(scope="session")
def start_of(open_project: Opened, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starts]:
    """The stack as a row finds it, after an `up`: to be copied, not to be changed."""
    with ExitStack() as opened:

        @cache
        def start(stack: str, before: tuple[str, ...] = ()) -> Project:
            if before:
                folder = tmp_path_factory.mktemp(stack)
                project = opened.enter_context(start(stack).copy(folder))
                project.reset(*before)
            else:
                project = open_project(stack)
            project.up().ok()
            return project

        yield start


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_change_goes_as_the_diff_says(row: Row, start_of: Starts, tmp_path: Path):
    told = {one.kind for one in consequences(compare(*row.plans()))}
    with start_of(row.stack, tuple(row.before)).copy(tmp_path) as project:
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
            # What was created anew, or is gone, is what a second run could see otherwise.
            if {one.verb for one in outcome.changes} - {"create", "update"}:
                assert project.preview().ok().operations == []
