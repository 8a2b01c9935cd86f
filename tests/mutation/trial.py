"""Tries one mutant: does the program reject it, does a rule find it, does a test fail?"""

import contextlib
import io
import os
import pickle
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pytest

from ops.plan.errors import PlanError, UserError
from ops.rules.check import check
from tests.mutation.guards import Guard, without
from tests.mutation.recording import change, recorded_once
from tests.plans import ROOT, plan_of

Places = frozenset[tuple[str, str, str]]
_OTHERS = ("golden", "docs", "commands", "settings", "validate", "secrets")
"""Tests of something else than a plan, and the golden files, which change with everything."""
TESTS = (
    *sorted(
        f"tests/unit/{path.name}"
        for path in (ROOT / "tests" / "unit").glob("test_*.py")
        if path.stem.removeprefix("test_") not in _OTHERS
    ),
    "tests/ops/plan/test_system_nodes.py",
    "tests/ops/rules/test_iam_lint.py",
)
"""Promises about the plan."""
_SECONDS = 300
_AT_ONCE = 2


@dataclass(frozen=True)
class Outcome:
    """The check that detected the removed guard: `refused`, `rule`, `test`, or none (`missed`)."""

    by: str
    detail: str = ""


class Trial(NamedTuple):
    """A mutant, the variants that run its lines, and the findings of each without it."""

    guard: Guard
    variants: tuple[tuple[str, ...], ...]
    before: dict[tuple[str, ...], Places]
    tests: bool = False
    """Whether tests are run instead of rules, which found nothing."""
    left_out: tuple[str, ...] = ()
    """Tests that fail without a mutant, too."""


def places(variant: tuple[str, ...]) -> Places:
    """What the rules find in a variant, warnings included."""
    return frozenset(
        (one.rule.id, one.name, one.broken.message) for one in check(plan_of(*variant)).findings
    )


def run(trial: Trial) -> Outcome:
    """Tries the mutant in this process, which must end afterwards."""
    change(trial.guard.file, without(ROOT, trial.guard))
    with recorded_once():
        for variant in () if trial.tests else trial.variants:
            try:
                new = places(variant) - trial.before[variant]
            except (PlanError, UserError) as error:
                return Outcome("refused", str(error).splitlines()[0][:120])
            except Exception as error:
                return Outcome("refused", f"{type(error).__name__}: {error}".splitlines()[0][:120])
            if new:
                rule, name, message = min(new)
                return Outcome("rule", f"{rule}: {name} {message}"[:160])
        failed = failing_tests("-x", *_deselected(trial.left_out)) if trial.tests else []
    return Outcome("test", failed[0]) if failed else Outcome("missed")


def untouched() -> Outcome:
    """The tests that fail of the program as it is, a line each."""
    with recorded_once():
        return Outcome("test", "\n".join(failing_tests()))


def _deselected(tests: Sequence[str]) -> list[str]:
    return [option for test in tests for option in ("--deselect", test)]


def failing_tests(*more: str) -> list[str]:
    """The tests that fail, by id."""

    class Failed:
        def __init__(self) -> None:
            self.ids: list[str] = []

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                self.ids.append(report.nodeid)

    failed = Failed()
    options = ["-n0", "-q", "-p", "no:cacheprovider", *more, *TESTS]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = pytest.main(options, plugins=[failed])
    return failed.ids or ([f"pytest ends with {code}"] if code else [])


def forked(call: Callable[[], Outcome]) -> tuple[int, int]:
    """Runs a call in a fork; returns the process and the pipe for its outcome."""
    read, write = os.pipe()
    process = os.fork()
    if process:
        os.close(write)
        return process, read
    os.close(read)
    signal.alarm(_SECONDS)
    outcome = Outcome("refused", "the process ended")
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        outcome = call()
    finally:
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(outcome, pipe)
        sys.stdout.flush()
        os._exit(0)


def collected(process: int, read: int) -> Outcome:
    """Reads the outcome of a fork, and waits until it ends."""
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(process, 0)
    return pickle.loads(answer) if answer else Outcome("refused", f"no end in {_SECONDS} s")


def in_forks(trials: Sequence[Trial], told: Callable[[Trial, Outcome], None]) -> None:
    """Tries all mutants, several in parallel, and reports each outcome in their order."""
    waiting = list(trials)
    running: list[tuple[Trial, int, int]] = []
    while waiting or running:
        while waiting and len(running) < _AT_ONCE:
            trial = waiting.pop(0)
            running.append((trial, *forked(partial(run, trial))))
        trial, process, read = running.pop(0)
        told(trial, collected(process, read))
