"""The CLI once for all tests; an account and a folder of its own for each stack."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.tiers.engine.project import Project, cli
from tests.tiers.engine.seeds import account
from tests.tiers.programs import ROOT, or_skip

# Files whose tests continue from each other, for each stack or as a whole.
_CHAIN_OF_STACK, _CHAIN = ("test_lifecycle.py", "test_plan.py"), "test_knobs.py"


class Chains(LoadScopeScheduling):
    """Keeps a chain on one worker and gives every other test to a free worker.

    xdist's own groups do nothing with pytest 9.2: they rename tests by `_nodeid`.
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        file = path.rpartition("/")[2]
        if file in _CHAIN_OF_STACK:
            return f"{file}[{test.rpartition('[')[2]}"
        return file if file == _CHAIN else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Chains:
    """Schedules by chain."""
    return Chains(config, log)


@pytest.fixture(scope="session")
def open_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Project]]:
    """Opens a stack's project; what is opened lives as long as the tests do."""
    or_skip(cli)
    with ExitStack() as stack:

        def opened(name: str, program: Path = ROOT, checkpoints: bool = False) -> Project:
            folder = tmp_path_factory.mktemp(name)
            return stack.enter_context(Project(folder, name, account(), program, checkpoints))

        yield opened


@pytest.fixture(scope="session")
def first_dev(open_project: Callable[..., Project]) -> Project:
    """Dev as its file says, after one `up`: to be copied, not to be changed."""
    project = open_project("dev")
    project.up().ok()
    return project


@pytest.fixture
def running_dev(first_dev: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Dev as it runs after its first `up`, in an account of its own."""
    with first_dev.copy(tmp_path_factory.mktemp("dev")) as project:
        yield project
