"""The CLI once for all tests; an account and a folder of its own for each stack."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine.cli import ROOT, cli_or_skip
from tests.engine.project import Project
from tests.engine.providers.world import World
from tests.engine.seeds import account


@pytest.fixture(scope="session")
def cli() -> Path:
    """The Pulumi CLI."""
    return cli_or_skip()


@pytest.fixture(scope="session")
def open_project(
    cli: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Project]]:
    """Opens a stack's project; what is opened lives as long as the tests do."""
    with ExitStack() as stack:

        def opened(name: str, *, world: World | None = None, program: Path = ROOT) -> Project:
            folder = tmp_path_factory.mktemp(name)
            return stack.enter_context(
                Project(folder, name, world or account(), cli, program=program)
            )

        yield opened
