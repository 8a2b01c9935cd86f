"""Every stack's plan under the real Karpenter. The promises are the names of the Go tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.metrics.sampled import agree, version_of
from tests.tiers.cluster.combinations import COMBINATIONS, Combination, combination
from tests.tiers.cluster.control_plane import programs as control_plane_programs
from tests.tiers.cluster.objects import of_kind
from tests.tiers.karpenter.run import HERE, Run, program, promises, said_by
from tests.tiers.programs import or_skip

# Each stack as its file has it, one with the start-up taint of the DaemonSet, and one whose pool is
# in one zone.
STACKS = (
    combination("dev", "pod"),
    combination("staging", "userdata"),
    combination("prod", "pod"),
    combination("dev", "daemonset"),
    Combination(
        "dev",
        "zones",
        (
            "jarMount={level: pod}",
            "pools=[{name: default, zones: [b], limits: {cpu: 128, memoryGiB: 512}}]",
        ),
    ),
)
# Runs beside each other: each waits for longer than it computes.
_AT_ONCE = 2


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Callable[[Combination], Run]]:
    """All Go tests for a combination; the next one that is asked for runs already."""
    programs, tests = or_skip(control_plane_programs), or_skip(program)
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    asked = [call.params["run"] for call in calls if call and "run" in call.params]
    waiting = list(dict.fromkeys(asked))
    begun: dict[Combination, Run] = {}
    with ExitStack() as stack:

        def run_of(one: Combination) -> Run:
            for near in waiting[waiting.index(one) :][:_AT_ONCE]:
                if near not in begun:
                    begun[near] = stack.enter_context(closing(Run(near, programs, tests)))
            return begun[one]

        yield run_of


@pytest.fixture(scope="module", params=STACKS, ids=str)
def run(request: pytest.FixtureRequest, runs: Callable[[Combination], Run]) -> Run:
    """All Go tests for one combination."""
    return runs(request.param)


@pytest.mark.parametrize("promise", promises())
def test_karpenter_keeps(run: Run, promise: str) -> None:
    output = run.output
    said = said_by(promise, output)
    print(said)
    if f"\n--- PASS: {promise} " not in output:
        finished = f"\n--- FAIL: {promise} " in output
        pytest.fail(said if finished else f"did not finish:\n{output[-4000:]}", pytrace=False)


@pytest.mark.parametrize("run", STACKS[:1], ids=str, indirect=True)
def test_the_catalogue_has_karpenters_metrics(run: Run, request: pytest.FixtureRequest) -> None:
    version = version_of("github.com/aws/karpenter-provider-aws", HERE)
    agree(request, "karpenter", run.metrics, version, "(karpenter|operator)_.*")


@pytest.mark.parametrize("case", COMBINATIONS, ids=str)
def test_every_stack_that_has_pools_is_run(case: Combination) -> None:
    is_run = case.stack in {one.stack for one in STACKS}
    assert bool(of_kind(case.objects, "NodePool")) == is_run
