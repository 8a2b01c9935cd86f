"""The CLI once for all tests; an account and a folder of its own for each stack."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pulumi.log
import pytest
import yaml
from xdist.scheduler import LoadScopeScheduling

from tests.tiers.engine.project import Project, cli
from tests.tiers.engine.seeds import account
from tests.tiers.programs import ROOT, or_skip

# Files whose tests continue from each other, for each stack or as a whole.
_CHAIN_OF_STACK = ("test_lifecycle.py", "test_plan.py")
_CHAIN = ("test_knobs.py", "test_real_claims.py")


class Chains(LoadScopeScheduling):
    """Keeps a chain on one worker and gives every other test to a free worker.

    xdist's own groups do nothing with pytest 9.2: they rename tests by `_nodeid`.
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        file = path.rpartition("/")[2]
        if file in _CHAIN_OF_STACK:
            return f"{file}[{test.rpartition('[')[2]}"
        return file if file in _CHAIN else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Chains:
    """Schedules by chain."""
    return Chains(config, log)


@pytest.fixture(scope="session", autouse=True)
def _without_debug_lines() -> Iterator[None]:
    """The SDK sends the engine a thousand debug lines a run, each a call that waits: a third of
    the time of a command, for what no test reads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi.log, "debug", lambda *_, **__: None)
        yield


@pytest.fixture(scope="session")
def open_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Project]]:
    """Opens a stack's project; what is opened lives as long as the tests do."""
    or_skip(cli)
    with ExitStack() as stack:

        def opened(name: str, program: Path = ROOT, checkpoints: bool = False) -> Project:
            folder = tmp_path_factory.mktemp(name)
            file = yaml.safe_load((program / "stacks" / f"Pulumi.{name}.yaml").read_text())
            cloud = account(file["config"]["aws:region"])
            return stack.enter_context(Project(folder, name, cloud, program, checkpoints))

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


@pytest.fixture
def program_with(tmp_path: Path) -> Callable[[Mapping[str, tuple[str, str]]], Path]:
    """Copies the program and changes files in it: path to (text, replacement)."""

    def copied(changes: Mapping[str, tuple[str, str]]) -> Path:
        for name in ("Pulumi.yaml", "__main__.py", "settings.py", "versions.py"):
            shutil.copy2(ROOT / name, tmp_path)
        for name in ("components", "stacks", "userdata"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
        for name, (text, instead) in changes.items():
            before = (tmp_path / name).read_text()
            assert text in before, f"{name} has no {text!r}: the table is outdated"
            (tmp_path / name).write_text(before.replace(text, instead))
        return tmp_path

    return copied
