"""dev/drift: its output for each exit of pulumi."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.plans import ROOT

DRIFTED = "error: no changes were expected for preview but changes were proposed"
BROKEN = "error: getting credentials: no valid credential sources found"


def drift(folder: Path, code: int, says: str) -> subprocess.CompletedProcess[str]:
    stand_in = folder / "bin" / "pulumi"
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/sh\necho \"$@\" >'{folder}/asked'\necho '{says}'\nexit {code}\n")
    stand_in.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{stand_in.parent}:{os.environ['PATH']}",
        "GITHUB_SERVER_URL": "https://github.test",
        "GITHUB_REPOSITORY": "acme/spark",
        "GITHUB_RUN_ID": "42",
    }
    command = ["bash", str(ROOT / "dev" / "drift"), "prod", str(folder / "out")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def written(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "out").iterdir())


@pytest.mark.parametrize(
    ("code", "says", "file"),
    [(0, "Resources: 141 unchanged", "none.md"), (7, DRIFTED, "drift.md")],
)
def test_what_pulumi_found_becomes_one_text_with_the_stack_s_marker(
    tmp_path: Path, code: int, says: str, file: str
) -> None:
    result = drift(tmp_path, code, says)
    assert result.returncode == 0 and says in result.stdout
    assert written(tmp_path) == [file]
    text = (tmp_path / "out" / file).read_text()
    assert text.startswith("<!-- spark-on-eks: drift of prod -->\n")
    assert "https://github.test/acme/spark/actions/runs/42" in text


def test_a_failure_that_is_no_drift_fails_and_writes_nothing(tmp_path: Path) -> None:
    result = drift(tmp_path, 255, BROKEN)
    assert result.returncode == 1 and "not because of a change" in result.stderr
    assert written(tmp_path) == []


def test_the_state_is_refreshed_and_nothing_is_changed(tmp_path: Path) -> None:
    drift(tmp_path, 0, "")
    words = (tmp_path / "asked").read_text().split()
    assert words[0] == "preview"
    assert {"--refresh", "--expect-no-changes", "--non-interactive"} <= set(words)


def test_the_issue_holds_nothing_of_what_pulumi_printed(tmp_path: Path) -> None:
    drift(tmp_path, 7, f"~ password: hunter2-planted {DRIFTED}")
    assert "hunter2-planted" not in (tmp_path / "out" / "drift.md").read_text()
