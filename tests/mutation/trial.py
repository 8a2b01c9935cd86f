"""Tries one mutant: does the program reject it, does a rule find it, does a test fail?"""

import contextlib
import io
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, TextIO

import pytest

from ops.plan.errors import PlanError, UserError
from ops.rules.check import check
from tests import plans
from tests.mutation.guards import Guard, without
from tests.mutation.reach import Reach, Variant, Watched, reach_of
from tests.mutation.recording import VARIANTS, change, forget_program
from tests.plans import ROOT

Places = frozenset[tuple[str, str, str]]
_OTHERS = ("golden", "docs", "commands", "settings", "validate", "secrets", "values_fuzz")
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
_SECONDS = 900


@dataclass(frozen=True)
class Outcome:
    """The check that detected the removed guard: `refused`, `rule`, `test`, or none (`missed`)."""

    by: str
    detail: str = ""


def places(variant: Variant) -> Places:
    """What the rules find in a variant, warnings included."""
    return frozenset(
        (one.rule.id, one.name, one.broken.message)
        for one in check(plans.plan_of(*variant)).findings
    )


class Trials:
    """Plugin that drops guards in place of running the tests, which pytest collects once for all.

    A trial is cheap in this order: the rules on all plans that run the guard's lines (half a second
    each), then the tests that reach them.
    """

    def __init__(
        self,
        guards: Sequence[Guard],
        told: Callable[[Guard, Outcome], None],
        out: TextIO,
        jobs: int,
    ) -> None:
        self._guards, self._told, self._out, self._jobs = guards, told, out, jobs
        self._items: dict[str, pytest.Item] = {}
        self._failed: list[str] = []
        self._fresh: set[ModuleType] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes a failed test."""
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs every test once to see what it reaches, then each trial in a fork."""
        self._items = {one.nodeid: one for one in session.items}
        forget_program()
        known = collected(*forked(partial(self._untouched, session.items), 0))
        if isinstance(known, Outcome):
            raise RuntimeError(known.detail)
        reach, before = known
        for test in sorted(reach.failing):
            print(f"left out, because it fails without a mutant: {test}", file=self._out)
        print(f"{len(reach.tests)} tests use {len(reach.lines)} plans", file=self._out)
        running: deque[tuple[Guard, int, int]] = deque()
        for guard in self._guards:
            if len(running) == self._jobs:
                self._collect(running)
            trial = partial(self._run, guard, reach, before)
            running.append((guard, *forked(trial, _SECONDS)))
        while running:
            self._collect(running)
        return True

    def _collect(self, running: deque[tuple[Guard, int, int]]) -> None:
        """Waits for the oldest trial."""
        guard, process, read = running.popleft()
        self._told(guard, collected(process, read))

    def _untouched(self, items: Sequence[pytest.Item]) -> tuple[Reach, dict[Variant, Places]]:
        """What tests and variants reach of the program as it is, and what rules find there."""
        reach = reach_of(items, self._failing, VARIANTS)
        return reach, {variant: places(variant) for variant in VARIANTS}

    def _failing(self, items: Sequence[pytest.Item]) -> str:
        """The first of these tests that fails."""
        self._failed.clear()
        for position, item in enumerate(items):
            if item.module not in self._fresh:
                self._fresh.add(item.module)
                plans.plan_of.refresh(item.module)
            after = items[position + 1] if position + 1 < len(items) else None
            item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            if self._failed:
                return self._failed[0]
        return ""

    def _run(self, guard: Guard, reach: Reach, before: dict[Variant, Places]) -> Outcome:
        """Tries the mutant in this process, which must end afterwards."""
        change(guard.file, without(ROOT, guard))
        lines = set(range(guard.line, guard.end + 1))
        running = reach.plans_of(guard.file, lines)
        variants = tuple(one for one in VARIANTS if one in running)
        if found := _found_by_rules(variants, before):
            return found
        able = [self._items[one] for one in reach.tests_of(guard.file, lines, variants)]
        if failed := self._failing(able):
            return Outcome("test", failed)
        return Outcome("missed", f"{len(able)} tests reach it")


def _found_by_rules(variants: Sequence[Variant], before: dict[Variant, Places]) -> Outcome | None:
    for variant in variants:
        try:
            new = places(variant) - before[variant]
        except (PlanError, UserError) as error:
            return Outcome("refused", str(error).splitlines()[0][:120])
        except Exception as error:
            return Outcome("refused", f"{type(error).__name__}: {error}".splitlines()[0][:120])
        if new:
            rule, name, message = min(new)
            return Outcome("rule", f"{rule}: {name} {message}"[:160])
    return None


def run_all(
    guards: Sequence[Guard], told: Callable[[Guard, Outcome], None], out: TextIO, jobs: int
) -> None:
    """Drops the guards one after the other, `jobs` at a time, and reports each outcome."""
    plans.plan_of = Watched(plans.plan_of)
    options = ["-n0", "-q", "-p", "no:cacheprovider", *TESTS]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(options, plugins=[Trials(guards, told, out, jobs)])
    if code:
        raise RuntimeError(f"pytest ends with {code}:\n{said.getvalue()}")


def forked(call: Callable[[], Any], seconds: int) -> tuple[int, int]:
    """Runs a call in a fork; returns the process and the pipe for its result. Without `seconds` it
    may take as long as it needs."""
    read, write = os.pipe()
    process = os.fork()
    if process:
        os.close(write)
        return process, read
    os.close(read)
    signal.alarm(seconds)
    result: Any = Outcome("refused", "the process ended")
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        result = call()
    except BaseException as error:
        result = Outcome("refused", f"{type(error).__name__}: {error}"[:160])
    finally:
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(result, pipe)
        os._exit(0)


def collected(process: int, read: int) -> Any:
    """Reads the result of a fork, and waits until it ends."""
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(process, 0)
    return pickle.loads(answer) if answer else Outcome("missed", f"no end in {_SECONDS} s")
