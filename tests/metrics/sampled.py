"""Scrapes of real programs beside the catalogue: it is compared with them, or written from them."""

import re
from pathlib import Path

import pytest

from tests.metrics.catalogue import missing, rewrite
from tests.tiers.programs import ROOT


def agree(
    request: pytest.FixtureRequest, program: str, text: str, version: str, keep: str = ".*"
) -> None:
    """Fails when a scrape lacks what the catalogue has of a program. With --snapshot-update the
    catalogue is written from the scrape: the names that fit the regular expression `keep`."""
    if request.config.option.update_snapshots:
        where = Path(request.path).relative_to(ROOT)
        rewrite(program, text, {"version": version, "sampled": str(where)}, keep)
    assert not (said := missing(program, text)), f"{program} {version}: {'; '.join(said)}"


def version_of(module: str, folder: Path) -> str:
    """The version of a Go module in the go.mod of a folder."""
    line = rf"^(?:require |\t){re.escape(module)} (v\S+)"
    (version,) = re.findall(line, (folder / "go.mod").read_text(), re.MULTILINE)
    return version
