"""What every tier's process does at its start."""

import gc


def pytest_configure() -> None:
    """Looks for garbage rarely: the SDKs are a million objects that stay, and were a tenth of the
    time."""
    gc.set_threshold(100_000, 50, 1000)
