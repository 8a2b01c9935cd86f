from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tools():
    return Path("/work/main/.cache/metrics")
