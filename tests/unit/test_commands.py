"""The commands of the Makefile, as a user or a pipeline runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plans import ROOT

OPS = (sys.executable, "-m", "ops")
# Independent of the lock files' times: a test installs nothing.
MAKE = ("make", "--silent", "--old-file=.venv/.ready")


def run(*line: str | Path, folder: Path = ROOT, **environment: str) -> str:
    """What a command prints, which ends well and reports no error."""
    changed = {**os.environ, **environment}
    result = subprocess.run(
        line, cwd=folder, env=changed, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return result.stdout


@pytest.mark.table
def test_two_runs_print_the_same_bytes_in_any_environment() -> None:
    plan = (*OPS, "plan", "--stack", "staging")
    first = run(*plan, PYTHONHASHSEED="1", TZ="UTC", AWS_REGION="eu-north-1", AWS_PROFILE="x")
    assert first == run(*plan, PYTHONHASHSEED="2", TZ="Asia/Tokyo")
    assert "eu-north-1" not in first


def test_make_keeps_bytecode_in_any_environment() -> None:
    rule = '--eval=shown:; @echo "[$$PYTHONDONTWRITEBYTECODE]"'
    assert run(*MAKE, rule, "shown", PYTHONDONTWRITEBYTECODE="1") == "[]\n"


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        ("job JOB=pi STACK=prod TEAM=team-a", "--job 'pi' --stack 'prod' --team 'team-a'"),
        ("job FILE=my.yaml STACK=dev TEAM=a", "--file 'my.yaml'"),
        (
            "check-job FILE=my.yaml STACK=dev TEAM=a FIX=1",
            "--file 'my.yaml' --stack 'dev' --team 'a' --set \"$SET\" --account '' --fix",
        ),
        (
            "publish-jars RELEASE=r1 STACK=dev JAR_SET=etl-jars JARS=x.jar",
            "--stack 'dev' --to '' --release 'r1' --jar-set 'etl-jars' -- 'x.jar'",
        ),
        (
            "publish-jars RELEASE=r1 TO=s3://b/jars/ ALLOW_DUPLICATES=1",
            "--to 's3://b/jars/' --release 'r1' --jar-set 'jars' --allow-duplicates",
        ),
    ],
)
def test_make_hands_its_variables_on(words: str, passed: str) -> None:
    shown = run(*MAKE, "--dry-run", *words.split())
    assert passed in " ".join(shown.replace("\\\n", " ").split())


def test_make_hands_on_a_value_with_quotes_and_a_format() -> None:
    value = """karpenter.values.a='it''s "quoted"' tags.b=2"""
    text = run(*MAKE, "preview", "STACK=dev", "DEPTH=1", f"SET={value}", "FORMAT=json")
    assert '"stack": "dev"' in text


def test_the_help_is_the_manual_with_each_command_in_its_group() -> None:
    text = run(*OPS, "--help")
    groups = [
        "Look at a stack or a change:",
        "Judge it:",
        "Run jobs on it:",
        "Publish JARs for it:",
    ]
    places = [text.index(group) for group in groups]
    assert places == sorted(places)
    verbs = ["tree", "plan", "manifests", "diff", "picture", "check", "capacity", "job", "verify"]
    for verb in (*verbs, "check-job", "publish-jars"):
        assert f"\n  {verb} " in text
        assert run(*OPS, verb, "--help")
    pages = re.findall(r"docs/[a-z-]+\.md", text)
    assert pages and all((ROOT / page).is_file() for page in pages)


def completed(line: str) -> list[str]:
    last = str(line.count(" "))
    shell = {"_OPS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": last}
    return run(*OPS, **shell).split()


def test_a_shell_completes_commands_stacks_teams_jobs_and_formats() -> None:
    assert completed("ops pi") == ["picture"]
    assert completed("ops tree --stack s") == ["staging"]
    assert completed("ops diff --from p") == ["prod", "prod-a", "prod-b"]
    assert completed("ops job --stack dev --team ") == ["team-a", "team-b"]
    assert completed("ops job --team ") == []
    assert completed("ops job --job t") == ["taxi-trip"]
    assert completed("ops check --format m") == ["markdown"]


def test_completion_is_installed_for_the_short_name_that_the_set_up_links(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    run(*OPS, "--install-completion", "bash", **home)
    assert "_OPS_COMPLETE=complete_bash" in (tmp_path / ".bash_completions" / "ops.sh").read_text()
    assert "dev/setup/ops $(BIN)/ops" in (ROOT / "Makefile").read_text()
    (tmp_path / "ops").symlink_to(ROOT / "dev" / "setup" / "ops")
    text = run(tmp_path / "ops", "--help", folder=tmp_path)
    assert text.startswith("Usage: python -m ops ")
