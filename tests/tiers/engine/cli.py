"""Where the Pulumi CLI is: on PATH, or built by dev/engine."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HOW_TO_GET = (
    "needs the Pulumi CLI: install it (pulumi.com/docs/iac/download-install), or install Go 1.26 "
    "and let dev/engine/build make it"
)


@cache
def cli() -> Path:
    """The CLI's program, built on first use (minutes, then reused).

    Raises RuntimeError, which says how to get it, when it cannot be had.
    """
    given = shutil.which("pulumi")
    if given:
        return Path(given)
    built = subprocess.run(
        [ROOT / "dev" / "engine" / "build"], stdout=subprocess.PIPE, text=True, check=False
    )
    if built.returncode:
        raise RuntimeError(HOW_TO_GET)
    return Path(built.stdout.strip().splitlines()[-1]) / "pulumi"


def cli_or_skip() -> Path:
    """The same for a test: skips with the reason, and fails instead with CI=true."""
    try:
        return cli()
    except RuntimeError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI leaves no tier out: {error}", pytrace=False)
        pytest.skip(str(error))
