"""The commands of the Makefile, as a person or a pipeline runs them."""

import os
import subprocess
import sys

from tests.plans import ROOT


def preview(*arguments: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "AWS_REGION": "eu-north-1", "AWS_PROFILE": "x"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_runs_print_the_same_bytes_whatever_the_environment_holds() -> None:
    first = preview("plan", "--stack", "staging", seed="1")
    second = preview("plan", "--stack", "staging", seed="2")
    assert first.returncode == 0 and first.stderr == ""
    assert first.stdout == second.stdout
    assert "eu-north-1" not in first.stdout


def test_a_wrong_stack_file_gives_one_message_exit_code_2_and_no_output() -> None:
    result = preview("tree", "--stack", "dev", "--set", "jarMount.level=pods")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "spark-on-eks:jarMount.level: 'pods' is not one of pod, node" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_stack_is_answered_with_the_ones_there_are() -> None:
    result = preview("tree", "--stack", "production")
    assert (result.returncode, result.stdout) == (2, "")
    assert all(stack in result.stderr for stack in ("dev", "staging", "prod", "existing"))
