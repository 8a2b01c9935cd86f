"""Programs that a tier needs and that its build script makes, or a reason to skip it."""

import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

ROOT = Path(__file__).resolve().parents[2]

T = TypeVar("T")


@cache
def built(script: Path, how_to_get: str) -> Path:
    """The path that a build script prints last; it builds once (minutes) and then reuses.

    Raises RuntimeError, which says how to get the programs, when the build fails.
    """
    done = subprocess.run([script], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(how_to_get)
    return Path(done.stdout.strip().splitlines()[-1])


def or_skip(find: Callable[[], T]) -> T:
    """What `find` returns, for a test: skipped when `find` raises RuntimeError."""
    try:
        return find()
    except RuntimeError as error:
        leave_out(str(error))


def leave_out(reason: str) -> NoReturn:
    """Skips a test for want of a tool; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI leaves no tier out: {reason}", pytrace=False)
    pytest.skip(reason)
