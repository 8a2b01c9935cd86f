"""Which lines of the program each test reaches: through the plans it asks for, or directly.

Only tests that reach a guard's lines can notice that it is gone.
"""

import functools
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType, ModuleType
from typing import Any, NamedTuple

import pytest

from ops.plan.model import Plan
from tests import plans
from tests.plans import ROOT

Variant = tuple[str, ...]
Lines = dict[str, set[int]]
"""Lines by file, below the program's folder."""

_ROOT = f"{ROOT}/"
_TRACED = (f"{_ROOT}components", f"{_ROOT}userdata", f"{_ROOT}__main__.py", f"{_ROOT}settings.py")


class Reached(NamedTuple):
    """What one test needs."""

    plans: frozenset[Variant]
    lines: Lines
    """Run by the test itself, outside of the plans."""
    seconds: float
    """Without the plans."""


class Reach(NamedTuple):
    """What all tests need, and the tests that fail of the program as it is."""

    lines: dict[Variant, Lines]
    imported: Lines
    """Run when a module is imported: every plan and test depends on them."""
    tests: dict[str, Reached]
    failing: frozenset[str]
    refused: frozenset[Variant]
    """Settings that the program refuses, which takes it no time."""

    def plans_of(self, file: str, lines: set[int]) -> set[Variant]:
        """The plans that run one of these lines."""
        if lines & self.imported.get(file, set()):
            return set(self.lines)
        return {one for one, ran in self.lines.items() if lines & ran.get(file, set())}

    def tests_of(self, file: str, lines: set[int], recorded: Sequence[Variant]) -> list[str]:
        """The tests that can notice a change of these lines, in the order in which to run them.

        A plan is what costs: first the tests that need the recorded ones only, then each other
        test once, with the parameters that need fewest more. Its other parameters follow where
        their plans are recorded by then.
        """
        concerned, known = self.plans_of(file, lines), {*recorded, *self.refused}
        able: dict[str, list[str]] = {}
        for test, needs in self.tests.items():
            direct = lines & needs.lines.get(file, set())
            if test not in self.failing and (direct or concerned & needs.plans):
                able.setdefault(test.partition("[")[0], []).append(test)

        def cost(test: str) -> tuple[int, float]:
            return len(self.tests[test].plans - known), self.tests[test].seconds

        order = []
        for parameters in sorted(able.values(), key=lambda tests: min(map(cost, tests))):
            order.append(min(parameters, key=cost))
            known |= self.tests[order[-1]].plans
        chosen = set(order)
        return order + [
            test
            for parameters in able.values()
            for test in parameters
            if test not in chosen and self.tests[test].plans <= known
        ]


class Recorder:
    """Traces the program, and tells which test or plan runs its lines."""

    def __init__(self) -> None:
        self.plans: dict[Variant, Lines] = {}
        self.imported: Lines = {}
        self.asked: set[Variant] = set()
        self.refused: set[Variant] = set()
        self._into: Lines = {}
        self._plan_seconds = 0.0

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Traces this thread and the program's."""
        original = plans.plan_of.recorded
        plans.plan_of.recorded = functools.partial(self._plan_of, original)
        threading.settrace(self._entered)
        sys.settrace(self._entered)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            plans.plan_of.recorded = original

    def reached(self, call: Any) -> Reached:
        """Calls a test and returns what it needed."""
        self.asked, self._into, self._plan_seconds = set(), {}, 0.0
        begun = time.monotonic()
        call()
        seconds = time.monotonic() - begun - self._plan_seconds
        return Reached(frozenset(self.asked), self._into, seconds)

    def _plan_of(self, original: Any, *key: str) -> Any:
        self.asked.add(key)
        if key in self.plans:
            return original(*key)
        begun, outer = time.monotonic(), self._into
        self._into = self.plans[key] = {}
        try:
            return original(*key)
        except Exception:
            self.refused.add(key)
            raise
        finally:
            self._into = outer
            self._plan_seconds += time.monotonic() - begun

    def _entered(self, frame: FrameType, _: str, __: Any) -> None:
        code = frame.f_code
        if code.co_filename.startswith(_TRACED):
            into = self.imported if _is_import(code) else self._into
            into.setdefault(code.co_filename.removeprefix(_ROOT), set()).update(_lines(code))


def _is_import(code: CodeType) -> bool:
    """Whether it is the body of a module or class; `__main__.py` runs for each plan."""
    return not code.co_flags & CO_OPTIMIZED and not code.co_filename.endswith("__main__.py")


@functools.cache
def _lines(code: CodeType) -> frozenset[int]:
    """The lines of a function: which of them run is not worth a call of the tracer for each."""
    lines = [line for _, _, line in code.co_lines() if line]
    return frozenset(range(min(lines), max(lines) + 1))


class Watched:
    """`plan_of`, whose calls can be observed although test modules keep a reference to it."""

    def __init__(self, original: Any) -> None:
        self.recorded = original
        self.cache_clear = original.cache_clear
        self._keys: dict[int, Variant] = {}

    def __call__(self, *key: str) -> Any:
        plan = self.recorded(*key)
        self._keys[id(plan)] = key
        return plan

    def refresh(self, module: ModuleType) -> None:
        """Records the plans again that a test module holds since its import."""
        for name, value in list(vars(module).items()):
            if isinstance(value, Plan):
                setattr(module, name, self(*self._keys[id(value)]))


def reach_of(items: Sequence[pytest.Item], run: Any, variants: Sequence[Variant]) -> Reach:
    """Runs every test and variant once; `run` runs one item, and returns whether it failed."""
    recorder, failing, tests = Recorder(), set(), {}
    with recorder.tracing():
        for variant in variants:
            plans.plan_of(*variant)
        for item in items:
            _clear_caches(item)

            def call(one: Any = item) -> None:
                plans.plan_of.refresh(one.module)
                if run([one]):
                    failing.add(one.nodeid)

            tests[item.nodeid] = recorder.reached(call)
    refused = frozenset(recorder.refused)
    return Reach(recorder.plans, recorder.imported, tests, frozenset(failing), refused)


def _clear_caches(item: pytest.Item) -> None:
    """Else only the first test of a module would be seen to ask for what the module caches."""
    for name in (item.module.__name__, *(one for one in sys.modules if one.startswith("tests."))):
        for value in vars(sys.modules[name]).values():
            if (
                isinstance(value, functools._lru_cache_wrapper)
                and value.__module__ != "tests.plans"
            ):
                value.cache_clear()
