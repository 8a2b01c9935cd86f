"""How this tier runs programs."""

import asyncio
from pathlib import Path

from tests.tiers.cluster.processes import wait_until
from tests.tiers.engine.copies import small_program
from tests.tiers.engine.project import Project
from tests.tiers.engine.seeds import account

LOOPS: list[asyncio.AbstractEventLoop] = []
"""Events of the program below, which runs in this process."""

_WAITS = """
import asyncio, pulumi
from tests.tiers.engine.faults import kill_engine
from tests.tiers.engine.test_project import LOOPS

async def never():
    LOOPS.append(asyncio.get_running_loop())
    await asyncio.sleep(1)  # until the SDK waits for nothing but this
    kill_engine()
    await asyncio.Event().wait()

pulumi.export("never", pulumi.Output.from_input(never()))
"""


def test_a_program_that_waits_ends_with_its_engine(tmp_path: Path, cli: Path) -> None:
    """Else its thread would keep the tests from ending."""
    program = small_program(tmp_path / "program", "waits", _WAITS)
    (tmp_path / "project").mkdir()
    with Project(tmp_path / "project", "waits", account(), cli, program) as project:
        assert project.up().failed
        (loop,) = LOOPS
        wait_until(lambda: not loop.is_running(), "the program has ended", seconds=10)
