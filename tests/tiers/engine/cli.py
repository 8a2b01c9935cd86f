"""Where the Pulumi CLI is: on PATH, or built by dev/engine."""

import shutil
from functools import cache
from pathlib import Path

from tests.tiers.programs import ROOT, built

HOW_TO_GET = (
    "needs the Pulumi CLI: install it (pulumi.com/docs/iac/download-install), or install Go 1.26 "
    "and let dev/engine/build make it"
)


@cache
def cli() -> Path:
    """The CLI's program. Raises RuntimeError, which says how to get it."""
    given = shutil.which("pulumi")
    return Path(given) if given else built(ROOT / "dev" / "engine" / "build", HOW_TO_GET) / "pulumi"
