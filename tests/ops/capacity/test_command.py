"""`make capacity`: its exit codes, its messages, and its page."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner, Result

from ops.capacity import cli as command
from tests.ops.capacity.test_report import SMALL_NETWORK
from tests.plans import ROOT, plan_of


@pytest.fixture(autouse=True)
def _plans_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.plan.record.record", lambda _, stack, keys: plan_of(stack, *keys))


def capacity(*arguments: str) -> Result:
    return CliRunner().invoke(command.app, ["--stack", "dev", *arguments])


def test_the_command_runs_by_itself() -> None:
    line = [sys.executable, "-m", "ops", "capacity", "--stack", "dev", "--format", "json"]
    result = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == capacity("--format", "json").stdout


def test_markdown_is_the_text_as_a_code_block_under_a_heading() -> None:
    text = capacity("--format", "markdown").stdout
    assert text.startswith("### spark-on-eks/dev: capacity\n\n```text\n") and text.endswith("```\n")
    assert capacity().stdout.splitlines()[-1] in text


def test_warnings_alone_end_with_exit_code_0() -> None:
    result = capacity("--executors", "10")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "warning" in result.stdout and "first limit: Running On-Demand" in result.stdout


def test_a_stack_that_outgrows_its_own_subnets_ends_with_exit_code_1() -> None:
    sets = [word for one in SMALL_NETWORK for word in ("--set", one)]
    result = capacity(*sets, "--cpu", "0.25", "--gib", "1")
    assert result.exit_code == 1
    assert "error  Addresses in the stack's private subnets" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--executors", "0"), "--executors 0: is not a whole number"),
        (("--cpu", "four"), "--cpu four: is not a number"),
        (("--minutes", "0"), "--minutes 0: is not a number from above 0 to 1,000,000"),
        (("--minutes", "-5"), "--minutes -5: is not a number"),
        (("--minutes", "nan"), "--minutes nan: is not a number"),
        (("--minutes", "an hour"), "--minutes an hour: is not a number"),
        (("--pool", "gpu"), "--pool gpu: is not a pool of executors; the pools are: default"),
        (("--quota", "L-1=5"), "--quota L-1=5: 'L-1' is not one of L-34B43A08"),
        (("--quota", "s3-get=many"), "--quota s3-get=many: 'many' is not a number"),
        (("--format", "xml"), "--format xml: is not one of text, markdown, json"),
        (("--set", "pools[0].limits.cpu=none"), "spark-on-eks:pools[0].limits.cpu"),
    ],
)
def test_a_wrong_request_is_a_message_and_code_2(arguments: tuple[str, ...], message: str) -> None:
    result = capacity(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr and "Traceback" not in result.stderr
