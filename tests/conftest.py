"""Start-up of every test process."""

import gc
import os
import sys

# Else each command that a test starts would compile 300 modules of the SDKs again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure() -> None:
    """Makes garbage collection rare: the SDKs' million permanent objects took a tenth of the
    time."""
    gc.set_threshold(100_000, 50, 1000)
