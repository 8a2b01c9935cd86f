"""Every stack's plan under the real Karpenter. The promises are the names of the Go tests."""

from collections.abc import Iterator

import pytest

from tests.cluster.combinations import COMBINATIONS, Combination, combination
from tests.cluster.objects import of_kind
from tests.cluster.programs import leave_out, programs_or_skip
from tests.karpenter.run import Outcome, program, promises, run

# Each stack as its file has it, and one with the start-up taint of the DaemonSet.
STACKS = (
    combination("dev", "pod"),
    combination("staging", "userdata"),
    combination("prod", "pod"),
    combination("dev", "daemonset"),
)


@pytest.fixture(scope="module", params=STACKS, ids=str)
def outcome(request: pytest.FixtureRequest) -> Iterator[Outcome]:
    """What all Go tests said about one combination."""
    programs = programs_or_skip()
    try:
        tests = program()
    except RuntimeError as error:
        leave_out(str(error))
    yield run(request.param, programs, tests)


@pytest.mark.parametrize("promise", promises())
def test_karpenter_keeps(outcome: Outcome, promise: str) -> None:
    said = outcome.of(promise)
    print(said)
    if promise not in outcome.verdicts:
        pytest.fail(f"did not finish:\n{outcome.output[-4000:]}", pytrace=False)
    if outcome.verdicts[promise] != "PASS":
        pytest.fail(said, pytrace=False)


@pytest.mark.parametrize("case", COMBINATIONS, ids=str)
def test_every_stack_that_has_pools_is_run(case: Combination) -> None:
    run_over = {one.stack for one in STACKS}
    assert bool(of_kind(case.objects, "NodePool")) == (case.stack in run_over)
