"""The commands of the Makefile, as a user or a pipeline runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.plans import ROOT


def preview(*arguments: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TZ": "Asia/Tokyo" if seed == "2" else "UTC",
            "AWS_REGION": "eu-north-1",
            "AWS_PROFILE": "x",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_runs_print_the_same_bytes_in_any_environment() -> None:
    first = preview("plan", "--stack", "staging", seed="1")
    second = preview("plan", "--stack", "staging", seed="2")
    assert first.returncode == 0 and first.stderr == ""
    assert first.stdout == second.stdout
    assert "eu-north-1" not in first.stdout


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        # Independent of the lock files' times: a test installs nothing.
        ["make", "--silent", "--old-file=.venv/.ready", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_keeps_bytecode_in_any_environment() -> None:
    rule = '--eval=shown:; @echo "[$$PYTHONDONTWRITEBYTECODE]"'
    assert make(rule, "shown", PYTHONDONTWRITEBYTECODE="1").stdout == "[]\n"


def test_make_hands_on_a_value_with_quotes_and_a_format() -> None:
    value = """tags.a='it''s "quoted"' tags.b=2"""
    result = make("preview", "STACK=dev", "DEPTH=1", f"SET={value}", "FORMAT=json")
    assert result.returncode == 0, result.stderr
    assert '"stack": "dev"' in result.stdout


def test_the_help_is_the_manual_with_each_command_in_its_group() -> None:
    text = preview("--help").stdout
    groups = [
        "Look at a stack or a change:",
        "Judge it:",
        "Run jobs on it:",
        "Publish JARs for it:",
    ]
    places = [text.index(group) for group in groups]
    assert places == sorted(places)
    verbs = ["tree", "plan", "manifests", "diff", "picture", "check", "capacity", "job", "verify"]
    for verb in (*verbs, "publish-jars"):
        assert f"\n  {verb} " in text
        assert preview(verb, "--help").returncode == 0
    pages = re.findall(r"docs/[a-z-]+\.md", text)
    assert pages and all((ROOT / page).is_file() for page in pages)


def completed(line: str, shell: str = "bash") -> list[str]:
    words = line.split(" ")
    result = subprocess.run(
        [sys.executable, "-m", "ops"],
        cwd=ROOT,
        env={
            **os.environ,
            "_OPS_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.split()


def test_a_shell_completes_commands_stacks_teams_jobs_and_formats() -> None:
    assert completed("ops pi") == ["picture"]
    assert completed("ops tree --stack s") == ["staging"]
    assert completed("ops diff --from p") == ["prod"]
    assert completed("ops job --stack dev --team ") == ["team-a", "team-b"]
    assert completed("ops job --team ") == []
    assert completed("ops job --job t") == ["taxi-trip"]
    assert completed("ops check --format m") == ["markdown"]


def test_completion_is_installed_for_the_short_name_that_the_set_up_links(tmp_path: Path) -> None:
    install = subprocess.run(
        [sys.executable, "-m", "ops", "--install-completion", "bash"],
        cwd=ROOT,
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert install.returncode == 0, install.stderr
    assert "_OPS_COMPLETE=complete_bash" in (tmp_path / ".bash_completions" / "ops.sh").read_text()
    assert "dev/setup/ops $(BIN)/ops" in (ROOT / "Makefile").read_text()
    (tmp_path / "ops").symlink_to(ROOT / "dev" / "setup" / "ops")
    started = subprocess.run(
        [tmp_path / "ops", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert started.stdout.startswith("Usage: python -m ops ")
