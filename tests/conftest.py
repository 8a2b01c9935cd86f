"""What every tier's process does at its start."""

import gc
import os
import sys

# Else each command that a test starts would compile 300 modules of the SDKs again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure() -> None:
    """Looks for garbage rarely: the SDKs are a million objects that stay, and were a tenth of the
    time."""
    gc.set_threshold(100_000, 50, 1000)
